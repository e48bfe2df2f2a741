// A summary in the terminal.
//
//     Night of the Example (tt01)   41 reviews, 2 duplicates, 87.8 % as labelled
//       positive  36.6 %  ███████▎               15
//         +0.412  97.1 %  A very, very fun movie.  (3 reviews)
//         … 11 more

import Presentation
import TextRuns

struct SummaryLines {
    let summary: Summary
    /// Lines a label.
    let shown: Int
    let screen: Screen

    var lines: [String] {
        let reviews = counted(summary.reviewCount, "review", "reviews")
        let groups = counted(summary.groups.count, "group", "groups")
        let heading =
            screen.paint("textflixctl summarize", .bold)
            + "  \(DisplayWidth.oneLine(summary.file)), \(reviews) in \(groups), "
            + "by \(summary.model.title), \(summary.method)"
        return [heading] + summary.groups.flatMap { [""] + lines(of: $0) }
    }

    private func lines(of group: ReviewGroup) -> [String] {
        var inks = LabelInk()
        inks.learn(summary.model.labels)
        var facts = ["\(grouped(group.reviewCount)) review\(group.reviewCount == 1 ? "" : "s")"]
        if group.duplicates > 0 { facts.append("\(group.duplicates) repeated") }
        if let accuracy = group.accuracy {
            facts.append("\(EvaluationPage.percent(accuracy)) as labelled")
        }
        let title = DisplayWidth.oneLine(group.heading)
        let name = group.title == nil ? "" : " (\(DisplayWidth.oneLine(group.name)))"
        let heading =
            screen.paint(title, .bold) + name + "  "
            + screen.paint(facts.joined(separator: ", "), .dim)
        // The label that has most reviews first.
        let labels = summary.model.labels.filter { (group.counts[$0] ?? 0) > 0 }
            .sorted { group.share(of: $0) > group.share(of: $1) }
        return [heading] + labels.flatMap { section(group, $0, inks) }
    }

    private func section(_ group: ReviewGroup, _ label: String, _ inks: LabelInk) -> [String] {
        let ink = inks.ink(of: label)
        let share = DisplayWidth.pad(
            EvaluationPage.percent(group.share(of: label)), to: 7, left: true)
        let name = DisplayWidth.pad(DisplayWidth.oneLine(label), to: inks.width)
        let bar = Bar.text(group.share(of: label), columns: 20)
        let count = DisplayWidth.pad(grouped(group.counts[label] ?? 0), to: 6, left: true)
        var lines = [
            "  " + screen.paint(name, ink) + "  \(share)  " + screen.paint(bar, ink) + " \(count)"
        ]
        let all = group.lines(of: label)
        for line in all.prefix(shown) {
            let weight = DisplayWidth.pad(ExplanationLines.signed(line.weight), to: 7, left: true)
            let sure = DisplayWidth.pad(certaintyText(Double(line.probability)), to: 7, left: true)
            let reviews = line.reviews > 1 ? "  (\(line.reviews) reviews)" : ""
            let room = max(20, screen.columns - 22 - DisplayWidth.of(reviews))
            let text = DisplayWidth.cut(DisplayWidth.oneLine(line.text), to: room)
            lines.append("    \(weight)  \(screen.paint(sure, .dim))  \(text)\(reviews)")
        }
        if all.count > shown {
            lines.append(screen.paint("    … \(grouped(all.count - shown)) more", .dim))
        }
        return lines
    }
}

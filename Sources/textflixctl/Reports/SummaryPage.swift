// A summary as an HTML page: a card a film, shares as bars with their numbers, four lines a label
// and the rest behind "show all". No script: details and summary do it.

import Presentation
import TextRuns

struct SummaryPage {
    let summary: Summary
    /// Lines a label before "show all".
    let shown: Int

    var markup: HTML {
        var page = HTMLPage.opening("Reviews in short")
        let reviews = counted(summary.reviewCount, "review", "reviews")
        let groups = counted(summary.groups.count, "group", "groups")
        page += """
            <h1>Reviews in short</h1>
            <p class="quiet">\(reviews) in \(groups), read by \(summary.model.title). Each line is \
            the sentence of a review that speaks most for its label (\(summary.method)); the \
            number before it is its weight.</p>

            """
        for group in summary.groups { page += card(group) }
        page += HTMLPage.closing
        return page
    }

    private func card(_ group: ReviewGroup) -> HTML {
        var facts = "\(grouped(group.reviewCount)) review\(group.reviewCount == 1 ? "" : "s")"
        if group.duplicates > 0 { facts += ", \(group.duplicates) repeated" }
        if let accuracy = group.accuracy {
            facts += ", \(EvaluationPage.percent(accuracy)) as labelled"
        }
        let labels = summary.model.labels.filter { (group.counts[$0] ?? 0) > 0 }
            .sorted { group.share(of: $0) > group.share(of: $1) }
        return """
            <section class="card">
            <div class="head"><h2>\(group.heading)</h2><span class="quiet">\(facts)</span></div>
            <table>\(labels.joined { share(group, $0) })</table>
            \(labels.joined { lines(group, $0) })</section>

            """
    }

    private func share(_ group: ReviewGroup, _ label: String) -> HTML {
        let share = EvaluationPage.percent(group.share(of: label))
        let width = Int((100 * group.share(of: label)).rounded())
        return """
            <tr><td>\(label)</td><td style="width: 60%"><span class="bar \(side(label))">\
            <i style="width: \(width)%"></i></span></td><td class="n">\(share)</td>\
            <td class="n quiet">\(group.counts[label] ?? 0)</td></tr>
            """
    }

    private func lines(_ group: ReviewGroup, _ label: String) -> HTML {
        let all = group.lines(of: label)
        let first = all.prefix(shown).joined { line($0) }
        let rest = all.dropFirst(shown)
        let more: HTML =
            rest.isEmpty
            ? .nothing
            : """
            <details><summary>show all \(grouped(all.count))</summary>
            <ul class="lines">\(Array(rest).joined { line($0) })</ul></details>

            """
        return """
            <h3 class="\(side(label) == "minus" ? "against" : "for")">\(label)</h3>
            <ul class="lines">\(first)</ul>
            \(more)
            """
    }

    private func line(_ line: SummaryLine) -> HTML {
        let reviews: HTML =
            line.reviews > 1
            ? " <span class=\"quiet\">in \(line.reviews) reviews</span>" : .nothing
        return """
            <li><span class="n">\(ExplanationLines.signed(line.weight))</span>\
            <span>\(utf8: line.text)\(reviews)</span></li>

            """
    }

    /// Two inks are enough for two labels; of more, the first has the one and all others the other.
    private func side(_ label: String) -> String {
        var inks = LabelInk()
        inks.learn(summary.model.labels)
        switch inks.ink(of: label) {
        case .green: return "plus"
        case .red: return "minus"
        default: return label == summary.model.labels.first ? "plus" : "minus"
        }
    }
}

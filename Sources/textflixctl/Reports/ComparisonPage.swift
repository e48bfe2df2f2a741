// A comparison as a page for a person: figures in two columns, what they disagree on, and why.

import Insight
import Presentation
import TextRuns
import TextflixProtocol

struct ComparisonPage {
    let comparison: Comparison
    let screen: Screen

    var lines: [String] {
        let file = DisplayWidth.oneLine(comparison.file)
        let heading =
            screen.paint("textflixctl compare", .bold)
            + "  \(file), \(grouped(comparison.textCount)) texts"
        let models = zip(["A", "B"], comparison.models).map { "\($0)  \($1.title)" }
        return [heading] + models + [""] + figures + agreement + confusions + differences
    }

    private var figures: [String] {
        guard comparison.isLabelled else { return [] }
        var table = TextTable([
            .init(title: ""), .init(title: "A", isNumber: true), .init(title: "95 %"),
            .init(title: "B", isNumber: true), .init(title: "95 %"),
        ])
        let rows: [(String, Bool, (Evaluation) -> Estimate)] = [
            ("accuracy", true, { $0.accuracy }),
            ("balanced accuracy", true, { $0.balancedAccuracy }),
            ("calibration error", false, { $0.calibrationError }),
            ("Brier score", false, { $0.brier }),
            ("risk-coverage area", false, { $0.riskCoverage }),
        ]
        for (name, isShare, figure) in rows {
            let cells = comparison.evaluations.flatMap { evaluation -> [String] in
                let estimate = figure(evaluation)
                func text(_ value: Double) -> String {
                    fixed(isShare ? 100 * value : value, decimals: isShare ? 2 : 4)
                }
                let value = text(estimate.value) + (isShare ? " %" : "")
                return [value, "\(text(estimate.low)) to \(text(estimate.high))"]
            }
            table.append([name] + cells)
        }
        return table.lines(on: screen) + [""] + [verdict, ""]
    }

    /// Which is better, and whether chance could have done it.
    private var verdict: String {
        let difference = comparison.paired.difference
        func points(_ share: Double) -> String { fixed(100 * share, decimals: 2) }
        let p = comparison.paired.p.mid
        let chance = p < 1e-4 ? "p < 0.0001" : "p = \(fixed(p, decimals: 4))"
        let sure = p < 0.05 ? "" : ": chance alone could do that"
        let (low, high) = (points(difference.low), points(difference.high))
        return "B − A: \(points(difference.value)) points of accuracy (\(low) to \(high)); "
            + "right alone: A \(grouped(comparison.paired.onlyFirst)), "
            + "B \(grouped(comparison.paired.onlySecond)); McNemar mid-\(chance)\(sure)"
    }

    /// A's answers as rows, B's as columns.
    private var agreement: [String] {
        let names = comparison.labels.map { DisplayWidth.oneLine($0) }
        var table = TextTable(
            [TextTable.Column(title: "A \\ B")]
                + names.map { TextTable.Column(title: $0, isNumber: true) })
        for (index, row) in comparison.answers.counts.enumerated() {
            table.append([names[index]] + row.map { grouped($0) })
        }
        let share = EvaluationPage.percent(comparison.agreement)
        return table.lines(on: screen) + ["They agree on \(share) of the texts.", ""]
    }

    private var confusions: [String] {
        zip(["A", "B"], comparison.evaluations).flatMap { name, evaluation in
            [screen.paint("Confusion of \(name)", .bold)]
                + ConfusionTable.lines(evaluation.confusion, comparison.labels, screen) + [""]
        }
    }

    private var differences: [String] {
        guard !comparison.differences.isEmpty else { return [] }
        return [screen.paint("Where they differ, the surest first", .bold)]
            + comparison.differences.flatMap(difference)
    }

    private func difference(_ difference: Difference) -> [String] {
        let identity = DisplayWidth.oneLine(difference.item.plainIdentity)
        let truth =
            difference.truth.map { ", is \(DisplayWidth.oneLine(comparison.labels[$0]))" } ?? ""
        let text = DisplayWidth.cut(
            DisplayWidth.oneLine(withoutBreaks(difference.item.text.utf8, 0x20)),
            to: max(20, screen.columns - 2))
        var lines = ["", "\(identity)\(truth)", "  " + screen.paint(text, .dim)]
        for (side, name) in ["A", "B"].enumerated() {
            let label = DisplayWidth.oneLine(comparison.labels[difference.given[side]])
            let sure = certaintyText(difference.confidence[side])
            let isRight = difference.truth.map { $0 == difference.given[side] }
            let mark = isRight.map { $0 ? " (right)" : " (wrong)" } ?? ""
            let ink: Ink = isRight == true ? .green : isRight == false ? .red : .cyan
            lines.append("  \(name) " + screen.paint("\(label) \(sure)\(mark)", ink))
            if let explained = difference.explanations[side] {
                lines += reasons(explained, difference.item.text.utf8)
            }
        }
        return lines
    }

    /// The two strongest parts that speak for the label.
    private func reasons(_ explained: Explained, _ text: [UInt8]) -> [String] {
        let parts = explained.parts(of: text).sorted { $0.weight > $1.weight }
        return parts.prefix(2).filter { $0.weight > 0 }.map { part in
            let measure = explained.isLinear ? " logit" : ""
            let weight = ExplanationLines.signed(part.weight) + measure
            let part = DisplayWidth.oneLine(withoutBreaks(trimmedPart(text[part.range]), 0x20))
            return "    \(weight)  "
                + DisplayWidth.cut(part, to: max(20, screen.columns - 18))
        }
    }
}

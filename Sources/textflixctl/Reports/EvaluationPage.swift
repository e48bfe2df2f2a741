// An evaluation as a page for a person.
//
//     textflixctl evaluate  sentiment (int8, revision 1f0c55aa7e21) on test.jsonl, 5,000 texts
//
//     accuracy            80.42 %   79.29 to 81.50
//     …
//     IS \ GIVEN   RECALL      F1  negative  positive
//     negative     80.4 %  80.4 %     2,010       490
//
// Intervals hold 95 of 100 files of the same kind.

import Insight
import Presentation
import TextRuns
import TextflixProtocol

struct EvaluationPage {
    let report: EvaluationReport
    let screen: Screen

    var lines: [String] {
        [heading, ""] + figures + [""]
            + ConfusionTable.lines(report.evaluation.confusion, labels, screen)
            + [""] + coverage + [""] + reliability + mistakes
    }

    private var labels: [String] { report.model.labels }

    private var heading: String {
        let count = grouped(report.evaluation.confusion.total)
        let file = DisplayWidth.oneLine(report.file)
        return screen.paint("textflixctl evaluate", .bold)
            + "  \(report.model.title) on \(file), \(count) texts"
    }

    private var figures: [String] {
        let evaluation = report.evaluation
        var lines = [
            Self.row("accuracy", evaluation.accuracy, percent: true),
            Self.row("balanced accuracy", evaluation.balancedAccuracy, percent: true),
            Self.row("macro F1", evaluation.confusion.macroF1, percent: true),
            Self.row("calibration error", evaluation.calibrationError)
                + "  (bins of equal mass: \(fixed(evaluation.equalMassError, decimals: 4)))",
            Self.row("Brier score", evaluation.brier),
            Self.row("log loss", evaluation.logLoss),
            Self.row("risk-coverage area", evaluation.riskCoverage),
        ]
        if let area = evaluation.rocArea {
            lines.append(Self.row("ROC AUC", area, percent: false))
        }
        if let sets = report.labelSets {
            lines.append(
                Self.row("label sets hold it", sets.coverage, percent: true)
                    + "  (\(fixed(sets.meanSize, decimals: 2)) labels on average)")
        }
        if report.truncated > 0 {
            let texts = counted(report.truncated, "text was", "texts were")
            lines.append("\(texts) longer than the model reads")
        }
        if report.abstained > 0 {
            let answers = counted(report.abstained, "answer is", "answers are")
            lines.append("\(answers) below the model's threshold")
        }
        return lines
    }

    /// `accuracy            80.42 %   79.29 to 81.50`
    static func row(_ name: String, _ estimate: Estimate, percent: Bool = false) -> String {
        let (low, high) = (shown(estimate.low, percent), shown(estimate.high, percent))
        return row(name, estimate.value, percent: percent) + "   \(low) to \(high)"
    }

    private static func row(_ name: String, _ value: Double, percent: Bool) -> String {
        let value = DisplayWidth.pad(shown(value, percent), to: 7, left: true)
        return DisplayWidth.pad(name, to: 20) + value + (percent ? " %" : "  ")
    }

    private static func shown(_ value: Double, _ isPercent: Bool) -> String {
        fixed(isPercent ? 100 * value : value, decimals: isPercent ? 2 : 4)
    }

    private var coverage: [String] {
        var table = TextTable([
            .init(title: "ANSWERING FROM"), .init(title: "ANSWERED", isNumber: true),
            .init(title: "RIGHT", isNumber: true),
        ])
        for point in report.evaluation.points {
            let right = point.coverage > 0 ? Self.percent(point.accuracy) : "-"
            table.append([
                "probability \(fixed(point.threshold, decimals: 2))", Self.percent(point.coverage),
                right,
            ])
        }
        return table.lines(on: screen)
    }

    /// What was said, and how often it was so.
    private var reliability: [String] {
        var table = TextTable([
            .init(title: "SAID"), .init(title: "RIGHT", isNumber: true), .init(title: ""),
            .init(title: "TEXTS", isNumber: true),
        ])
        for bin in report.evaluation.bins where bin.count > 0 {
            table.append([
                "\(Self.percent(bin.confidence)) on average", Self.percent(bin.accuracy),
                Bar.text(bin.accuracy, columns: 20), grouped(bin.count),
            ])
        }
        return table.lines(on: screen)
    }

    private var mistakes: [String] {
        guard !report.mistakes.isEmpty else { return [] }
        var lines = ["", screen.paint("The surest mistakes", .bold)]
        for mistake in report.mistakes {
            let given = DisplayWidth.oneLine(labels[mistake.given])
            let truth = DisplayWidth.oneLine(labels[mistake.truth])
            let identity = DisplayWidth.oneLine(mistake.item.plainIdentity)
            lines.append(
                "\(screen.paint("\(given) at \(certaintyText(mistake.confidence))", .yellow)), "
                    + "is \(truth)   \(identity)")
            let text = DisplayWidth.oneLine(mistake.item.text.utf8)
            lines.append("  " + DisplayWidth.cut(text, to: max(20, screen.columns - 2)))
        }
        return lines
    }

    static func percent(_ share: Double) -> String { "\(fixed(100 * share, decimals: 1)) %" }
}

/// Truths as rows, answers as columns; before them, since many labels pass a screen's edge, the
/// rates that follow.
enum ConfusionTable {
    static func lines(_ confusion: Confusion, _ labels: [String], _ screen: Screen) -> [String] {
        let names = labels.map { DisplayWidth.cut(DisplayWidth.oneLine($0), to: 16) }
        var table = TextTable(
            [TextTable.Column(title: "IS \\ GIVEN")]
                + ["RECALL", "F1"].map { TextTable.Column(title: $0, isNumber: true) }
                + names.map { TextTable.Column(title: $0, isNumber: true) })
        let recalls = confusion.recalls
        for truth in names.indices {
            table.append(
                [
                    names[truth], recalls[truth].map(EvaluationPage.percent) ?? "-",
                    confusion.f1(of: truth).map(EvaluationPage.percent) ?? "-",
                ] + confusion.counts[truth].map { grouped($0) })
        }
        return table.lines(on: screen)
    }
}

// MODEL_CARD.md of a trained folder: what it is, what it learned from, how good it is.
//
// Only what the run knows stands in it. `textflixlab audit --card` adds behaviour and bias.

internal import Insight
internal import Numerics
internal import Weights

struct ModelCard {
    let report: RunReport
    let experiment: EncoderExperiment

    var text: String { experiment.makesClassifier ? classifier : encoder }

    private var encoder: String {
        """
        # \(name): an encoder

        Trained by `textflixlab train`; the experiment's file stands in `report.json`.

        \(table)

        It saw no label, and has no head: another experiment names it as its `base`. A text that
        equals a test text was left out.

        \(PythonExample.encoderSection)

        """
    }

    private var classifier: String {
        """
        # \(name): \(experiment.data.labels.joined(separator: ", "))

        Trained by `textflixlab train`; the experiment's file stands in `report.json`.

        \(table)

        Labels were read of the listed training texts alone; a text that equals a test text was
        left out before training, and no copy of a held-out one was learned; before the model was
        written nothing was asked of the test file's labels but whether they are listed ones.

        What it does with texts of another kind than those it learned from, nobody has measured.
        `textflixlab audit --model NAME --card MODEL_CARD.md` adds how it fails with negation, names
        and time, and where it is unfair.

        \(python.section)

        """
    }

    private var table: String {
        let rows = origin + (experiment.makesClassifier ? ofLabels : []) + run + results
        return (["| | |", "| --- | --- |"] + rows.map { "| \($0.0) | \($0.1) |" })
            .joined(separator: "\n")
    }

    private var labels: String {
        experiment.data.labels.map(Self.shown).joined(separator: ", ")
    }

    /// A bar ends a table's cell, even in code.
    private static func shown(_ label: String) -> String {
        let parts = label.split(separator: "|", omittingEmptySubsequences: false)
        return "`\(parts.joined(separator: "\\|"))`"
    }

    private var name: String {
        report.output.split(separator: "/").last.map(String.init) ?? "model"
    }

    private var python: PythonExample {
        let (model, last) = (experiment.model, experiment.steps.last)
        // A frozen encoder has a linear head of its own, whatever head a tuned one would have.
        return PythonExample(
            head: last?.kind == .frozen ? .linear : model.head,
            pooling: model.head == .pooler ? .cls : model.pooling,
            hasAdapters: last?.fit?.adapter != nil)
    }

    private var origin: [(String, String)] {
        [
            ("base", "revision `\(report.baseRevision)`"),
            ("text it sees", "\(experiment.model.maxTokens) pieces\(cut)"),
        ]
    }

    private var ofLabels: [(String, String)] {
        [
            ("labels", labels),
            ("labelled texts", "\(report.trainCount) to learn from, \(report.devCount) held out"),
            (
                "labelled texts left out, equal to a test or held-out one",
                "\(report.droppedLabelled)"
            ),
        ]
    }

    private var run: [(String, String)] {
        [
            ("unlabelled texts", "\(report.unlabelledCount)"),
            (
                "unlabelled texts left out, equal to a test or held-out one",
                "\(report.droppedUnlabelled)"
            ),
            ("steps", report.steps.map(\.kind.rawValue).joined(separator: ", ")),
            ("seed, data", "\(report.seed), `\(report.dataHash)`"),
            ("time", "\(Int(report.seconds.rounded())) s"),
        ]
    }

    private var results: [(String, String)] {
        var rows: [(String, String)] = []
        if let heldOut = report.heldOut, !heldOut.truths.isEmpty {
            rows.append(
                ("held out", figures(heldOut.predictions(temperature: report.temperature))))
        }
        if let test = report.test {
            rows.append(("test, answered in \(experiment.model.answers.rawValue)", figures(test)))
        }
        return rows
    }

    private var cut: String {
        experiment.model.truncation == .headAndTail
            ? ": the first quarter and the last three of a longer text"
            : ": the first of a longer text"
    }

    private func figures(_ predictions: [Prediction]) -> String {
        let right = predictions.count(where: \.isRight)
        let interval = wilsonInterval(successes: right, of: predictions.count)
        func short(_ value: Double) -> String { "\((value * 1000).rounded() / 1000)" }
        let error = Calibration.expectedError(of: Calibration.bins(predictions))
        return "**\(Self.percent(Double(right) / Double(predictions.count))) %** of "
            + "\(predictions.count) (\(Self.percent(interval.lowerBound)) to "
            + "\(Self.percent(interval.upperBound))); ECE \(short(error)), "
            + "Brier \(short(Calibration.brier(predictions))); " + found(Confusion(predictions))
    }

    private static func percent(_ share: Double) -> String { "\((share * 1000).rounded() / 10)" }

    /// That fit into a table's cell.
    private static let mostLabels = 20
    /// That are named where they do not.
    private static let worstLabels = 5

    /// How many of each label's texts were found; of many labels those of which the fewest were.
    private func found(_ confusion: Confusion) -> String {
        let labels = experiment.data.labels.map(Self.shown)
        let recalls = zip(labels, confusion.recalls)
        guard labels.count > Self.mostLabels else {
            let all = recalls.map { "\($0) \($1.map { Self.percent($0) + " %" } ?? "no text")" }
            return "found of each label: " + all.joined(separator: ", ")
        }
        let known = recalls.compactMap { label, recall in recall.map { (label: label, share: $0) } }
        let worst = known.sorted { ($0.share, $0.label) < ($1.share, $1.label) }
            .prefix(Self.worstLabels).map { "\($0.label) \(Self.percent($0.share)) %" }
        return "macro F1 \(Self.percent(confusion.macroF1)) %; found worst: "
            + worst.joined(separator: ", ")
    }
}

// `evaluate`: how good a model is on labelled texts, with intervals, and where it fails.

import CommandLineTable
import Insight
import Presentation
import Syscalls
import TextRuns
import TextflixClient
import TextflixProtocol

/// A text that the model was sure of, and wrong.
struct Mistake: Sendable {
    let item: TextItem
    let given: Int
    let truth: Int
    let confidence: Double
}

/// What was measured, for the page and for JSON.
struct EvaluationReport: Sendable {
    let model: ServedModel
    let file: String
    let evaluation: Evaluation
    let mistakes: [Mistake]
    var truncated = 0
    var abstained = 0
    var failed = 0
    /// nil: the model promises none.
    var labelSets: LabelSetFigures?
    let seed: UInt64
}

enum EvaluateCommand {
    static func run(_ call: Invocation) throws(Failure) -> ExitStatus {
        let run = try FileRun(call)
        let client = try connect(call)
        let model = try ServedModel.find(
            call.text(Options.model) ?? "", client, timeout: call.duration(Options.timeout))
        try model.needLabels()
        let labels = try TrueLabels(call, model: model, field: run.file.fields.label)
        let answers = LabelledAnswers(
            labels, mostMistakes: call.integer(ReportOptions.mistakes) ?? 5)
        try run.file.survey { (item) throws(Failure) in _ = try labels.truth(of: item) }
        let outcome = try run.classify(with: model, client, take: answers.take)
        guard !answers.predictions.isEmpty else {
            throw Failure(.data, "\(run.file.path) has no text to measure")
        }
        let seed = UInt64(call.integer(ReportOptions.seed) ?? 0)
        var report = EvaluationReport(
            model: model, file: run.file.path,
            evaluation: Evaluation(
                answers.predictions, labelCount: labels.labels.count, seed: seed),
            mistakes: answers.mistakes, seed: seed)
        report.truncated = answers.truncated
        report.abstained = answers.abstained
        report.labelSets = answers.labelSets.isEmpty ? nil : answers.labelSets
        report.failed = outcome.failed
        show(report, call)
        return outcome.status
    }

    private static func show(_ report: EvaluationReport, _ call: Invocation) {
        let screen = Screen(of: .output)
        let format = call.choice(ReportOptions.format, ReportFormat.self)
        switch format ?? (screen.isTerminal ? .table : .json) {
        case .json: printOutput(EvaluationJSON.text(report))
        case .table:
            let lines = EvaluationPage(report: report, screen: screen).lines
            printLines(lines)
        }
    }
}

/// Answers beside the truth, as they come.
final class LabelledAnswers {
    private let labels: TrueLabels
    private let mostMistakes: Int
    private(set) var predictions: [Prediction] = []
    /// The surest first.
    private(set) var mistakes: [Mistake] = []
    private(set) var truncated = 0
    private(set) var abstained = 0
    private(set) var labelSets = LabelSetFigures()

    init(_ labels: TrueLabels, mostMistakes: Int) {
        self.labels = labels
        self.mostMistakes = mostMistakes
    }

    func take(_ item: TextItem, _ answer: Classification) throws(Failure) {
        let truth = try labels.truth(of: item)
        let prediction = labels.prediction(answer, truth: truth)
        labelSets.record(answer.labelSet, truth: labels.labels[truth])
        predictions.append(prediction)
        truncated += answer.truncated ? 1 : 0
        abstained += answer.abstained ? 1 : 0
        guard !prediction.isRight else { return }
        let place =
            mistakes.firstIndex { $0.confidence < prediction.confidence } ?? mistakes.count
        guard place < mostMistakes else { return }
        mistakes.insert(
            Mistake(
                item: item, given: prediction.label, truth: prediction.truth,
                confidence: prediction.confidence), at: place)
        if mistakes.count > mostMistakes { mistakes.removeLast() }
    }
}

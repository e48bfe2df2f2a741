// `compare`: two models on the same texts, side by side, and the texts where they differ.
//
// The file is read twice, once for each model; what is kept in between is a few numbers a text. A
// file without labels is compared too: then only for agreement.

import CommandLineTable
import Insight
import Presentation
import Syscalls
import TextRuns
import TextflixClient
import TextflixProtocol

/// A text to which the models gave different labels.
struct Difference: Sendable {
    let item: TextItem
    /// Indices into the labels; nil: the file does not say.
    let truth: Int?
    /// What A and B gave, and how sure they were.
    let given: [Int]
    let confidence: [Double]
    /// Of A and B; nil where there is none.
    var explanations: [Explained?] = [nil, nil]

    /// How surely they contradict each other: the less sure one's confidence.
    var clash: Double { confidence.min() ?? 0 }
}

struct Comparison: Sendable {
    let models: [ServedModel]
    let file: String
    let labels: [String]
    let textCount: Int
    /// Of A and B; empty: the file has no labels.
    let evaluations: [Evaluation]
    let paired: PairedComparison
    /// counts[A's][B's]
    let answers: Confusion
    var differences: [Difference]
    /// Texts that one of the models, or both, could not answer.
    var failed = 0

    var isLabelled: Bool { !evaluations.isEmpty }
    var agreement: Double { answers.accuracy }
}

enum CompareCommand {
    static func run(_ call: Invocation) throws(Failure) -> ExitStatus {
        let names = call.list(ReportOptions.models)
        guard names.count == 2, names[0] != names[1] else {
            throw Failure(call.complaint("--models A,B names two different models of the daemon"))
        }
        let run = try FileRun(call)
        guard run.file.canBeReadTwice else {
            throw Failure(
                call.complaint("the texts must be a file and no pipe: each model reads them"))
        }
        let client = try connect(call)
        var models: [ServedModel] = []
        for name in names {
            models.append(
                try ServedModel.find(name, client, timeout: call.duration(Options.timeout)))
        }
        try models[0].needLabels()
        guard Set(models[0].labels) == Set(models[1].labels) else {
            throw Failure(
                .usage,
                "the models have different labels: \(models[0].labels.joined(separator: ", ")); "
                    + models[1].labels.joined(separator: ", "))
        }
        let labels = try TrueLabels(call, model: models[0], field: run.file.fields.label)
        let answers = PairedAnswers(
            labels, needsLabels: call.has(ReportOptions.labelField) || call.has(TrueLabels.map),
            most: call.integer(ReportOptions.differences) ?? 5)
        try run.file.survey { (item) throws(Failure) in _ = try answers.truth(of: item) }
        let first = try run.classify(
            with: models[0], client, keepingIn: ".1", name: names[0], take: answers.takeFirst)
        let second = try run.classify(
            with: models[1], client, keepingIn: ".2", name: names[1], take: answers.takeSecond)
        let seed = UInt64(call.integer(ReportOptions.seed) ?? 0)
        var comparison = try answers.comparison(models, file: run.file.path, seed: seed)
        comparison.failed = first.failed + answers.answeredByFirstAlone
        try explain(&comparison, client, call)
        show(comparison, call)
        return first.status == .success ? second.status : first.status
    }

    private static func explain(
        _ comparison: inout Comparison, _ client: Client, _ call: Invocation
    ) throws(Failure) {
        let timeout = call.duration(Options.timeout) ?? .seconds(60)
        for index in comparison.differences.indices {
            for (side, model) in comparison.models.enumerated() {
                let difference = comparison.differences[index]
                let request = request(
                    difference.item.text, model.name,
                    label: comparison.labels[difference.given[side]], call)
                do throws(Failure) {
                    comparison.differences[index].explanations[side] = try explained(
                        request, by: model, client, timeout)
                } catch {
                    // A comparison without reasons is still one.
                    let name = DisplayWidth.oneLine(model.name)
                    printMessage("textflixctl: no explanation by \(name): \(error.message)\n")
                }
            }
        }
    }

    private static func explained(
        _ request: ExplainRequest, by model: ServedModel, _ client: Client, _ timeout: Duration
    ) throws(Failure) -> Explained {
        let response: ExplainResponse
        do throws(ClientError) {
            response = try client.call(.explain, request, timeout: timeout)
        } catch { throw Failure(error) }
        try model.check(answeredBy: response.revision)
        return Explained(response: response)
    }

    /// Of as much of the text as was read for its label.
    static func request(
        _ text: Text, _ model: String, label: String, _ call: Invocation
    ) -> ExplainRequest {
        ExplainRequest(
            model: model, text: text, label: label, priority: .bulk,
            truncation: TextCommands.truncation(call))
    }

    private static func show(_ comparison: Comparison, _ call: Invocation) {
        let screen = Screen(of: .output)
        let format = call.choice(ReportOptions.format, ReportFormat.self)
        switch format ?? (screen.isTerminal ? .table : .json) {
        case .json: printOutput(ComparisonJSON.text(comparison))
        case .table:
            let lines = ComparisonPage(comparison: comparison, screen: screen).lines
            printLines(lines)
        }
    }
}

/// The answers of A, then beside them those of B.
private final class PairedAnswers {
    private struct First {
        let probabilities: [Double]
        let truth: Int?
    }

    private let labels: TrueLabels
    private let needsLabels: Bool
    private let most: Int
    /// By line.
    private var first: [Int: First] = [:]
    /// Whether the first text had a label: then all must, else none may.
    private var isLabelled: Bool?
    private var predictions: [[Prediction]] = [[], []]
    private var paired = PairedComparison()
    private var answers: Confusion
    /// The surest first.
    private var differences: [Difference] = []

    /// - Parameter needsLabels: a text without one is an error.
    init(_ labels: TrueLabels, needsLabels: Bool, most: Int) {
        self.labels = labels
        self.needsLabels = needsLabels
        self.most = most
        answers = Confusion(labelCount: labels.labels.count)
    }

    /// Texts that A answered and B, by now, did not.
    var answeredByFirstAlone: Int { first.count }

    /// nil: the file has no labels.
    func truth(of item: TextItem) throws(Failure) -> Int? {
        let labelled = isLabelled ?? (needsLabels || item.givenLabel != nil)
        isLabelled = labelled
        guard labelled || item.givenLabel == nil else {
            throw Failure(
                .data,
                "line \(item.number) has a label, and a line before it has none: label all of them "
                    + "or none")
        }
        return labelled ? try labels.truth(of: item) : nil
    }

    func takeFirst(_ item: TextItem, _ answer: Classification) throws(Failure) {
        first[item.number] = First(
            probabilities: labels.probabilities(answer), truth: try truth(of: item))
    }

    func takeSecond(_ item: TextItem, _ answer: Classification) throws(Failure) {
        // A text that A could not answer is compared with nothing.
        guard let other = first.removeValue(forKey: item.number) else { return }
        let both = [other.probabilities, labels.probabilities(answer)].map {
            Prediction(probabilities: $0, truth: other.truth ?? 0)
        }
        answers.record(truth: both[0].label, given: both[1].label)
        if let truth = other.truth {
            for side in 0..<2 { predictions[side].append(both[side]) }
            paired.record(
                firstIsRight: both[0].label == truth, secondIsRight: both[1].label == truth)
        }
        guard both[0].label != both[1].label else { return }
        let difference = Difference(
            item: item, truth: other.truth, given: both.map(\.label),
            confidence: both.map(\.confidence))
        let place = differences.firstIndex { $0.clash < difference.clash } ?? differences.count
        guard place < most else { return }
        differences.insert(difference, at: place)
        if differences.count > most { differences.removeLast() }
    }

    func comparison(
        _ models: [ServedModel], file: String, seed: UInt64
    ) throws(Failure) -> Comparison {
        guard answers.total > 0 else { throw Failure(.data, "\(file) has no text to compare") }
        let evaluations =
            (isLabelled ?? false)
            ? predictions.map { Evaluation($0, labelCount: labels.labels.count, seed: seed) } : []
        return Comparison(
            models: models, file: file, labels: labels.labels, textCount: answers.total,
            evaluations: evaluations, paired: paired, answers: answers, differences: differences)
    }
}

// `explain`: which sentences or words of a text speak for its label, and how strongly.

import CommandLineTable
import JSONText
import Presentation
import Syscalls
import TextRuns
import TextflixClient
import TextflixProtocol

enum UnitWord: String, CaseIterable { case sentence, word }

enum ExplainCommand {
    static func run(_ call: Invocation) throws(Failure) -> ExitStatus {
        let screen = Screen(of: .output)
        let format =
            call.choice(ReportOptions.pageFormat, PageFormat.self)
            ?? (screen.isTerminal ? .table : .jsonl)
        let client = try connect(call)
        let template = try request(call)
        let view = ExplanationView(
            format: format, unit: template.unit, screen: screen,
            isNumbered: call.operands.count != 1)
        var task = ExplainTask(template: template, model: nil, journal: nil, view: view.show)
        if call.has(ReportOptions.resume) || call.has(ReportOptions.label) {
            let model = try ServedModel.find(
                template.model, client, timeout: call.duration(Options.timeout))
            try check(template.label, of: model, call)
            if let path = call.text(ReportOptions.resume) {
                task = ExplainTask(
                    template: template, model: model,
                    journal: try AnswerJournal(path, key: key(template, model)), view: view.show)
            }
        }
        if format == .html {
            printOutput(HTMLPage.opening("Explanations").text + "<h1>Explanations</h1>\n")
        }
        let status = try TextCommands.run(task, call, client)
        if format == .html { printOutput(HTMLPage.closing.text) }
        return status
    }

    /// A label that the model does not have is told before the first text is asked.
    private static func check(
        _ label: String, of model: ServedModel, _ call: Invocation
    ) throws(Failure) {
        guard label.isEmpty || model.labels.isEmpty || model.labels.contains(label) else {
            throw Failure(
                call.complaint(
                    "--label \(label): the model's labels are "
                        + model.labels.joined(separator: ", ")))
        }
    }

    /// All of a request but its text.
    static func request(_ call: Invocation) throws(Failure) -> ExplainRequest {
        let method = call.choice(ReportOptions.method, MethodWord.self) ?? .auto
        let unit: Unit =
            call.choice(ReportOptions.unit, UnitWord.self) == .word ? .word : .sentence
        return ExplainRequest(
            model: call.text(Options.model) ?? "", unit: unit,
            samples: UInt32(call.integer(ReportOptions.rareSamples) ?? 0),
            label: call.text(ReportOptions.label) ?? "",
            seed: UInt64(call.integer(ReportOptions.seed) ?? 0),
            priority: call.has(ReportOptions.rareBulk) ? .bulk : .interactive,
            method: method.method,
            truncation: TextCommands.truncation(call))
    }

    /// What kept explanations depend on; the model's precision too.
    static func key(_ request: ExplainRequest, _ model: ServedModel) -> JournalKey {
        let parts = [
            model.precision, "\(request.unit)", "\(request.method)", "\(request.samples)",
            "\(request.seed)", request.label, "\(request.truncation)",
        ]
        return JournalKey(
            question: "explain", model: model.name, revision: model.revision,
            options: parts.joined(separator: " "))
    }
}

/// One explanation after another, in the form that was asked for.
private final class ExplanationView {
    private let format: PageFormat
    private let unit: Unit
    private let screen: Screen
    private let isNumbered: Bool
    private var inks = LabelInk()
    private var writer = JSONWriter()
    private var count = 0

    init(format: PageFormat, unit: Unit, screen: Screen, isNumbered: Bool) {
        self.format = format
        self.unit = unit
        self.screen = screen
        self.isNumbered = isNumbered
    }

    func show(_ item: TextItem, _ explained: Explained) throws(Failure) -> [UInt8] {
        count += 1
        switch format {
        case .jsonl: return json(item, explained)
        case .html:
            let card = ExplanationCard(explained: explained, item: item, unit: unit)
            return Array(card.markup.text.utf8)
        case .table:
            inks.learn(explained.classification.scores.map(\.label))
            let page = ExplanationLines(
                explained: explained, item: item, unit: unit, screen: screen, inks: inks)
            let identity = DisplayWidth.oneLine(item.plainIdentity)
            let number = isNumbered ? [screen.paint(identity, .bold)] : []
            let lines = (count > 1 ? [""] : []) + number + page.lines
            return Array(lines.map { "\($0)\n" }.joined().utf8)
        }
    }

    /// The line of `classify`, and the explanation.
    private func json(_ item: TextItem, _ explained: Explained) -> [UInt8] {
        let answer = explained.classification
        writer.beginObject()
        writer.member("id", raw: item.identity)
        writer.member("label", answer.label)
        writer.member("probability", answer.probability)
        writer.member("tokens", answer.tokens)
        writer.member("truncated", answer.truncated)
        writer.doubts(answer)
        writer.explanation(explained, of: item.text.utf8)
        writer.carried(item)
        writer.endObject()
        return writer.takeLine()
    }
}

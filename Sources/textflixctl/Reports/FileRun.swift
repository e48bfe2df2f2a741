// A file of texts through one model: what `evaluate`, `compare` and `summarize` share.
//
// Requests are bulk: a report over a file should not make a person wait who asks beside it.

import CommandLineTable
import Syscalls
import TextRuns
import TextflixClient
import TextflixProtocol

struct FileRun {
    struct Outcome {
        let status: ExitStatus
        /// Lines that gave no text, and texts that have no answer.
        let failed: Int
    }

    let file: TextFile
    private let program: String
    private let truncation: Truncation
    private let timeout: Duration
    /// Where answers are kept; nil: nowhere.
    private let resume: String?

    init(_ call: Invocation) throws(Failure) {
        file = try TextFile(
            call, textField: Options.textField, labelField: ReportOptions.labelField)
        program = call.program.name
        truncation = TextCommands.truncation(call)
        timeout = call.duration(Options.timeout) ?? .seconds(60)
        resume = call.text(ReportOptions.resume)
    }

    /// Every text once, in order. With a suffix answers are kept beside FILE, one file a model.
    func classify(
        with model: ServedModel, _ client: Client, keepingIn suffix: String = "",
        name: String = "", take: @escaping (TextItem, Classification) throws(Failure) -> Void
    ) throws(Failure) -> Outcome {
        var journal: AnswerJournal<Classification>?
        if let resume { journal = try AnswerJournal(resume + suffix, key: key(model)) }
        let template = ClassifyRequest(
            model: model.name, priority: .bulk, truncation: truncation)
        let task = CollectTask(
            template: template, model: model, journal: journal, take: take)
        return try run(task, client, name: name)
    }

    /// What kept labels depend on. The precision is one of the options: the same weights answer a
    /// little differently in another.
    func key(_ model: ServedModel) -> JournalKey {
        JournalKey(
            question: "classify", model: model.name, revision: model.revision,
            options: "\(model.precision) \(file.fields.text) \(truncation)")
    }

    func run(
        _ task: some TextTask, _ client: Client, name: String = ""
    ) throws(Failure) -> Outcome {
        let input = try file.open()
        var settings = TextRunSettings(program, timeout: timeout)
        settings.answersComeLast = true
        settings.progressName = name
        var run = try TextRun(task, client: client, input: input, settings: settings)
        let status = try run.run()
        guard status == .interrupted || status == .terminated else {
            return Outcome(status: status, failed: run.tally.failed)
        }
        throw Failure(
            status,
            resume.map { "stopped; the same command goes on with the answers in \($0)" }
                ?? "stopped; with --resume FILE a second run would go on from here")
    }
}

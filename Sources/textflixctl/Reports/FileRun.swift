// A file of JSON objects through one model: what `evaluate`, `compare` and `summarize` share.
//
// Requests are bulk: a report over a file should not make a person wait who asks beside it.

import CommandLineTable
import Syscalls
import TextRuns
import TextflixClient
import TextflixProtocol

struct FileRun {
    /// `-`: standard input.
    let path: String
    let fields: ObjectFields
    private let truncation: Truncation
    private let timeout: Duration
    /// Where answers are kept; nil: nowhere.
    private let resume: String?

    init(_ call: Invocation) throws(Failure) {
        guard let path = call.text(ReportOptions.file) else {
            throw Failure(call.complaint("--jsonl FILE is missing: which texts?"))
        }
        self.path = path
        fields = ObjectFields(
            text: call.text(Options.textField) ?? "text",
            label: call.text(ReportOptions.labelField) ?? "label")
        truncation = TextCommands.truncation(call)
        timeout = call.duration(Options.timeout) ?? .seconds(60)
        resume = call.text(ReportOptions.resume)
    }

    /// What is not there is told when it is opened.
    var canBeReadTwice: Bool {
        path != "-" && (try? FileStatus(path: path))?.kind ?? .regular == .regular
    }

    /// Every text once, in order. With a suffix answers are kept beside FILE, one file a model.
    func classify(
        with model: ServedModel, _ client: Client, keepingIn suffix: String = "",
        name: String = "", take: @escaping (TextItem, Classification) throws(Failure) -> Void
    ) throws(Failure) -> ExitStatus {
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
            options: "\(model.precision) \(fields.text) \(truncation)")
    }

    func run(_ task: some TextTask, _ client: Client, name: String = "") throws(Failure)
        -> ExitStatus
    {
        let input = try TextInput(path: path == "-" ? nil : path, form: .objects(fields))
        var settings = TextRunSettings(call.program.name, timeout: timeout)
        settings.answersComeLast = true
        settings.progressName = name
        var run = try TextRun(task, client: client, input: input, settings: settings)
        let status = try run.run()
        guard status == .interrupted || status == .terminated else { return status }
        throw Failure(
            status,
            resume.map { "stopped; the same command goes on with the answers in \($0)" }
                ?? "stopped; with --resume FILE a second run would go on from here")
    }
}

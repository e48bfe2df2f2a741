// `classify`, `embed`, `tag`, `tokenize`: from their options to a run over texts.
//
//     texts on the line      each a text; a wrong one is named `text 2`
//     --file FILE            its lines; a wrong one is named `line 7`
//     neither                standard input, likewise
//
// What differs between the commands is a `TextTask`; the loop is `TextRun`'s. The easy mistake, a
// file's name where a text should stand, is pointed out.

import CommandLineTable
import Presentation
import Syscalls
import TextRuns
import TextflixClient
import TextflixProtocol

enum TextCommands {
    static func classify(_ call: Invocation) throws(Failure) -> ExitStatus {
        let screen = Screen(of: .output)
        var task = ClassifyTask(format: answerFormat(call, screen), screen: screen)
        task.template = ClassifyRequest(
            model: model(call), priority: priority(call), truncation: truncation(call))
        task.isNumbered = call.operands.count != 1
        return try run(task, call)
    }

    static func embed(_ call: Invocation) throws(Failure) -> ExitStatus {
        let screen = Screen(of: .output)
        var task = EmbedTask(format: answerFormat(call, screen), screen: screen)
        task.template = EmbedRequest(
            model: model(call), pooling: pooling(call), normalize: call.has(Options.normalize),
            priority: priority(call), truncation: truncation(call))
        return try run(task, call)
    }

    static func tag(_ call: Invocation) throws(Failure) -> ExitStatus {
        let screen = Screen(of: .output)
        var task = TagTask(format: answerFormat(call, screen), screen: screen)
        task.template = TagRequest(
            model: model(call), priority: priority(call), truncation: truncation(call))
        return try run(task, call)
    }

    static func tokenize(_ call: Invocation) throws(Failure) -> ExitStatus {
        let screen = Screen(of: .output)
        let format = call.choice(Options.tokenFormat, TokenFormat.self)
        var task = TokenizeTask(
            format: format ?? (screen.isTerminal ? .table : .jsonl), screen: screen)
        task.template = TokenizeRequest(
            model: model(call), specialTokens: call.has(Options.special))
        return try run(task, call)
    }

    /// Connects, reads, answers: the same for every command.
    private static func run(
        _ task: some TextTask, _ call: Invocation
    ) throws(Failure) -> ExitStatus {
        try run(task, call, connect(call))
    }

    static func run(
        _ task: some TextTask, _ call: Invocation, _ client: Client
    ) throws(Failure) -> ExitStatus {
        let fromArguments = !call.operands.isEmpty
        let input = try input(call)
        let settings = TextRunSettings(
            call.program.name,
            timeout: call.duration(Options.timeout)
                ?? (fromArguments ? .seconds(10) : .seconds(60)),
            isStrict: call.has(Options.strict),
            itemName: fromArguments || call.has(Options.whole) ? "text" : "line",
            wantsSummary: call.has(Options.summary)
                || (!fromArguments && Screen(of: .error).isTerminal))
        var run = try TextRun(task, client: client, input: input, settings: settings)
        return try run.run()
    }

    /// Arguments before a file before standard input.
    private static func input(_ call: Invocation) throws(Failure) -> TextInput {
        let form = try form(call)
        guard !call.operands.isEmpty else {
            let file = call.text(Options.file).flatMap { $0 == "-" ? nil : $0 }
            if file == nil, isTerminal(StandardStream.input.rawValue) {
                let what =
                    switch form {
                    case .whole: "a text"
                    case .table: "a table"
                    case .lines, .objects: "texts, one a line,"
                    }
                printError("Reading \(what) from the keyboard; Ctrl-D ends.\n")
            }
            if let file, case .lines = form, !call.has(Options.lines), TextInput.isTable(file) {
                printMessage(
                    "\(call.place): each line of \(file) is a text; --csv reads its rows\n")
            }
            return try TextInput(path: file, form: form)
        }
        if call.has(Options.file) {
            throw Failure(call.complaint("texts and --file exclude each other"))
        }
        if call.has(Options.csv) {
            throw Failure(call.complaint("--csv reads a --file or standard input, no arguments"))
        }
        if let name = call.operands.first(where: { fileExists($0) }) {
            guard call.has(Options.jsonl) else {
                printMessage(
                    "\(call.place): '\(name)' is taken as a text; --file reads the file\n")
                return TextInput(arguments: call.operands, form: form)
            }
            throw Failure(call.complaint("'\(name)' is a file, not an object; try --file \(name)"))
        }
        return TextInput(arguments: call.operands, form: form)
    }

    /// What `--jsonl`, `--csv`, `--whole` say of the texts.
    static func form(_ call: Invocation) throws(Failure) -> TextInput.Form {
        do throws(UsageError) { try checkForm(call) } catch { throw Failure(error) }
        let fields = ObjectFields(text: call.text(Options.textField) ?? "text")
        if call.has(Options.jsonl) { return .objects(fields) }
        if call.has(Options.csv) { return .table(fields) }
        return call.has(Options.whole) ? .whole : .lines
    }

    static func checkForm(_ call: Invocation) throws(UsageError) {
        guard call.has(Options.jsonl) || call.has(Options.csv) || !call.has(Options.textField)
        else {
            throw call.complaint(
                "--text-field names a field of --jsonl's objects or a column of --csv's table")
        }
    }

    /// A person at a terminal gets a table, a pipe gets lines of JSON.
    private static func answerFormat(_ call: Invocation, _ screen: Screen) -> AnswerFormat {
        call.choice(Options.format) ?? (screen.isTerminal ? .table : .jsonl)
    }

    /// Empty: the daemon's first model.
    private static func model(_ call: Invocation) -> String { call.text(Options.model) ?? "" }

    private static func priority(_ call: Invocation) -> Priority {
        call.has(Options.bulk) ? .bulk : .interactive
    }

    static func truncation(_ call: Invocation) -> Truncation {
        switch call.choice(Options.truncation, TruncationWord.self) {
        case nil: .modelDefault
        case .head: .head
        case .headAndTail: .headAndTail
        case .windows: .windows
        case .refuse: .refuse
        }
    }

    private static func pooling(_ call: Invocation) -> Pooling {
        switch call.choice(Options.pooling, PoolingWord.self) {
        case nil: .model
        case .cls: .cls
        case .mean: .mean
        }
    }
}

/// A connection to the daemon that the options and the environment name.
func connect(_ call: Invocation) throws(Failure) -> Client {
    do throws(ClientError) {
        return try Client(path: call.text(Options.socket))
    } catch { throw Failure(error) }
}

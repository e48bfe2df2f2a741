// The command line of textflixctl, as one table: parser, help, completions and man page read it.
//
// Names here are a contract with scripts: options are added, never renamed, and a default changes
// only where nothing can depend on it. Summaries are phrases without a full stop, short enough that
// a command's help fits a screen of 80 x 24 (a test holds them to it).

import CommandLineTable

/// Options that several commands share, and those of the short commands; `bench` has its own file.
enum Options {
    // Of every command.
    static let socket = Option("socket", .file("PATH"), "the daemon's socket")
    static let timeout = Option(
        "timeout", .duration, "wait for an answer so long [10s; of files and pipes 60s]")

    // Of every command that takes texts: where they are, and what is done with them.
    static let file = Option("file", .file("FILE"), "read texts from FILE; - is standard input")
    static let lines = Option("lines", hidden: true, "one text a line (this is the default)")
    static let whole = Option("whole", "all of the file, or of standard input, is one text")
    static let jsonl = Option("jsonl", "a JSON object a line; other fields come along")
    static let csv = Option("csv", "rows, of which the first names the columns")
    static let textField = Option(
        "text-field", .text("FIELD"), default: "text", "the field that holds the text")
    static let model = Option("model", short: "m", .model, "which model, else the daemon's first")
    static let truncation = Option(
        "truncation", .choice(TruncationWord.self), "what of a long text is read, else the model's")
    static let bulk = Option("bulk", "let interactive requests go before")
    static let strict = Option("strict", "stop at the first text that fails (status 65)")
    static let summary = Option("summary", "a closing line on standard error in any case")
    static let format = Option(
        "format", .choice(AnswerFormat.self), "table on a terminal, else jsonl")

    // Of `embed` and `tokenize` alone.
    static let pooling = Option(
        "pooling", .choice(PoolingWord.self), "how pieces become one vector, else the model's")
    static let normalize = Option("normalize", "scale each vector to length 1")
    static let tokenFormat = Option(
        "format", .choice(TokenFormat.self), "ids: one line a text; table on a terminal")
    static let special = Option("special-tokens", "with [CLS] and [SEP]")

    // Of the commands that only look.
    static let modelFormat = Option(
        "format", .choice(ListFormat.self), default: "table", "table, json, or only names")
    static let statusFormat = Option(
        "format", .choice(StatusFormat.self), default: "table", "for eyes, jq, or a scraper")
    static let watch = Option("watch", "renew the page until Ctrl-C or q")
    static let interval = Option("interval", .duration, default: "1s", "between two pages")

    /// Where texts are, and which model reads them.
    static let texts = [file, lines, whole, jsonl, csv, textField, model]
    static let forms = [lines, whole, jsonl, csv]
    /// How they are handled on the way.
    static let handling = [truncation, bulk, strict, summary]
}

// The closed sets, as they are spelled on the command line.

enum TruncationWord: String, CaseIterable {
    case head, headAndTail = "head-and-tail", windows, refuse
}
enum PoolingWord: String, CaseIterable { case cls, mean }
enum ListFormat: String, CaseIterable { case table, json, names }
enum StatusFormat: String, CaseIterable { case table, json, prometheus }

/// The commands, in the order of help.
enum Commands {
    private static let text = Operand(
        "TEXT", "a text; without any: --file, else standard input", .any)

    static let classify = Command(
        "classify", "label texts",
        options: Options.texts + [Options.format] + Options.handling, operands: [text],
        exclusive: [Options.forms],
        examples: [
            Example("textflixctl classify 'A very, very fun movie.'"),
            Example("textflixctl classify --jsonl --file reviews.jsonl > labels.jsonl"),
            Example("journalctl -fo cat | textflixctl classify --format tsv"),
        ])
    static let embed = Command(
        "embed", "turn texts into vectors",
        options: Options.texts + [Options.format, Options.pooling, Options.normalize]
            + Options.handling,
        operands: [text], exclusive: [Options.forms],
        examples: [Example("textflixctl embed --normalize --file titles.txt > vectors.jsonl")])
    static let tag = Command(
        "tag", "find entities in texts",
        options: Options.texts + [Options.format] + Options.handling, operands: [text],
        exclusive: [Options.forms],
        examples: [Example("textflixctl tag 'Ada Lovelace wrote to Babbage from London.'")])
    static let tokenize = Command(
        "tokenize", "show the pieces that a model reads",
        options: Options.texts + [
            Options.tokenFormat, Options.special, Options.strict, Options.summary,
        ],
        operands: [text], exclusive: [Options.forms],
        examples: [
            Example("textflixctl tokenize 'unbelievably good'"),
            Example("textflixctl tokenize --format ids --special-tokens < reviews.txt"),
        ])

    static let status = Command(
        "status", "show how the daemon does",
        options: [Options.statusFormat, Options.watch, Options.interval],
        examples: [
            Example("textflixctl status --watch"),
            Example("textflixctl status --format prometheus > textflix.prom"),
        ])
    static let models = Command(
        "models", "list what the daemon serves", options: [Options.modelFormat],
        examples: [Example("textflixctl models")])
    static let reload = Command(
        "reload", "load the configuration and models anew",
        details: "For administrators: root and the daemon's own user. Requests go on meanwhile; "
            + "a model that cannot be loaded leaves the old one in place.",
        options: [Options.modelFormat],
        examples: [Example("sudo textflixctl reload")])
    static let bench = Command(
        "bench", "put the daemon under load and measure it", options: BenchOptions.all,
        exclusive: [[BenchOptions.jsonl, BenchOptions.csv]],
        examples: [
            Example("textflixctl bench --rate 40 --file reviews.txt --out before.json"),
            Example("textflixctl bench --find-capacity --slo p99=250ms --tokens 128"),
        ])
    static let benchCompare = Command(
        "bench compare", "two results of bench, side by side",
        operands: [
            Operand("BEFORE", "a file that bench --out wrote", kind: .file("BEFORE")),
            Operand("AFTER", "another", kind: .file("AFTER")),
        ],
        examples: [Example("textflixctl bench compare before.json after.json")])
    static let doctor = Command(
        "doctor", "find what is wrong with this installation",
        details: "Looks at the socket, permissions, units, models, processor and limits, "
            + "changes nothing, and says what to do. Exits with 1 when there is a fault.",
        examples: [Example("textflixctl doctor")])
    static let completions = Command(
        "completions", "print a shell's completions",
        operands: [Operand("SHELL", "bash, zsh or fish", kind: .choice(Shell.self))],
        examples: [
            Example("textflixctl completions bash > /etc/bash_completion.d/textflixctl")
        ])
}

extension Program {
    /// The whole of it: what a command line is held against.
    static let textflixctl = Program(
        "textflixctl", "ask the Textflix daemon to classify texts",
        options: [Options.socket, Options.timeout],
        commands: [
            Commands.classify, ReportOptions.explain, Commands.embed, Commands.tag,
            Commands.tokenize, ReportOptions.summarize, ReportOptions.evaluate,
            ReportOptions.compare,
            Commands.status, Commands.models, Commands.reload,
            Commands.bench, Commands.benchCompare, Commands.doctor, Commands.completions,
        ],
        examples: [
            Example("textflixctl classify 'A very, very fun movie.'"),
            Example("textflixctl status --watch"),
        ])
}

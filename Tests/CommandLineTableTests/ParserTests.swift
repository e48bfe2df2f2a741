// The table of a made-up program, and what its command lines come to.

import Testing

@testable import CommandLineTable

enum Form: String, CaseIterable { case table, tsv, jsonl }

enum Sample {
    static let socket = Option("socket", .file("PATH"), "the daemon's socket")
    static let wait = Option("timeout", .duration, default: "10s", "give up after this long")
    static let form = Option("format", short: "f", .choice(Form.self), default: "table", "how")
    static let bulk = Option("bulk", short: "b", "yield to interactive requests")
    static let strict = Option("strict", short: "s", "stop at the first bad line")
    static let lines = Option("lines", "one text a line")
    static let jsonl = Option("jsonl", "one object a line")
    static let samples = Option("samples", short: "n", .integer(1...5000), "how many")
    static let model = Option("model", .assignment("NAME=DIR"), repeats: true, "serve this")
    static let models = Option("models", .list("A,B"), "two of them")

    static let program = Program(
        "sample", "a program of the tests", version: "1.2.3",
        options: [socket, wait],
        commands: [
            Command(
                "classify", "label texts",
                options: [form, bulk, strict, lines, jsonl, samples, model, models],
                operands: [Operand("TEXT", "a text", .any)], exclusive: [[lines, jsonl]],
                examples: [Example("sample classify 'A fun movie.'", "one text")]),
            Command(
                "bench", "load it",
                operands: [Operand("N", "times", .optional, kind: .integer(1...9))]),
            Command(
                "bench compare", "two results",
                operands: [Operand("A", "before"), Operand("B", "after")]),
        ],
        examples: [Example("sample classify --bulk < reviews.txt")])

    static func run(_ line: String) throws -> Invocation {
        guard case .run(let call) = try program.parse(line.split(separator: " ").map(String.init))
        else { throw UsageError("help was shown", in: line) }
        return call
    }
}

@Suite struct ParserTests {
    @Test func optionsStandBeforeAndAfterTheCommand() throws {
        let call = try Sample.run(
            "--socket /a classify one --timeout=250ms two -n 7 -f tsv -bs -- -x")
        #expect(call.command?.name == "classify")
        #expect(call.operands == ["one", "two", "-x"])
        #expect(call.text(Sample.socket) == "/a")
        #expect(call.duration(Sample.wait) == .milliseconds(250))
        #expect(call.integer(Sample.samples) == 7)
        #expect(call.choice(Sample.form, Form.self) == .tsv)
        #expect(call.has(Sample.bulk) && call.has(Sample.strict) && !call.has(Sample.lines))
    }

    @Test func defaultsAndRepetition() throws {
        let call = try Sample.run(
            "classify --model a=/x --model b=y=z --models p,q --format tsv -fjsonl")
        #expect(call.duration(Sample.wait) == .seconds(10))
        #expect(call.assignments(Sample.model).map(\.name) == ["a", "b"])
        #expect(call.assignments(Sample.model).map(\.value) == ["/x", "y=z"])
        #expect(call.list(Sample.models) == ["p", "q"])
        #expect(call.choice(Sample.form, Form.self) == .jsonl)
        #expect(call.integer(Sample.samples) == nil)
    }

    @Test(arguments: [
        ("p,q", ["p", "q"]), (" p , q r ,", ["p", "q r"]), (",,", []),
    ])
    func partsOfAList(value: String, parts: [String]) throws {
        guard case .run(let call) = try Sample.program.parse(["classify", "--models", value]) else {
            throw UsageError("help was shown", in: value)
        }
        #expect(call.list(Sample.models) == parts)
    }

    @Test(arguments: [ValueKind.model, .file("FILE"), .folder("DIR"), .list("A,B")])
    func anEmptyNameIsNone(kind: ValueKind) {
        #expect(kind.complaint(about: "")?.hasPrefix("an empty ") == true)
        #expect(kind.complaint(about: "x") == nil)
    }

    @Test func aCommandOfTwoWords() throws {
        #expect(try Sample.run("bench compare a b").command?.name == "bench compare")
        #expect(try Sample.run("bench 3").command?.name == "bench")
    }

    @Test(arguments: [
        ("clasify x", "unknown command 'clasify'; did you mean classify?"),
        ("", "which command? One of classify, bench"),
        ("classify --fromat tsv", "unknown option --fromat; did you mean --format?"),
        ("classify --form tsv", "unknown option --form; did you mean --format?"),
        (
            "classify --zebra",
            "unknown option --zebra; put -- before an argument that begins with a dash"
        ),
        ("bench --zebra", "unknown option --zebra"),
        ("--bulk classify", "unknown option --bulk; it belongs after a command such as classify"),
        ("classify -q", "unknown option -q; put -- before an argument that begins with a dash"),
        ("classify --format xml", "--format: 'xml' is not one of table, tsv, jsonl"),
        (
            "classify --format tabel",
            "--format: 'tabel' is not one of table, tsv, jsonl; did you mean table?"
        ),
        ("classify --samples", "--samples needs a value (N)"),
        ("classify --samples --bulk", "--samples needs a value (N), but --bulk follows"),
        ("classify --samples many", "--samples: 'many' is not a whole number"),
        ("classify --samples 0", "--samples: 0 is not between 1 and 5000"),
        ("classify --timeout 5x", "--timeout: '5x' is not a duration (write 250ms, 10s, 2m or 1h)"),
        ("classify --model =x", "--model: '=x' does not have the form NAME=DIR"),
        ("classify --bulk=yes", "--bulk takes no value"),
        ("classify --lines --jsonl", "--lines and --jsonl exclude each other"),
        ("bench compare a", "B is missing"),
        ("bench compare a b c", "unexpected argument 'c'"),
        ("bench 12", "N: 12 is not between 1 and 9"),
    ])
    func errorsSayWhatAndWhere(line: String, message: String) {
        let error = #expect(throws: UsageError.self) { try Sample.run(line) }
        #expect(error?.message == message)
    }

    @Test func anErrorNamesThePageThatTellsMore() {
        let error = #expect(throws: UsageError.self) { try Sample.run("classify --zebra") }
        #expect(error?.description.hasSuffix("\nTry 'sample classify --help'.") == true)
    }

    @Test func helpAndVersionWinOverLaterErrors() throws {
        guard case .show(let version) = try Sample.program.parse(["--version", "--nonsense"]) else {
            throw UsageError("it ran", in: "version")
        }
        #expect(version == "sample 1.2.3\n")
        guard case .show(let help) = try Sample.program.parse(["classify", "-h", "--nonsense"])
        else {
            throw UsageError("it ran", in: "help")
        }
        #expect(help.hasPrefix("Usage: sample classify"))
    }
}

@Suite struct VisibleControlsTests {
    @Test(arguments: [
        ("plain, ü, 👍🏽\n", "plain, ü, 👍🏽\n"), ("a\u{1B}[2J\u{7F}\r", "a\\x1b[2J\\x7f\\x0d"),
        ("\0\u{9B}", "\\x00\\x9b"), ("\u{202E}\u{2066}", "\\u{202e}\\u{2066}"),
        ("\u{80}\u{9F}\u{A0}", "\\x80\\x9f\u{A0}"),
        ("\u{61C}\u{200E}\u{200F}\u{200D}", "\\u{61c}\\u{200e}\\u{200f}\u{200D}"),
    ])
    func controlsAreShown(text: String, shown: String) {
        #expect(text.withVisibleControls == shown)
    }

    @Test func aLineOfSomebodysStaysOne() {
        #expect("a\nb\u{1B}\u{202E}".asVisibleLine == "a\\x0ab\\x1b\\u{202e}")
    }
}

@Suite struct NearestNameTests {
    @Test(arguments: [
        ("classify", "classify", 0), ("clasify", "classify", 1), ("calssify", "classify", 1),
        ("", "abc", 3), ("abc", "", 3), ("stauts", "status", 1), ("kitten", "sitting", 3),
    ])
    func slips(word: String, name: String, count: Int) {
        #expect(NearestName.slips(from: word, to: name) == count)
    }
}

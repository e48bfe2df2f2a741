// `textflix-bench tokenizer`: tokens a second over a file of texts, or the tokens themselves.
//
// The door through which the parity and speed scripts in Tests/Golden/tokenization reach the
// tokenizer. Reading and parsing the file is outside the measured time.

import CommandLineTable
import JSONText
import Syscalls
import Tokenization

enum TokenizerBench {
    private static let tokenizer = Option(
        "tokenizer", .file("FILE"), "a tokenizer.json, or a vocab.txt (uncased)")
    private static let jsonl = Option(
        "jsonl", .file("FILE"), "texts: objects with a field \"text\"")
    private static let dump = Option("dump", "print ids, starts and ends of each text instead")
    private static let limit = Option(
        "limit", .integer(2...Int.max), "truncate to so many tokens (default: none)")
    private static let rounds = Option(
        "rounds", .integer(1...1000), default: "5", "repeat; the median counts")
    private static let special = Option(
        "special", .choice(["text", "token"]), default: "text", "what \"[SEP]\" in a text is")

    static let command = Command(
        "tokenizer", "tokens a second on one thread",
        options: [tokenizer, jsonl, dump, limit, rounds, special],
        examples: [
            Example(
                "textflix-bench tokenizer --tokenizer tokenizer.json --jsonl reviews.jsonl",
                "measure")
        ])

    static func run(_ line: Invocation) throws -> ExitStatus {
        guard let tokenizerPath = line.text(tokenizer), let textsPath = line.text(jsonl) else {
            throw line.complaint("--tokenizer and --jsonl are needed")
        }
        let model = try load(tokenizerPath, asToken: line.text(special) == "token")
        let texts = try readTexts(textsPath)
        let policy: TruncationPolicy = line.has(limit) ? .head : .none
        let most = line.integer(limit) ?? Int.max
        if line.has(dump) {
            try printTokens(of: texts, model, policy, most)
        } else {
            try measure(texts, model, policy, most, rounds: line.integer(rounds) ?? 1)
        }
        return .success
    }

    private static func load(_ path: String, asToken: Bool) throws -> WordPiece {
        let bytes = try readFile(path, limit: 1 << 30)
        if path.hasSuffix(".json") {
            return try WordPiece(tokenizerJSON: bytes, specialTokens: asToken ? .token : .text)
        }
        return try WordPiece(vocabularyText: bytes)
    }

    private static func readTexts(_ path: String) throws -> [[UInt8]] {
        try readFile(path, limit: 1 << 32).split(separator: UInt8(ascii: "\n")).map { line in
            let line = Array(line)
            guard let text = try JSONDocument.parse(line)["text"]?.utf8 else {
                throw JSONError("an object without \"text\"", at: 0, in: line)
            }
            return text
        }
    }

    /// A line a text, of tokens `id:start:end`.
    private static func printTokens(
        of texts: [[UInt8]], _ model: WordPiece, _ policy: TruncationPolicy, _ most: Int
    ) throws {
        var buffer = TokenBuffer()
        var output: [UInt8] = []
        for text in texts {
            _ = try model.tokenize(text, truncation: policy, maxTokens: most, into: &buffer)
            for i in 0..<buffer.count {
                let token = "\(buffer.ids[i]):\(buffer.starts[i]):\(buffer.ends[i]) "
                output.append(contentsOf: token.utf8)
            }
            output.append(UInt8(ascii: "\n"))
            if output.count > 1 << 20 {
                try writeAll(StandardStream.output.rawValue, output)
                output.removeAll(keepingCapacity: true)
            }
        }
        try writeAll(StandardStream.output.rawValue, output)
    }

    private static func measure(
        _ texts: [[UInt8]], _ model: WordPiece, _ policy: TruncationPolicy, _ most: Int,
        rounds: Int
    ) throws {
        var buffer = TokenBuffer()
        var seconds: [Double] = []
        var tokens = 0
        for _ in 0..<rounds {
            tokens = 0
            let start = MonotonicClock.now
            for text in texts {
                tokens += try model.tokenize(
                    text, truncation: policy, maxTokens: most, into: &buffer
                ).used
            }
            seconds.append(Double(MonotonicClock.now.since(start)) / 1e9)
        }
        let median = seconds.sorted()[rounds / 2]
        let bytes = texts.reduce(0) { $0 + $1.count }
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("texts", texts.count)
        writer.member("tokens", tokens)
        writer.member("seconds", median)
        writer.member("tokens_per_second", (Double(tokens) / median).rounded())
        writer.member("megabytes_per_second", (Double(bytes) / median / 1e6).rounded())
        writer.endObject()
        printOutput(writer.text + "\n")
    }
}

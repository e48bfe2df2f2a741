// textflixlab forward: token ids in, the encoder's numbers out. For comparing with another program.

import CommandLineTable
import Encoder
import JSONText
import Numerics
import Presentation
import Syscalls
import TextRuns
import Weights

enum ForwardCommand {
    private enum Wanted: String, CaseIterable {
        case logits
        case tokens
        case mean
        case cls
    }

    private static let output = Option(
        "output", .choice(Wanted.self), default: "logits", "the head's logits, or an embedding")
    private static let batchTokens = Option(
        "batch-tokens", .integer(1...1 << 20), default: "4096", "tokens computed together")
    private static let repeats = Option(
        "repeat", .integer(1...1000), default: "1", "compute so often, and tell the median speed")

    static let command = Command(
        "forward", "compute the numbers of token ids",
        details: "Standard input has the ids of one text a line, parted by spaces, special tokens "
            + "included; standard output gets one line a text (with --output tokens one a token). "
            + "A last line of JSON on standard error tells speed and memory.",
        options: [output, batchTokens, repeats],
        operands: [Operand("DIR", "the model's folder", kind: .folder("DIR"))],
        examples: [
            Example("textflixctl tokenize --format ids --special-tokens 'hello' |"),
            Example("    textflixlab forward --output mean DIR"),
        ])

    static func run(_ call: Invocation) throws -> ExitStatus {
        let started = MonotonicClock.now
        let model = try BERTModel.load(folder: ModelFolder.open(call.operands[0]))
        let limit = call.integer(batchTokens) ?? 4096
        let engine = try EncoderEngine(maxBatchTokens: limit)
        try engine.reserve(for: model)
        let ready = MonotonicClock.now.since(started)
        let texts = try readTexts(vocabulary: model.configuration.vocabularySize)
        var seconds: [Double] = []
        for turn in 0..<(call.integer(repeats) ?? 1) {
            let before = MonotonicClock.now
            for batch in batches(texts, limit) {
                try compute(engine, model, batch, call, shows: turn == 0)
            }
            seconds.append(Double(MonotonicClock.now.since(before)) / 1e9)
        }
        report(model, texts, seconds.sorted()[seconds.count / 2], ready)
        return .success
    }

    /// A line that is no text would have no line in the output: then nothing is computed.
    private static func readTexts(vocabulary: Int) throws -> [[UInt32]] {
        let bytes = try readToEnd(StandardStream.input.rawValue, limit: 1 << 28)
        let ended = bytes.last == UInt8(ascii: "\n") ? bytes.dropLast() : bytes[...]
        guard !ended.isEmpty else { return [] }
        let lines = ended.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        return try lines.enumerated().map { (index, line) -> [UInt32] in
            let ids = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
            let text = try ids.split(separator: UInt8(ascii: " ")).map { word -> UInt32 in
                let word = String(decoding: word, as: UTF8.self)
                guard let id = UInt32(word), id < vocabulary else {
                    throw Failure(
                        .data,
                        "line \(index + 1): '\(DisplayWidth.cut(word, to: 20))' is none of the "
                            + "model's \(vocabulary) token ids")
                }
                return id
            }
            guard !text.isEmpty else {
                throw Failure(.data, "line \(index + 1): there are no token ids")
            }
            return text
        }
    }

    /// In the order given, as many as fit.
    private static func batches(_ texts: [[UInt32]], _ limit: Int) -> [RaggedBatch] {
        var batches = [RaggedBatch()]
        for text in texts {
            if batches[batches.count - 1].tokenCount + text.count > limit {
                batches.append(RaggedBatch())
            }
            batches[batches.count - 1].append(text)
        }
        return batches.filter { $0.textCount > 0 }
    }

    private static func compute(
        _ engine: EncoderEngine, _ model: BERTModel, _ batch: RaggedBatch, _ call: Invocation,
        shows: Bool
    ) throws {
        let wanted: BatchWalk.Output =
            switch call.choice(output, Wanted.self) ?? .logits {
            case .logits: .logits
            case .tokens: .tokenLogits
            case .mean: .embedding(.mean, normalize: false)
            case .cls: .embedding(.cls, normalize: false)
            }
        let walk = try engine.begin(model, batch, output: wanted)
        defer { walk.end() }
        while walk.step() {}
        guard shows else { return }
        for row in 0..<walk.output.rows {
            printOutput(walk.output[row].map { "\($0)" }.joined(separator: " ") + "\n")
        }
    }

    private static func report(
        _ model: BERTModel, _ texts: [[UInt32]], _ seconds: Double, _ ready: UInt64
    ) {
        let tokens = texts.reduce(0) { $0 + $1.count }
        let memory = ThisProcess.residentBytes
        var json = JSONWriter()
        json.beginObject()
        for (key, number) in [
            ("tokens_per_second", Double(tokens) / seconds), ("seconds", seconds),
            ("ready_ms", Double(ready) / 1e6), ("mapped_mb", Double(model.mappedBytes) / 1e6),
            ("private_mb", Double(memory.all - memory.ofFiles) / 1e6),
        ] {
            json.member(key, (number * 1000).rounded() / 1000)
        }
        json.endObject()
        printError(json.text + "\n")
    }
}

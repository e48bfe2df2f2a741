// textflixlab synth: a model folder of made-up weights in the real form.

import CommandLineTable
import Syscalls
import TextRuns
import Weights

enum SynthCommand {
    private enum Architecture: String, CaseIterable {
        case large = "bert-large"
        case base = "bert-base"
        case mpnet = "mpnet-base"
        case minilm
        case tiny
        case mpnetTiny = "mpnet-tiny"
    }

    private enum NumberType: String, CaseIterable { case f32, f16, bf16 }

    private static let architecture = Option(
        "arch", .choice(Architecture.self), default: "bert-large", "the shape")
    private static let seed = Option(
        "seed", .integer(0...Int.max), default: "0", "another seed, other weights")
    private static let labels = Option(
        "labels", .list("A,B"), default: "negative,positive", "labels of the head")
    private static let head = Option(
        "head", .choice(["sequence", "token", "none"]), default: "sequence", "what stands on top")
    private static let type = Option(
        "type", .choice(NumberType.self), default: "f32", "number format of the file")
    private static let outliers = Option(
        "outliers", "a few dimensions of large magnitude, as trained models have them")
    private static let vocabulary = Option(
        "vocab", .file("FILE"), "copy this vocab.txt instead of making one up")

    static let command = Command(
        "synth", "write a model of made-up weights",
        details: "The folder has the form that Hugging Face ships (config.json, vocab.txt, "
            + "model.safetensors). The weights are a function of the seed: the same on every "
            + "machine. For tests and measurements; its answers mean nothing.",
        options: [architecture, seed, labels, head, type, outliers, vocabulary],
        operands: [Operand("DIR", "the folder to make", kind: .folder("DIR"))],
        examples: [
            Example("textflixlab synth --arch bert-large /tmp/bert-large"),
            Example("textflixlab synth --arch tiny --labels red,green,blue --seed 7 /tmp/tiny"),
        ])

    static func run(_ call: Invocation) throws -> ExitStatus {
        var model = SyntheticModel(try configuration(call))
        model.seed = UInt64(call.integer(seed) ?? 0)
        model.outliers = call.has(outliers)
        model.type =
            switch call.choice(type, NumberType.self) ?? .f32 {
            case .f32: .float32
            case .f16: .float16
            case .bf16: .bfloat16
            }
        if let file = call.text(vocabulary) {
            let words: [UInt8]
            do throws(Errno) { words = try readFile(file, limit: 64 << 20) } catch {
                throw WeightsError(.unreadable, file, error.message)
            }
            let count = words.count { $0 == UInt8(ascii: "\n") }
            guard count <= model.configuration.vocabularySize else {
                throw call.complaint(
                    "\(file) has \(count) words, the shape has room for "
                        + "\(model.configuration.vocabularySize)")
            }
            model.vocabulary = words
        }
        let folder = call.operands[0]
        guard SyntheticModel.mayWrite(to: folder) else {
            throw Failure(
                .cannotCreate,
                "\(folder) holds a model that was not made by synth: name another folder")
        }
        try model.write(to: folder)
        return .success
    }

    private static func configuration(_ call: Invocation) throws(UsageError) -> BERTConfiguration {
        let names = call.list(labels)
        guard !names.isEmpty, Set(names).count == names.count else {
            throw call.complaint("--labels wants at least one label, each different")
        }
        let kind = BERTConfiguration.HeadKind(rawValue: call.text(head) ?? "") ?? .sequence
        func shape(
            _ hidden: Int, _ heads: Int, _ layers: Int, positions: Int = 512, words: Int = 30522,
            family: ModelFamily = .bert
        ) -> BERTConfiguration {
            BERTConfiguration(
                family, head: kind, hidden: hidden, heads: heads, feedForward: 4 * hidden,
                layers: layers, positions: positions, vocabulary: words, labels: names)
        }
        return switch call.choice(architecture, Architecture.self) ?? .large {
        case .large: shape(1024, 16, 24)
        case .base: shape(768, 12, 12)
        case .mpnet: shape(768, 12, 12, positions: 514, words: 30527, family: .mpnet)
        case .minilm: shape(384, 12, 6)
        case .tiny: shape(64, 4, 2, positions: 128, words: 1000)
        case .mpnetTiny: shape(64, 4, 2, positions: 130, words: 1000, family: .mpnet)
        }
    }
}

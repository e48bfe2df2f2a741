// The cases of Tests/Golden/encoder/golden.json, each as a model folder in a fresh directory.

import Encoder
import JSONText
import Numerics
import Syscalls
import TestSupport
import Testing
import Weights

struct GoldenCase: Sendable, CustomTestStringConvertible {
    let name: String
    var model: SyntheticModel
    let texts: [[UInt32]]
    /// Flattened, one array a text, computed in f64.
    let logits: [[Double]]?
    let mean: [[Double]]?
    let first: [[Double]]?

    var testDescription: String { name }

    static let script = "Tests/Golden/encoder/make_golden.py"

    static let all: [GoldenCase] = nodes("golden.json").map(GoldenCase.init)

    /// The objects of a file beside the script.
    static func nodes(_ file: String) -> [JSONNode] {
        let path = "\(Checkout.root)/Tests/Golden/encoder/\(file)"
        do {
            return try JSONDocument.parse(try readFile(path, limit: 1 << 22)).array ?? []
        } catch {
            preconditionFailure("\(error); \(script), or its neighbour, makes it")
        }
    }

    init(_ node: JSONNode) {
        func number(_ key: String) -> Int { node[key]?.int ?? 0 }
        func rows(_ key: String) -> [[Double]]? {
            node[key]?.array?.map { ($0.array ?? []).map { $0.double ?? .nan } }
        }
        var configuration = BERTConfiguration(
            ModelFamily(rawValue: node["family"]?.string ?? "") ?? .bert,
            head: BERTConfiguration.HeadKind(rawValue: node["head"]?.string ?? "") ?? .none,
            hidden: number("hidden"), heads: number("heads"), feedForward: number("feed_forward"),
            layers: number("layers"), positions: number("positions"),
            vocabulary: number("vocabulary"),
            activation: BERTConfiguration.Activation(
                rawValue: node["activation"]?.string ?? "") ?? .gelu,
            labels: (0..<number("labels")).map { "label \($0)" })
        configuration.problemType = node["problem"]?.string.flatMap(
            BERTConfiguration.ProblemType.init)
        var model = SyntheticModel(configuration)
        model.hasPrefix = node["prefix"]?.bool ?? true
        model.usesGammaBeta = node["gamma_beta"]?.bool ?? false
        model.shards = node["shards"]?.int ?? 1
        model.type = ElementType(rawValue: node["type"]?.string ?? "F32") ?? .float32
        name = node["name"]?.string ?? ""
        self.model = model
        texts = (node["texts"]?.array ?? []).map { ($0.array ?? []).map { UInt32($0.int ?? 0) } }
        logits = rows("logits")
        mean = rows("mean")
        first = rows("first")
    }

    /// What an answer may differ from the exact one.
    ///
    /// A sum of K products of f32 carries a relative error of about √K u, u = 2^-24, when roundings
    /// are independent (Higham and Mary 2019); K is at most F. A layer has eight such sums in a
    /// row: q·k, softmax, context, attention output, norm, intermediate, output, norm. The norms
    /// bring every state back to unit variance, so the errors of 8 L sums add up without being
    /// amplified, as a random walk: √(8 L) √F u, times 4 standard deviations, times the size of the
    /// answer. For 12 layers of F = 384 that is 4 · 9.8 · 19.6 · 6.0e-8 = 4.6e-5; the wrong GELU is
    /// off by 1e-3.
    func tolerance(for value: Double) -> Double {
        let configuration = model.configuration
        let sums = 8 * Double(configuration.layerCount)
        let width = Double(max(configuration.feedForwardSize, configuration.hiddenSize))
        return 4 * sums.squareRoot() * width.squareRoot() * 0x1p-24 * max(1, abs(value))
    }

    /// Writes the model, opens and loads it, and removes the files (the mapping keeps them alive).
    func load() throws -> BERTModel {
        let folder = try TemporaryFolder("golden")
        try model.write(to: folder.path)
        return try BERTModel.load(folder: ModelFolder.open(folder.path))
    }
}

extension RaggedBatch {
    init(_ texts: [[UInt32]]) {
        self.init()
        for text in texts { append(text) }
    }
}

extension EncoderEngine {
    /// Runs one batch to its end; rows of the output.
    func run(
        _ model: BERTModel, _ texts: [[UInt32]], _ output: BatchWalk.Output
    ) throws -> [[Float]] {
        let walk = try begin(model, RaggedBatch(texts), output: output)
        while walk.step() {}
        defer { walk.end() }
        return walk.rows
    }
}

extension BatchWalk {
    var rows: [[Float]] { (0..<output.rows).map { Array(output[$0]) } }
}

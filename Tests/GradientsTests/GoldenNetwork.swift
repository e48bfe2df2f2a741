// The cases of Tests/Golden/gradients/golden.json, each as a network with the reference's weights.

import Encoder
import Gradients
import JSONText
import Numerics
import Syscalls
import TestSupport
import Testing
import Weights

struct GoldenNetwork: Sendable, CustomTestStringConvertible {
    let name: String
    let configuration: BERTConfiguration
    let plan: NetworkPlan
    let batch: RaggedBatch
    /// [texts, C], for a head over texts.
    let targets: [Float]
    /// For masked words.
    let masked: [MaskedToken]
    let scale: Float
    let rate: Float
    let decay: Float
    /// Summed loss times `scale` before each of ten steps.
    let curve: [Double]
    let gradients: [String: [Float]]

    var testDescription: String { name }

    static let script = "Tests/Golden/gradients/make_golden.py"

    static let all: [GoldenNetwork] = {
        let path = Checkout.root + "/Tests/Golden/gradients/golden.json"
        do {
            let bytes = try readFile(path, limit: 1 << 22)
            return (try JSONDocument.parse(bytes).array ?? []).map(GoldenNetwork.init)
        } catch {
            preconditionFailure("\(error); \(script) makes it")
        }
    }()

    private init(_ node: JSONNode) {
        func number(_ key: String) -> Int { node[key]?.int ?? 0 }
        func real(_ key: String) -> Double { node[key]?.double ?? .nan }
        let heads: [String: NetworkPlan.Head] = [
            "pooler": .pooler, "mean": .linear(.mean), "cls": .linear(.cls), "masked": .masked,
        ]
        let head = heads[node["head"]?.string ?? ""] ?? .pooler
        configuration = BERTConfiguration(
            ModelFamily(rawValue: node["family"]?.string ?? "") ?? .bert,
            head: head == .pooler ? .sequence : .none, hidden: number("hidden"),
            heads: number("heads"), feedForward: number("feed_forward"), layers: number("layers"),
            positions: number("positions"), vocabulary: number("vocabulary"),
            activation: BERTConfiguration.Activation(
                rawValue: node["activation"]?.string ?? "") ?? .gelu,
            labels: (0..<number("labels")).map { "label \($0)" })
        var plan = NetworkPlan(head: head, labelCount: number("labels"))
        (plan.dropout, plan.headDropout) = (0, 0)
        if number("rank") > 0 {
            plan.adapters = NetworkPlan.Adapters(
                rank: number("rank"), alpha: Float(number("alpha")),
                targets: [.query, .value, .intermediate, .output])
        }
        self.plan = plan
        name = node["name"]?.string ?? ""
        let texts = (node["texts"]?.array ?? []).map { ($0.array ?? []).map { $0.int ?? 0 } }
        batch = RaggedBatch(texts.map { $0.map(UInt32.init) })
        let wanted = node["targets"]?.array ?? []
        targets = wanted.flatMap { ($0.array ?? []).map { Float($0.double ?? .nan) } }
        masked = Self.masked(wanted, batch)
        (scale, rate, decay) = (Float(real("scale")), Float(real("rate")), Float(real("decay")))
        curve = (node["curve"]?.array ?? []).map { $0.double ?? .nan }
        gradients = Dictionary(
            uniqueKeysWithValues: (node["gradients"]?.object ?? []).map {
                ($0.nameText, floats(base64: $0.node.string ?? ""))
            })
    }

    private static func masked(_ wanted: [JSONNode], _ batch: RaggedBatch) -> [MaskedToken] {
        wanted.enumerated().flatMap { text, node in
            zip(node["rows"]?.array ?? [], node["ids"]?.array ?? []).map { row, id in
                MaskedToken(
                    row: batch.starts[text] + (row.int ?? 0), id: UInt32(id.int ?? 0))
            }
        }
    }

    /// The network, its encoder and everything beside it filled by the formula of SyntheticModel.
    func network(
        _ plan: NetworkPlan? = nil, kernels: Kernels = .best(), threads: Int = 2
    ) throws -> (Network, WorkerPool) {
        let folder = try TemporaryFolder("gradients")
        try SyntheticModel(configuration).write(to: folder.path)
        let pool = try WorkerPool(threads: threads)
        let network = try Network(
            ModelFolder.open(folder.path), plan ?? self.plan, kernels: kernels, pool: pool)
        for entry in network.parameters.entries where !isOfFolder(entry.name) {
            fill(network.parameters.values(entry), entry)
        }
        network.parameters.markChanged()
        return (network, pool)
    }

    private func isOfFolder(_ name: String) -> Bool {
        !name.contains("lora_") && !name.hasPrefix("head.") && !name.hasPrefix("cls.")
    }

    private func fill(_ values: UnsafeMutableBufferPointer<Float>, _ entry: ParameterSet.Entry) {
        let start = SyntheticModel.fnv1a(entry.name)
        let isBias = entry.name.hasSuffix("bias")
        let scale = isBias ? 0x1p-4 : Float((3.0 / Double(entry.shape[1])).squareRoot())
        for index in values.indices {
            let random = SyntheticModel.splitmix(start &+ UInt64(index)) >> 40
            values[index] = Float(Int(random) - 1 << 23) * 0x1p-23 * scale
        }
    }

    /// One forward and backward pass over the case's batch.
    func learn(_ network: Network, draw: UInt64 = 1) throws -> Loss {
        plan.head == .masked
            ? try network.learnMasked(batch, masked, scale: scale, draw: draw)
            : try network.learn(batch, targets: targets, scale: scale, draw: draw)
    }
}

extension RaggedBatch {
    init(_ texts: [[UInt32]]) {
        self.init()
        for text in texts { append(text) }
    }
}

/// Little-endian f32 values in base64.
private func floats(base64 text: String) -> [Float] {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    var values = [UInt8](repeating: 0, count: 256)
    for (value, letter) in alphabet.enumerated() { values[Int(letter)] = UInt8(value) }
    var bytes: [UInt8] = []
    var (bits, count) = (0, 0)
    for letter in text.utf8 where letter != UInt8(ascii: "=") {
        bits = bits << 6 | Int(values[Int(letter)])
        count += 6
        if count >= 8 {
            count -= 8
            bytes.append(UInt8(truncatingIfNeeded: bits >> count))
            bits &= (1 << count) - 1
        }
    }
    return stride(from: 0, to: bytes.count, by: 4).map { at in
        Float(
            bitPattern: (0..<4).reduce(0) { $0 | UInt32(bytes[at + $1]) << UInt32(8 * $1) })
    }
}

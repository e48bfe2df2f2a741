// `textflix-bench training`: tokens a second of whole training steps, forward to optimiser.
//
// A step is one batch of texts of one length: forward with dropout, loss, backward, AdamW over all
// parameters. The median step after one to warm up counts. Its work is 6 operations a weight and
// token and 12 L n² H of attention a text: twice the forward pass's for the backward pass.

import CommandLineTable
import Encoder
import Gradients
import JSONText
import Numerics
import Syscalls
import Weights

enum TrainingBench {
    private static let model = Option("model", .folder("DIR"), "a model folder")
    private static let precision = Option(
        "precision", .choice(["f32", "bf16"]), default: "f32", "of the products")
    private static let texts = Option("texts", .integer(1...4096), default: "16", "in a batch")
    private static let length = Option(
        "length", .integer(1...4096), default: "256", "tokens of each text")
    private static let steps = Option("steps", .integer(1...10_000), default: "5", "to measure")
    private static let threads = Option(
        "threads", .integer(0...1024), default: "0", "0: one a processor")

    static let command = Command(
        "training", "tokens a second of training steps",
        options: [model, precision, texts, length, steps, threads],
        examples: [
            Example("textflix-bench training --model DIR --precision bf16", "16 texts of 256")
        ])

    static func run(_ line: Invocation) throws -> ExitStatus {
        guard let path = line.text(model) else { throw line.complaint("--model is needed") }
        var plan = NetworkPlan(head: .linear(.mean), labelCount: 2)
        let precision = line.choice(precision, Precision.self) ?? .f32
        plan.precision = precision
        let (kernels, pool) = (Kernels.best(), try WorkerPool(threads: line.integer(threads) ?? 0))
        pool.pinCaller()
        let network = try Network(ModelFolder.open(path), plan, kernels: kernels, pool: pool)
        let adamw = try AdamW(network.parameters, decay: 0.01, kernels: kernels, pool: pool)
        let count = line.integer(texts) ?? 16
        let length = min(line.integer(length) ?? 256, network.configuration.tokenLimit)
        let batch = batch(count, length, network.configuration.vocabularySize)
        let targets = (0..<count).flatMap { $0 % 2 == 0 ? [1, 0] : [0, 1] as [Float] }
        let rates: [Float?] = Array(repeating: 1e-5, count: network.layerCount + 2)
        var times: [Double] = []
        for step in 0...(line.integer(steps) ?? 5) {
            let start = MonotonicClock.now
            _ = try network.learn(
                batch, targets: targets, scale: 1 / Float(count), draw: UInt64(step))
            adamw.step(rates: rates, clip: 1)
            if step > 0 { times.append(Double(MonotonicClock.now.since(start)) / 1e9) }
        }
        let seconds = times.sorted()[times.count / 2]
        let limit = kernels.peakOperations(precision, pool: pool)
        let share = operations(network.configuration, count, length) / seconds / limit
        printOutput(report(kernels, plan, pool, count * length, seconds, limit, share).text)
        return .success
    }

    private static func batch(_ texts: Int, _ length: Int, _ vocabulary: Int) -> RaggedBatch {
        var batch = RaggedBatch()
        for text in 0..<texts {
            batch.append((0..<length).map { UInt32(($0 * 7919 + text * 31 + 1) % vocabulary) })
        }
        return batch
    }

    private static func operations(
        _ shape: BERTConfiguration, _ texts: Int, _ length: Int
    ) -> Double {
        let weights =
            4 * shape.hiddenSize * shape.hiddenSize
            + 2 * shape.hiddenSize * shape.feedForwardSize
        let attention = 12 * length * length * shape.hiddenSize
        return Double(shape.layerCount) * Double(texts)
            * (6 * Double(weights) * Double(length) + Double(attention))
    }

    private static func report(
        _ kernels: Kernels, _ plan: NetworkPlan, _ pool: WorkerPool, _ tokens: Int,
        _ seconds: Double, _ limit: Double, _ share: Double
    ) -> JSONWriter {
        var writer = JSONWriter(pretty: true)
        writer.beginObject()
        writer.member("isa", kernels.name)
        writer.member("precision", plan.precision.rawValue)
        let memory = ThisProcess.residentBytes
        for (key, value) in [
            ("threads", Double(pool.count)), ("step_milliseconds", seconds * 1e3),
            ("tokens_per_second", Double(tokens) / seconds), ("limit_gops", limit / 1e9),
            ("share_of_limit", share), ("private_mb", Double(memory.all - memory.ofFiles) / 1e6),
        ] {
            writer.member(key, (value * 1e3).rounded() / 1e3)
        }
        writer.endObject()
        return writer
    }
}

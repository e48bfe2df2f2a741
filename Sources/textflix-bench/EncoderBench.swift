// `textflix-bench encoder`: real tokens a second of the forward pass, over fixed workloads.
//
// No padding is counted: a token is one that a text has. Each workload is a list of texts and how
// many of them are sent at once; a round sends them all, and the median round counts. Shares are of
// the limit of the same precision, measured in the same run by register-only loops, on the nominal
// work of the architecture: 2 operations a weight and token, and 4 L n² H of attention a text (a
// walk that leaves out what the answer does not need gets credit for it).

import CommandLineTable
import Encoder
import JSONText
import Numerics
import Syscalls
import Weights

enum EncoderBench {
    private static let model = Option("model", .folder("DIR"), "a model folder")
    private static let precision = Option(
        "precision", .choice(["f32", "bf16", "int8"]), default: "int8", "number format")
    private static let workloads = Option(
        "workloads", .list("NAMES"), default: Workload.all.map(\.name).joined(separator: ","),
        "which of them")
    private static let threads = Option(
        "threads", .integer(0...1024), default: "0", "0: one a processor")
    private static let seconds = Option(
        "seconds", .integer(0...600), default: "4", "a workload, at least three rounds")
    private static let directory = Option(
        "cache-dir", .folder("DIR"), "map weights packed there; default: pack them in memory")
    private static let rounds = Option(
        "rounds", .integer(1...1 << 20), "exactly so many of each workload, after one to warm up")
    private static let smoke = Option("smoke", "one round of each, to see that it runs")

    static let command = Command(
        "encoder", "real tokens a second of a model's forward pass",
        options: [model, precision, workloads, threads, seconds, rounds, directory, smoke],
        examples: [
            Example(
                "textflix-bench encoder --model DIR --precision int8 --workloads 1x16,32x128",
                "two workloads")
        ])

    static func run(_ line: Invocation) throws -> ExitStatus {
        guard let path = line.text(model) else { throw line.complaint("--model is needed") }
        let names = line.list(workloads)
        for name in names where Workload.named(name) == nil {
            throw line.complaint("unknown workload \(name)")
        }
        let precision = line.choice(precision, Precision.self) ?? .int8
        let pace = Pace(
            seconds: line.has(smoke) ? 0 : Double(line.integer(seconds) ?? 4),
            rounds: line.integer(rounds))
        let start = MonotonicClock.now
        let model = try load(path, precision, line.text(directory).map(PackCache.init))
        let loadSeconds = Double(MonotonicClock.now.since(start)) / 1e9
        let pool = try WorkerPool(threads: line.integer(threads) ?? 0)
        let engine = try EncoderEngine(
            maxBatchTokens: Workload.mostTokens, threads: pool.count)
        engine.pinCaller()
        let limit = engine.kernels.peakOperations(precision, pool: pool)
        var writer = JSONWriter(pretty: true)
        writer.beginObject()
        writer.member("isa", engine.kernels.name)
        writer.member("precision", precision.rawValue)
        writer.member("threads", pool.count)
        writer.member("load_seconds", loadSeconds)
        writer.member("limit_gops", (limit / 1e9).rounded())
        writer.key("workloads")
        try writer.array(names) { writer, name in
            let workload = Workload.named(name)!
            let median = try measure(workload, model, engine, pace)
            write(workload, median, model, limit, to: &writer)
        }
        let memory = ThisProcess.residentBytes
        let privateMegabytes = (Double(memory.all - memory.ofFiles) / 1e5).rounded() / 10
        let mappedMegabytes = (Double(model.mappedBytes) / 1e5).rounded() / 10
        writer.member("private_mb", privateMegabytes)
        writer.member("mapped_mb", mappedMegabytes)
        writer.endObject()
        printOutput(writer.text)
        return .success
    }

    private static func load(
        _ path: String, _ precision: Precision, _ cache: PackCache?
    ) throws -> BERTModel {
        let folder = try ModelFolder.open(path) { cache?.revision(of: $0, folder: path) }
        cache?.remember(folder)
        return try BERTModel.load(folder: folder, precision: precision, cache: cache)
    }

    /// How long to measure.
    private struct Pace {
        /// 0: one round, not warmed up.
        let seconds: Double
        /// Exactly so many, whatever time they take.
        let rounds: Int?

        func isEnough(_ done: Int, _ spent: Double) -> Bool {
            if let rounds { return done >= rounds }
            return spent >= seconds && done >= 3 || spent >= 5 * seconds
        }
    }

    /// Seconds of the median round.
    private static func measure(
        _ workload: Workload, _ model: BERTModel, _ engine: EncoderEngine, _ pace: Pace
    ) throws -> Double {
        let batches = workload.batches(
            vocabulary: model.configuration.vocabularySize,
            positions: model.configuration.tokenLimit)
        var rounds: [Double] = []
        rounds.reserveCapacity(4096)
        var spent = 0.0
        if pace.seconds > 0 { try send(batches, model, engine) }
        repeat {
            let start = MonotonicClock.now
            try send(batches, model, engine)
            rounds.append(Double(MonotonicClock.now.since(start)) / 1e9)
            spent += rounds.last!
        } while !pace.isEnough(rounds.count, spent)
        return rounds.sorted()[rounds.count / 2]
    }

    private static func send(
        _ batches: [RaggedBatch], _ model: BERTModel, _ engine: EncoderEngine
    ) throws {
        for batch in batches {
            let walk = try engine.begin(model, batch, output: output(model))
            while walk.step() {}
            precondition(walk.isFinite(0))
            walk.end()
        }
    }

    private static func output(_ model: BERTModel) -> BatchWalk.Output {
        switch model.head {
        case .sequence: .logits
        case .token: .tokenLogits
        case .none: .embedding(.mean, normalize: false)
        }
    }

    private static func write(
        _ workload: Workload, _ seconds: Double, _ model: BERTModel, _ limit: Double,
        to writer: inout JSONWriter
    ) {
        let shape = model.configuration
        let weights =
            4 * shape.hiddenSize * shape.hiddenSize
            + 2 * shape.hiddenSize * shape.feedForwardSize
        let lengths = workload.lengths.map { min($0, shape.tokenLimit) }
        let tokens = lengths.reduce(0, +)
        let squares = lengths.reduce(0) { $0 + $1 * $1 }
        let operations =
            Double(shape.layerCount)
            * (2 * Double(weights) * Double(tokens) + 4 * Double(squares * shape.hiddenSize))
        let share = limit > 0 ? (operations / seconds / limit * 1000).rounded() / 1000 : 0
        writer.beginObject()
        writer.member("name", workload.name)
        writer.member("milliseconds", (seconds * 1e5).rounded() / 100)
        writer.member("tokens_per_second", (Double(tokens) / seconds).rounded())
        writer.member("share_of_limit", share)
        writer.endObject()
    }
}

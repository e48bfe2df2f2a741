// `textflix-bench kernels`: matrix products beside the processor's limit, measured in one run.
//
// The limit is a loop of the same dot-product instruction on registers alone, so a share says how
// much of the multipliers the whole product (loads, epilogue, stores) keeps busy. Weights of a
// shape lie in several copies, more than the caches hold, as layer follows layer in a model; few
// rows are therefore bound by memory, whose speed is measured too.

import CommandLineTable
import JSONText
import Numerics
import Syscalls

enum KernelBench {
    private static let isa = Option("isa", .text("NAME"), "instruction set (default: the best)")
    private static let threads = Option(
        "threads", .integer(0...1024), default: "0", "0: one a processor")
    private static let smoke = Option("smoke", "one round over small shapes, to see that it runs")

    static let command = Command(
        "kernels", "matrix products as a share of the processor's limit",
        options: [isa, threads, smoke],
        examples: [Example("textflix-bench kernels --threads 1", "on one core")])

    private struct Shape {
        let name: String
        let rows: Int
        let width: Int
        let columns: Int
        let epilogue: Epilogue
    }

    private static let shapes = [
        Shape(name: "attention", rows: 4096, width: 1024, columns: 1024, epilogue: .add),
        Shape(name: "intermediate", rows: 4096, width: 1024, columns: 4096, epilogue: .geluErf),
        Shape(name: "output", rows: 4096, width: 4096, columns: 1024, epilogue: .add),
        Shape(name: "attention, 1x128", rows: 128, width: 1024, columns: 1024, epilogue: .add),
        Shape(name: "output, 1x128", rows: 128, width: 4096, columns: 1024, epilogue: .add),
        Shape(name: "intermediate, 1x16", rows: 16, width: 1024, columns: 4096, epilogue: .geluErf),
        Shape(name: "output, 1x16", rows: 16, width: 4096, columns: 1024, epilogue: .add),
    ]

    static func run(_ line: Invocation) throws -> ExitStatus {
        var kernels = Kernels.best()
        if let name = line.text(isa) {
            guard let named = Kernels(isa: name) else {
                let names = Kernels.all.map(\.name).joined(separator: ", ")
                throw line.complaint("no instruction set \(name) here; there are \(names)")
            }
            kernels = named
        }
        let pool = try WorkerPool(threads: line.integer(threads) ?? 0)
        pool.pinCaller()
        let isSmoke = line.has(smoke)
        var writer = JSONWriter(pretty: true)
        writer.beginObject()
        writer.member("isa", kernels.name)
        writer.member("threads", pool.count)
        let memory = try kernels.peakMemoryBytes(pool: pool, byteCount: isSmoke ? 1 << 22 : 1 << 30)
        writer.member("memory_gb_per_second", (memory / 1e8).rounded() / 10)
        writer.key("products")
        writer.beginArray()
        for precision in Precision.allCases {
            let limit = kernels.peakOperations(precision, pool: pool)
            for shape in shapes {
                let bench = try ProductBench(
                    kernels: kernels, pool: pool, precision: precision,
                    rows: isSmoke ? min(shape.rows, 33) : shape.rows,
                    width: isSmoke ? shape.width / 8 : shape.width,
                    columns: isSmoke ? shape.columns / 8 : shape.columns,
                    copies: isSmoke ? 1 : 8, epilogue: shape.epilogue)
                let seconds = bench.median(rounds: isSmoke ? 1 : shape.rows > 1000 ? 5 : 31)
                write(shape.name, bench, seconds, limit, &writer)
            }
        }
        writer.endArray()
        writer.endObject()
        printOutput(writer.text)
        return .success
    }

    private static func write(
        _ name: String, _ bench: ProductBench, _ seconds: Double, _ limit: Double,
        _ writer: inout JSONWriter
    ) {
        let speed = bench.operations / seconds
        let share = limit > 0 ? (speed / limit * 1000).rounded() / 1000 : 0
        let memory = (Double(bench.weightBytes) / seconds / 1e8).rounded() / 10
        writer.beginObject()
        writer.member("precision", bench.precision.rawValue)
        writer.member("shape", name)
        writer.member("limit_gops", (limit / 1e9).rounded())
        writer.member("gops", (speed / 1e9).rounded())
        writer.member("share_of_limit", share)
        writer.member("weights_gb_per_second", memory)
        writer.endObject()
    }
}

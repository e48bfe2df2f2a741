// One product, over and over: blocks of rows go to lanes, or lanes share the columns, exactly as in
// the encoder's layers (`BlockPlan.layers`). Packing the activations is outside the measured time;
// the epilogue is inside.

import Encoder
import Numerics
import Syscalls

struct ProductBench {
    let precision: Precision
    private let kernels: Kernels
    private let pool: WorkerPool
    private let epilogue: Epilogue
    private let weights: [PackedMatrix]
    private let blocks: [PackedRows]
    private let bias: UnsafePointer<Float>
    private let outputs: [MutableMatrixView]
    private let arena: Arena
    private let lanesWorkAlone: Bool

    init(
        kernels: Kernels, pool: WorkerPool, precision: Precision, rows: Int, width: Int,
        columns: Int, copies: Int, epilogue: Epilogue
    ) throws {
        self.kernels = kernels
        self.pool = pool
        self.precision = precision
        self.epilogue = epilogue
        let plan = BlockPlan.layers
        lanesWorkAlone = plan.isAlone(rows, lanes: pool.count)
        let count = plan.blockCount(rows, lanes: pool.count)
        func cut(_ scratch: inout Scratch) -> ([PackedRows], [MutableMatrixView]) {
            let sizes = (0..<count).map { BlockPlan.block($0, of: count, rows).count }
            let packed = sizes.map {
                PackedRows(
                    rows: $0, width: width, precision: precision, kernels: kernels, in: &scratch)
            }
            return (packed, sizes.map { scratch.matrix(rows: $0, columns: columns) })
        }
        let size = Scratch.measure {
            _ = $0.matrix(rows: max(columns, plan.rows), columns: width)
            _ = $0.values(Float.self, columns)
            _ = cut(&$0)
        }
        arena = try Arena(byteCount: size)
        var scratch = arena.scratch
        let source = scratch.matrix(rows: max(columns, plan.rows), columns: width)
        let bias = scratch.values(Float.self, columns)
        Self.fill(source, bias, count: columns)
        self.bias = UnsafePointer(bias)
        (blocks, outputs) = cut(&scratch)
        for block in blocks {
            kernels.pack(source.rows(0..<block.rows), into: block, panels: 0..<block.panelCount)
        }
        weights = try (0..<copies).map { _ in
            try PackedMatrix(
                source.rows(0..<columns).readOnly, precision: precision, kernels: kernels,
                pool: pool)
        }
    }

    /// Weights and activations from -1 to 1, and a bias for each column.
    private static func fill(
        _ source: MutableMatrixView, _ bias: UnsafeMutablePointer<Float>, count: Int
    ) {
        bias.initialize(repeating: 0.5, count: count)
        for row in 0..<source.rows {
            for column in 0..<source.columns {
                source[row][column] = Float((row * 31 + column * 7919) % 255 - 127) / 127
            }
        }
    }

    var weightBytes: Int { weights.reduce(0) { $0 + $1.bytes.count } }

    var operations: Double {
        let rows = blocks.reduce(0) { $0 + $1.rows }
        return 2 * Double(rows) * Double(weights[0].columns) * Double(weights[0].width)
            * Double(weights.count)
    }

    /// Seconds of the median round over all copies of the weights.
    func median(rounds: Int) -> Double {
        let seconds = (0..<rounds).map { _ in
            let start = MonotonicClock.now
            pool.run { lane in
                for weight in weights { run(weight, lane) }
            }
            return Double(MonotonicClock.now.since(start)) / 1e9
        }
        return seconds.sorted()[rounds / 2]
    }

    private func run(_ weight: PackedMatrix, _ lane: Lane) {
        if lanesWorkAlone {
            lane.forEach(blocks.count) { product(weight, $0, 0..<weight.panelCount) }
        } else {
            for block in blocks.indices {
                product(weight, block, lane.share(of: weight.panelCount))
                lane.barrier()
            }
        }
    }

    private func product(_ weight: PackedMatrix, _ block: Int, _ panels: Range<Int>) {
        kernels.product(
            blocks[block], weight, bias: bias, epilogue, into: outputs[block], panels: panels)
    }
}

// A dense layer on its own, for heads: y = epilogue(x Wᵀ + b), on all lanes.

internal import Numerics

struct DensePass {
    let kernels: Kernels
    let pool: WorkerPool
    private var arena: Arena?

    init(kernels: Kernels, pool: WorkerPool) {
        self.kernels = kernels
        self.pool = pool
    }

    private static let plan = BlockPlan(rows: 98, leastRowsALane: 40)

    private func rows(_ count: Int, _ width: Int, _ scratch: inout Scratch) -> PackedRows {
        PackedRows(rows: count, width: width, precision: .f32, kernels: kernels, in: &scratch)
    }

    private func blockBytes(_ width: Int) -> Int {
        Scratch.measure { _ = rows(Self.plan.rows, width, &$0) }
    }

    /// Takes memory for inputs of that width.
    mutating func reserve(width: Int) throws(EncoderError) {
        let byteCount = (blockBytes(width) + 64) * (pool.count + 1)
        if let arena, arena.byteCount >= byteCount { return }
        do { arena = try Arena(byteCount: byteCount) } catch { throw .noMemory(bytes: byteCount) }
    }

    /// x [T, K] is left as it is; y [T, N].
    func run(
        _ x: MutableMatrixView, _ dense: PackedDense, _ epilogue: Epilogue,
        into y: MutableMatrixView
    ) {
        guard let arena else { preconditionFailure("a head used before it was reserved") }
        var scratch = arena.scratch
        let size = blockBytes(x.columns)
        let shared = scratch.piece(size)
        let own = (0..<pool.count).map { _ in scratch.piece(size) }
        pool.run { lane in
            lane.eachBlock(of: x.rows, Self.plan, alone: own[lane.index], together: shared) {
                team, block in
                var scratch = team.scratch
                let packed = rows(block.count, x.columns, &scratch)
                kernels.pack(
                    x.rows(block), into: packed, panels: team.share(of: packed.panelCount))
                team.barrier()
                kernels.product(
                    packed, dense.weight, bias: dense.bias, epilogue, into: y.rows(block),
                    panels: team.share(of: dense.weight.panelCount))
            }
        }
    }
}

// A dense layer on its own, for heads: y = epilogue(x Wᵀ + b), on all lanes.

internal import Numerics

struct DensePass {
    let kernels: Kernels
    let pool: WorkerPool
    private var arena: Arena?
    /// Scratch of a block that all lanes work on, and of each lane's own.
    private var shared: Scratch?
    private var own: [Scratch] = []

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
        let size = blockBytes(width)
        let byteCount = (size + 64) * (pool.count + 1)
        if let arena, arena.byteCount >= byteCount { return }
        let arena: Arena
        do { arena = try Arena(byteCount: byteCount) } catch { throw .noMemory(bytes: byteCount) }
        var scratch = arena.scratch
        shared = scratch.piece(size)
        own = (0..<pool.count).map { _ in scratch.piece(size) }
        self.arena = arena
    }

    /// x [T, K] is left as it is; y [T, N].
    func run(
        _ x: MutableMatrixView, _ dense: PackedDense, _ epilogue: Epilogue,
        into y: MutableMatrixView
    ) {
        guard let shared else { preconditionFailure("a head used before it was reserved") }
        pool.run(
            Work(pass: self, shared: shared, x: x, dense: dense, epilogue: epilogue, y: y))
    }

    private struct Work: LaneWork {
        let pass: DensePass
        let shared: Scratch
        let x: MutableMatrixView
        let dense: PackedDense
        let epilogue: Epilogue
        let y: MutableMatrixView

        func run(on lane: Lane) {
            let own = pass.own[lane.index]
            lane.eachBlock(of: x.rows, DensePass.plan, alone: own, together: shared) {
                team, block in
                var scratch = team.scratch
                let packed = pass.rows(block.count, x.columns, &scratch)
                pass.kernels.pack(
                    x.rows(block), into: packed, panels: team.share(of: packed.panelCount))
                team.barrier()
                pass.kernels.product(
                    packed, dense.weight, bias: dense.bias, epilogue, into: y.rows(block),
                    panels: team.share(of: dense.weight.panelCount))
            }
        }
    }
}

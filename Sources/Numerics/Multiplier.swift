// Products of matrices that change between one product and the next, as training has them.
//
// The right side is packed by all lanes into one shared piece of memory; then lanes draw blocks of
// rows of the left side, pack one at a time, and run it against all of the right side. A
// `SmallProduct` is the same for one lane alone, on scratch of its own: attention has many small
// products at once.
//
// Invariant: an element of the result is one sum in rising order of k, so it depends neither on
// blocks nor on the number of lanes.

internal import CKernels

package final class Multiplier {
    package let kernels: Kernels
    package let pool: WorkerPool
    private var arena: Arena?

    package init(kernels: Kernels, pool: WorkerPool) {
        self.kernels = kernels
        self.pool = pool
    }

    /// 4 panels of 14 rows, as in the encoder; where blocks are few, as many for each lane.
    fileprivate static let plan = BlockPlan(rows: 56, leastRowsALane: 1)

    /// c [M, N] = epilogue(a · b + bias).
    /// - Throws: when there is no memory for the packed sides.
    package func multiply(
        _ a: Factor, _ b: Factor, bias: UnsafePointer<Float>? = nil,
        _ epilogue: Epilogue = .store, precision: Precision, into c: MutableMatrixView
    ) throws(OutOfMemory) {
        precondition(a.length == b.length && c.rows == a.count && c.columns == b.count)
        var columns: PackedColumns?
        var blocks: [Scratch] = []
        func cut(_ scratch: inout Scratch) {
            columns = PackedColumns(
                columns: b.count, width: b.length, precision: precision, in: &scratch)
            let rows = min(a.count, Self.plan.rows)
            let block = Scratch.measure {
                _ = PackedRows(
                    rows: rows, width: a.length, precision: precision, kernels: kernels, in: &$0)
            }
            blocks = (0..<pool.count).map { _ in scratch.piece(block) }
        }
        let needed = Scratch.measure { cut(&$0) }
        if arena.map({ $0.byteCount < needed }) ?? true {
            arena = nil
            arena = try Arena(byteCount: needed)
        }
        guard var scratch = arena?.scratch else { return }
        cut(&scratch)
        guard let columns else { return }
        pool.run(
            Work(
                kernels: kernels, a: a, b: b, bias: bias, epilogue: epilogue, c: c,
                columns: columns, blocks: blocks))
    }

    private struct Work: LaneWork {
        let kernels: Kernels
        let a: Factor
        let b: Factor
        let bias: UnsafePointer<Float>?
        let epilogue: Epilogue
        let c: MutableMatrixView
        let columns: PackedColumns
        let blocks: [Scratch]

        func run(on lane: Lane) {
            kernels.pack(b, into: columns, panels: lane.share(of: columns.panelCount))
            lane.barrier()
            let count = plan.blockCount(c.rows, lanes: lane.count)
            lane.forEach(count) { index in
                let range = BlockPlan.block(index, of: count, c.rows)
                var scratch = blocks[lane.index]
                let rows = PackedRows(
                    rows: range.count, width: a.length, precision: columns.precision,
                    kernels: kernels, in: &scratch)
                kernels.pack(a.part(range), into: rows)
                kernels.product(rows, columns, bias: bias, epilogue, into: c.rows(range))
            }
        }
    }
}

/// A product of one thread.
package struct SmallProduct: Sendable {
    package let kernels: Kernels
    package let precision: Precision

    package init(kernels: Kernels, precision: Precision) {
        self.kernels = kernels
        self.precision = precision
    }

    /// c [M, N] = a · b, or with `.add` c + a · b.
    /// - Parameter scratch: at least `scratchBytes` of it; a copy of the cursor is used.
    package func multiply(
        _ a: Factor, _ b: Factor, _ epilogue: Epilogue = .store, into c: MutableMatrixView,
        scratch: Scratch
    ) {
        var scratch = scratch
        let columns = PackedColumns(
            columns: b.count, width: b.length, precision: precision, in: &scratch)
        let rows = PackedRows(
            rows: a.count, width: a.length, precision: precision, kernels: kernels, in: &scratch)
        kernels.pack(b, into: columns, panels: 0..<columns.panelCount)
        kernels.pack(a, into: rows)
        kernels.product(rows, columns, epilogue, into: c)
    }

    package func scratchBytes(rows: Int, columns: Int, length: Int) -> Int {
        Scratch.measure {
            _ = PackedColumns(columns: columns, width: length, precision: precision, in: &$0)
            _ = PackedRows(
                rows: rows, width: length, precision: precision, kernels: kernels, in: &$0)
        }
    }
}

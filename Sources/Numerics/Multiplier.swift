// Products of matrices that change between one product and the next, as training has them.
//
// The right side is packed by all lanes into one shared piece of memory; then lanes draw blocks of
// rows of the left side, pack one at a time, and run it against all of the right side. A long k,
// as in sums over all tokens of a batch, is done part by part, so that a block and a panel of the
// right side stay in the second-level cache. A `SmallProduct` is the same for one lane alone, on
// scratch of its own, in one part: attention has many small products at once.
//
// Invariant: an element of the result is made of sums in rising order of k, one a part, added in
// rising order; parts depend on the kernels, the precision and the length of k alone. So it depends
// neither on blocks nor on the number of lanes.

internal import CKernels

package final class Multiplier {
    package let kernels: Kernels
    package let pool: WorkerPool
    private var arena: Arena?

    package init(kernels: Kernels, pool: WorkerPool) {
        self.kernels = kernels
        self.pool = pool
    }

    /// Whole panels: 4 of 14 rows, 5 of 12; where blocks are few, as many for each lane.
    private func plan(_ precision: Precision) -> BlockPlan {
        let height = kernels.panelRows(precision)
        return BlockPlan(rows: 60 / height * height, leastRowsALane: 1)
    }

    /// c [M, N] = a · b + bias, or with `.add` c + a · b + bias.
    /// - Throws: when there is no memory for the packed sides.
    package func multiply(
        _ a: Factor, _ b: Factor, bias: UnsafePointer<Float>? = nil,
        _ epilogue: Epilogue = .store, precision: Precision, into c: MutableMatrixView
    ) throws(OutOfMemory) {
        precondition(a.length > 0 && (epilogue == .store || epilogue == .add))
        let length = partLength(a.length, precision)
        try multiplyPart(
            a.over(0..<length), b.over(0..<length), bias: bias, epilogue, precision, into: c)
        for start in stride(from: length, to: a.length, by: length) {
            let part = start..<min(start + length, a.length)
            try multiplyPart(a.over(part), b.over(part), bias: nil, .add, precision, into: c)
        }
    }

    /// As few parts as their limit allows, of equal length but for the last.
    private func partLength(_ length: Int, _ precision: Precision) -> Int {
        let most = kernels.partUnits * precision.valuesInUnit
        let count = max(1, (length + most - 1) / most)
        let aligned = 16 * precision.valuesInUnit
        return min(length, ((length + count - 1) / count + aligned - 1) / aligned * aligned)
    }

    private func multiplyPart(
        _ a: Factor, _ b: Factor, bias: UnsafePointer<Float>?, _ epilogue: Epilogue,
        _ precision: Precision, into c: MutableMatrixView
    ) throws(OutOfMemory) {
        precondition(a.length == b.length && c.rows == a.count && c.columns == b.count)
        let plan = plan(precision)
        var columns: PackedColumns?
        var blocks: [Scratch] = []
        func cut(_ scratch: inout Scratch) {
            columns = PackedColumns(
                columns: b.count, width: b.length, precision: precision, in: &scratch)
            let rows = min(a.count, plan.rows)
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
                columns: columns, plan: plan, blocks: blocks))
    }

    private struct Work: LaneWork {
        let kernels: Kernels
        let a: Factor
        let b: Factor
        let bias: UnsafePointer<Float>?
        let epilogue: Epilogue
        let c: MutableMatrixView
        let columns: PackedColumns
        let plan: BlockPlan
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

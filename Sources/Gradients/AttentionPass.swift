// Attention of every head over every text, forwards and backwards, a task a head and text.
//
//     S = q kᵀ (q is scaled already) + bias(j - i)      P = softmax(S)     P' = dropout(P)
//     context = P' v
//     dv = P'ᵀ dcontext      dP' = dcontext vᵀ      dS = P (dP - Σ dP P)
//     dq = dS k              dk = dSᵀ q             dbias(o) = Σ over j - i = o of dS
//
// P is computed again in the backward pass: n² floats a head would be most of the memory.
// Invariant: a task writes its own rows and columns only, so the order of tasks changes nothing.
//
// Letters: n tokens of one text, D head size, A heads.

internal import Encoder
internal import Numerics

struct AttentionPass {
    let product: SmallProduct
    let heads: Int
    let dropout: Dropout
    /// [A, 2 m - 1], the bias by head and j - i + m - 1, m of the longest text; nil: none.
    let bias: MatrixView?

    private var kernels: Kernels { product.kernels }

    /// Bytes of one lane's scratch.
    static func scratchBytes(_ product: SmallProduct, longest n: Int, headSize: Int) -> Int {
        let widest = max(n, headSize)
        let squares = Scratch.measure { for _ in 0..<3 { _ = $0.matrix(rows: n, columns: n) } }
        return squares + product.scratchBytes(rows: widest, columns: widest, length: widest)
    }

    /// One text and head.
    struct Task {
        let rows: Range<Int>
        let columns: Range<Int>
        let head: Int
        let index: Int
        let layer: Int
    }

    func task(_ index: Int, _ batch: RaggedBatch, hidden: Int, layer: Int) -> Task {
        let (text, head) = (index / heads, index % heads)
        let size = hidden / heads
        return Task(
            rows: batch.starts[text]..<batch.starts[text + 1],
            columns: head * size..<(head + 1) * size, head: head, index: index, layer: layer)
    }

    func forward(_ task: Task, _ record: LayerRecord, _ scratch: Scratch) {
        var scratch = scratch
        let n = task.rows.count
        let weights = scratch.matrix(rows: n, columns: n)
        self.weights(task, record, into: weights, scratch)
        kernels.drop(mask(task), weights, rows: 0..<n)
        product.multiply(
            .along(weights.readOnly), .down(cut(record.v, task).readOnly),
            into: cut(record.context, task), scratch: scratch)
    }

    /// - Parameter dContext: [T, H]; read where the task is.
    func backward(
        _ task: Task, _ record: LayerRecord, _ dContext: MutableMatrixView, _ pass: PassScratch,
        _ scratch: Scratch
    ) {
        var scratch = scratch
        let n = task.rows.count
        let weights = scratch.matrix(rows: n, columns: n)
        let dropped = scratch.matrix(rows: n, columns: n)
        let d = scratch.matrix(rows: n, columns: n)
        let dContext = cut(dContext, task).readOnly
        let (q, k, v) = (cut(record.q, task), cut(record.k, task), cut(record.v, task))
        self.weights(task, record, into: weights, scratch)
        for row in 0..<n { _ = dropped[row].update(from: weights[row]) }
        kernels.drop(mask(task), dropped, rows: 0..<n)
        product.multiply(
            .down(dropped.readOnly), .down(dContext), into: cut(pass.dv, task), scratch: scratch)
        product.multiply(.along(dContext), .along(v.readOnly), into: d, scratch: scratch)
        kernels.drop(mask(task), d, rows: 0..<n)
        kernels.softmaxBackward(weights.readOnly, d)
        product.multiply(
            .along(d.readOnly), .down(k.readOnly), into: cut(pass.dq, task), scratch: scratch)
        product.multiply(
            .down(d.readOnly), .down(q.readOnly), into: cut(pass.dk, task), scratch: scratch)
        if bias != nil { sumDiagonals(d, into: pass.biasGradients[task.index]) }
    }

    /// softmax(q kᵀ + bias) of the task, [n, n].
    private func weights(
        _ task: Task, _ record: LayerRecord, into weights: MutableMatrixView, _ scratch: Scratch
    ) {
        product.multiply(
            .along(cut(record.q, task).readOnly), .along(cut(record.k, task).readOnly),
            into: weights, scratch: scratch)
        if let bias {
            let n = weights.rows
            let centre = bias.base + task.head * bias.stride + (bias.columns - 1) / 2
            for row in 0..<n {
                kernels.accumulate(centre - row, count: n, into: weights[row].baseAddress!)
            }
        }
        kernels.softmax(weights)
    }

    /// Into [2 n - 1 of more] the sums over j - i, rising.
    private func sumDiagonals(
        _ d: MutableMatrixView, into sums: UnsafeMutableBufferPointer<Float>
    ) {
        let n = d.rows
        sums.update(repeating: 0)
        for row in 0..<n {
            kernels.accumulate(
                d[row].baseAddress!, count: n, into: sums.baseAddress! + (n - 1 - row))
        }
    }

    private func mask(_ task: Task) -> DropoutMask {
        dropout.mask(.attention, layer: task.layer, task: task.index)
    }

    private func cut(_ x: MutableMatrixView, _ task: Task) -> MutableMatrixView {
        x.rows(task.rows).columns(task.columns)
    }
}

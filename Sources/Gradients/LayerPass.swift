// One layer of a network in training, forwards and backwards.
//
//     attentionSum = x + drop(context Wo + bo)          middle = norm(attentionSum)
//     outputSum    = middle + drop(gelu(middle W1 + b1) W2 + b2)          y = norm(outputSum)
//
// Backwards the same lines are read from the last to the first; `d` holds the gradient of whatever
// the next line upwards made. Every line is one operation over all rows of the batch, on all lanes.
//
// Letters: T tokens, H hidden, F feed-forward.

internal import Encoder
internal import Numerics

struct LayerPass {
    let dense: DenseRunner
    let attention: AttentionPass
    let positions: RelativePositionTable?
    let dropout: Dropout
    let activation: Epilogue
    let batch: RaggedBatch
    let scratch: PassScratch

    private var kernels: Kernels { dense.multiplier.kernels }
    private var pool: WorkerPool { dense.multiplier.pool }

    func forward(
        _ layer: EncoderLayer, _ index: Int, _ x: MutableMatrixView, _ record: LayerRecord,
        into y: MutableMatrixView
    ) throws(OutOfMemory) {
        try dense.forward(x.readOnly, layer.query, into: record.q)
        try dense.forward(x.readOnly, layer.key, into: record.k)
        try dense.forward(x.readOnly, layer.value, into: record.v)
        scale(record.q)
        eachTask(index, x.columns) { task, lane in
            attention.forward(task, record, scratch.lanes[lane])
        }
        try dense.forward(
            record.context.readOnly, layer.attentionOutput, into: record.attentionSum)
        add(
            x, to: record.attentionSum, mask(.attentionOutput, index), layer.attentionNorm,
            into: record.middle)
        try dense.forward(record.middle.readOnly, layer.intermediate, into: record.wide)
        activate(record.wide, into: scratch.active)
        try dense.forward(scratch.active.readOnly, layer.output, into: record.outputSum)
        add(record.middle, to: record.outputSum, mask(.output, index), layer.outputNorm, into: y)
    }

    /// `scratch.d` is the gradient of y, and becomes that of x, unless nothing below needs one.
    func backward(
        _ layer: EncoderLayer, _ index: Int, _ x: MutableMatrixView, _ record: LayerRecord,
        isLowest: Bool
    ) throws(OutOfMemory) {
        let (d, e) = (scratch.d, scratch.e)
        normBackward(record.outputSum, layer.outputNorm, d, into: e)
        copy(e, into: d, mask(.output, index))
        activate(record.wide, into: scratch.active)
        try dense.learn(d.readOnly, scratch.active.readOnly, layer.output, thin: scratch.thin)
        try dense.backward(d.readOnly, layer.output, .store, into: scratch.dWide)
        activateBackward(record.wide, scratch.dWide)
        try dense.learn(
            scratch.dWide.readOnly, record.middle.readOnly, layer.intermediate, thin: scratch.thin)
        try dense.backward(scratch.dWide.readOnly, layer.intermediate, .add, into: e)
        normBackward(record.attentionSum, layer.attentionNorm, e, into: d)
        copy(d, into: e, mask(.attentionOutput, index))
        try dense.learn(
            e.readOnly, record.context.readOnly, layer.attentionOutput, thin: scratch.thin)
        // The context itself is no longer needed: its memory takes its gradient.
        try dense.backward(e.readOnly, layer.attentionOutput, .store, into: record.context)
        eachTask(index, x.columns) { task, lane in
            attention.backward(task, record, record.context, scratch, scratch.lanes[lane])
        }
        positions?.learn(scratch.biasGradients, batch)
        scale(scratch.dq)
        let parts = [
            (layer.query, scratch.dq), (layer.key, scratch.dk), (layer.value, scratch.dv),
        ]
        for (part, gradient) in parts {
            try dense.learn(gradient.readOnly, x.readOnly, part, thin: scratch.thin)
            if !isLowest { try dense.backward(gradient.readOnly, part, .add, into: d) }
        }
    }

    private func mask(_ site: Dropout.Site, _ layer: Int) -> DropoutMask {
        dropout.mask(site, layer: layer)
    }

    /// q / √D: scores then need no factor, and its gradient takes the same one.
    private func scale(_ q: MutableMatrixView) {
        let factor = 1 / Float(q.columns / attention.heads).squareRoot()
        eachRows(q.rows) { rows in
            for row in rows {
                kernels.scale(q.base + row * q.stride, count: q.columns, by: factor)
            }
        }
    }

    private func eachTask(
        _ layer: Int, _ hidden: Int, _ body: (AttentionPass.Task, _ lane: Int) -> Void
    ) {
        pool.run { lane in
            lane.forEach(batch.textCount * attention.heads) { index in
                body(attention.task(index, batch, hidden: hidden, layer: layer), lane.index)
            }
        }
    }

    private func eachRows(_ count: Int, _ body: (Range<Int>) -> Void) {
        pool.run { lane in body(lane.share(of: count)) }
    }

    /// sum = x + drop(sum); y = norm(sum)
    private func add(
        _ x: MutableMatrixView, to sum: MutableMatrixView, _ mask: DropoutMask, _ norm: Norm,
        into y: MutableMatrixView
    ) {
        eachRows(x.rows) { rows in
            kernels.drop(mask, sum, rows: rows)
            for row in rows {
                kernels.accumulate(
                    x[row].baseAddress!, count: x.columns, into: sum[row].baseAddress!)
                _ = y[row].update(from: sum[row])
            }
            kernels.layerNorm(y.rows(rows), norm.row)
        }
    }

    private func activate(_ x: MutableMatrixView, into y: MutableMatrixView) {
        eachRows(x.rows) { rows in
            for row in rows { _ = y[row].update(from: x[row]) }
            kernels.activate(y.rows(rows), activation)
        }
    }

    private func activateBackward(_ x: MutableMatrixView, _ d: MutableMatrixView) {
        eachRows(x.rows) { kernels.activateBackward(x.readOnly, d, activation, rows: $0) }
    }

    /// y = drop(x)
    private func copy(
        _ x: MutableMatrixView, into y: MutableMatrixView, _ mask: DropoutMask
    ) {
        eachRows(x.rows) { rows in
            for row in rows { _ = y[row].update(from: x[row]) }
            kernels.drop(mask, y, rows: rows)
        }
    }

    private func normBackward(
        _ x: MutableMatrixView, _ norm: Norm, _ dy: MutableMatrixView,
        into dx: MutableMatrixView
    ) {
        dense.normBackward(x.readOnly, norm, dy.readOnly, into: dx, scratch.statistics)
    }
}

extension DenseRunner {
    /// dx from dy, and the gradients of gamma and beta where they are trained.
    func normBackward(
        _ x: MatrixView, _ norm: Norm, _ dy: MatrixView, into dx: MutableMatrixView,
        _ statistics: RowStatistics
    ) {
        let kernels = multiplier.kernels
        multiplier.pool.run { lane in
            kernels.normBackward(
                x, norm.row, dy, into: dx, rows: lane.share(of: x.rows), statistics: statistics)
            lane.barrier()
            guard let gamma = norm.gammaGradient, let beta = norm.betaGradient else { return }
            kernels.normSums(
                x, dy, columns: lane.columns(of: x.columns), statistics: statistics, gamma: gamma,
                beta: beta)
        }
    }
}

// From the last hidden states of each text to logits, and back.
//
//     pooler     first token -> tanh(x P + p) -> drop -> x C + c        BERT's own
//     linear     first token or mean -> drop -> x C + c
//
// Letters: B texts, H hidden, C classes.

internal import Encoder
internal import Numerics
internal import Weights

struct SequenceHead {
    /// [H, H], of the pooler alone.
    let pooler: Dense?
    let classifier: Dense  // [C, H]
    let pooling: ModelSettings.Pooling
    let runner: DenseRunner

    /// What the backward pass needs again, [B, H] each but for the logits [B, C].
    struct Record {
        let pooled: MutableMatrixView
        /// Before the tanh.
        let inner: MutableMatrixView
        /// What the classifier multiplies.
        let input: MutableMatrixView
        let logits: MutableMatrixView
        let dInput, dPooled: MutableMatrixView

        init(texts: Int, hidden: Int, classes: Int, in scratch: inout Scratch) {
            func matrix() -> MutableMatrixView { scratch.matrix(rows: texts, columns: hidden) }
            (pooled, inner, input) = (matrix(), matrix(), matrix())
            (dInput, dPooled) = (matrix(), matrix())
            logits = scratch.matrix(rows: texts, columns: classes)
        }
    }

    private var kernels: Kernels { runner.multiplier.kernels }

    func forward(
        _ x: MutableMatrixView, _ batch: RaggedBatch, _ record: Record, _ mask: DropoutMask
    ) throws(OutOfMemory) {
        for text in 0..<batch.textCount {
            pool(x.rows(batch.range(ofText: text)), into: record.pooled[text])
        }
        if let pooler {
            try runner.forward(record.pooled.readOnly, pooler, into: record.inner)
            runner.copy(record.inner.readOnly, into: record.input)
            kernels.activate(record.input, .tanh)
        } else {
            runner.copy(record.pooled.readOnly, into: record.input)
        }
        kernels.drop(mask, record.input, rows: 0..<record.input.rows)
        try runner.forward(record.input.readOnly, classifier, into: record.logits)
    }

    private func pool(_ rows: MutableMatrixView, into sum: UnsafeMutableBufferPointer<Float>) {
        _ = sum.update(from: rows[0])
        guard pooling == .mean else { return }
        for row in 1..<max(rows.rows, 1) {
            kernels.accumulate(
                rows[row].baseAddress!, count: rows.columns, into: sum.baseAddress!)
        }
        kernels.scale(sum.baseAddress!, count: sum.count, by: 1 / Float(rows.rows))
    }

    /// - Parameters:
    ///   - record: its logits hold their gradient.
    ///   - d: becomes the gradient of the last hidden states [T, H].
    func backward(
        _ batch: RaggedBatch, _ record: Record, _ mask: DropoutMask, into d: MutableMatrixView
    ) throws(OutOfMemory) {
        try runner.learn(record.logits.readOnly, record.input.readOnly, classifier, thin: nil)
        try runner.backward(record.logits.readOnly, classifier, .store, into: record.dInput)
        kernels.drop(mask, record.dInput, rows: 0..<record.dInput.rows)
        var dPooled = record.dInput
        if let pooler {
            let all = 0..<record.inner.rows
            kernels.activateBackward(record.inner.readOnly, dPooled, .tanh, rows: all)
            try runner.learn(dPooled.readOnly, record.pooled.readOnly, pooler, thin: nil)
            try runner.backward(dPooled.readOnly, pooler, .store, into: record.dPooled)
            dPooled = record.dPooled
        }
        for text in 0..<batch.textCount {
            spread(dPooled[text], over: d.rows(batch.range(ofText: text)))
        }
    }

    private func spread(
        _ gradient: UnsafeMutableBufferPointer<Float>, over rows: MutableMatrixView
    ) {
        if pooling == .mean {
            kernels.scale(gradient.baseAddress!, count: gradient.count, by: 1 / Float(rows.rows))
        }
        for row in 0..<rows.rows {
            if row == 0 || pooling == .mean {
                _ = rows[row].update(from: gradient)
            } else {
                rows[row].update(repeating: 0)
            }
        }
    }
}

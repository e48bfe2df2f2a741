// The mathematics of BERT, one function a part, in the order in which the parts run.
//
//     x0 = norm(word + position + type)                                   embed
//     a  = norm(x + Wo · attention(Wq x, Wk x, Wv x))                     layer, first half
//     x' = norm(a + W2 · gelu(W1 a))                                      layer, second half
//     logits = C · tanh(P · x[CLS])   or   C · x   or   C · pooled(x)     head
//
// Matrices hold the tokens of all texts back to back; only attention knows where a text ends. Every
// other line treats rows alone, which is why a result cannot depend on who shares the batch.
//
// Letters: T tokens, H hidden, A heads, D = H / A, F feed-forward, n tokens of one text, C classes.

internal import Numerics
internal import Weights

internal import func Glibc.tanh

struct ForwardPass {
    let model: BERTModel
    let compute: Compute
    let scratch: LayerScratch

    private var hidden: Int { model.configuration.hiddenSize }

    /// x [T, H]
    func embed(_ batch: RaggedBatch, into x: MutableMatrixView) {
        let tables = model.embeddings
        for text in 0..<batch.textCount {
            let range = batch.range(ofText: text)
            for row in range {
                let sum = x[row]
                let word = tables.words[Int(batch.ids[row])]
                let position = tables.positions[row - range.lowerBound]
                let type = tables.type[0]
                // The reference adds in this order.
                for index in sum.indices {
                    sum[index] = (word[index] + type[index]) + position[index]
                }
                compute.normalize(x.readOnly[row], tables.norm, into: sum)
            }
        }
    }

    /// x [T, H] becomes the layer's output, in place.
    func layer(_ index: Int, _ batch: RaggedBatch, _ x: MutableMatrixView) {
        let layer = model.layers[index]
        let wide = scratch.wide.matrix(rows: x.rows, columns: 3 * hidden)  // [T, 3H]
        let context = scratch.context.matrix(rows: x.rows, columns: hidden)  // [T, H]
        let (q, k, v) = thirds(wide)
        compute.affine(x.readOnly, layer.query, into: q)
        compute.affine(x.readOnly, layer.key, into: k)
        compute.affine(x.readOnly, layer.value, into: v)
        for text in 0..<batch.textCount {
            let rows = batch.range(ofText: text)
            attention(
                q.rows(rows).readOnly, k.rows(rows).readOnly, v.rows(rows).readOnly,
                into: context.rows(rows))
        }
        secondHalf(layer, context, x)
    }

    /// The last layer for the first token of each text alone: its keys and values come from all
    /// tokens, everything else from `first` [texts, H], which becomes the output.
    func lastLayer(
        _ index: Int, _ batch: RaggedBatch, _ x: MutableMatrixView, into first: MutableMatrixView
    ) {
        let layer = model.layers[index]
        let wide = scratch.wide.matrix(rows: x.rows, columns: 3 * hidden)  // [T, 3H]
        let context = scratch.context.matrix(rows: first.rows, columns: hidden)  // [texts, H]
        let (q, k, v) = thirds(wide)
        for text in 0..<batch.textCount {
            _ = first[text].update(from: x[batch.starts[text]])
        }
        compute.affine(first.readOnly, layer.query, into: q.rows(0..<first.rows))
        compute.affine(x.readOnly, layer.key, into: k)
        compute.affine(x.readOnly, layer.value, into: v)
        for text in 0..<batch.textCount {
            let rows = batch.range(ofText: text)
            attention(
                q.rows(text..<text + 1).readOnly, k.rows(rows).readOnly, v.rows(rows).readOnly,
                into: context.rows(text..<text + 1))
        }
        secondHalf(layer, context, first)
    }

    private func thirds(
        _ wide: MutableMatrixView
    ) -> (MutableMatrixView, MutableMatrixView, MutableMatrixView) {
        (
            wide.columns(0..<hidden), wide.columns(hidden..<2 * hidden),
            wide.columns(2 * hidden..<3 * hidden)
        )
    }

    /// All heads of one text: q [m, H], k and v [n, H], context [m, H].
    private func attention(
        _ q: MatrixView, _ k: MatrixView, _ v: MatrixView, into context: MutableMatrixView
    ) {
        let size = model.configuration.headSize
        let scale = 1 / Float(size).squareRoot()
        let block = scratch.scores.matrix(rows: q.rows, columns: k.rows)  // [m, n]
        for head in 0..<model.configuration.attentionHeads {
            let columns = head * size..<(head + 1) * size
            compute.attentionWeights(
                q.columns(columns), k.columns(columns), scale: scale, into: block)
            compute.attend(
                block.readOnly, v.columns(columns), into: context.columns(columns))
        }
    }

    /// From attention's result to the layer's output: x is the layer's input and becomes its
    /// output.
    private func secondHalf(
        _ layer: EncoderLayer, _ context: MutableMatrixView, _ x: MutableMatrixView
    ) {
        let sum = scratch.sum.matrix(rows: x.rows, columns: hidden)  // [T, H]
        compute.affine(context.readOnly, layer.attentionOutput, into: sum)
        compute.addAndNormalize(x.readOnly, sum, layer.attentionNorm, into: x)
        let wide = scratch.wide.matrix(
            rows: x.rows, columns: model.configuration.feedForwardSize)  // [T, F]
        compute.affine(x.readOnly, layer.intermediate, into: wide)
        compute.activate(wide, model.configuration.activation)
        compute.affine(wide.readOnly, layer.output, into: sum)
        compute.addAndNormalize(x.readOnly, sum, layer.outputNorm, into: x)
    }

    /// vectors [texts, H]: each text's first token (`first` [texts, H]), or the mean of its tokens
    /// (`states` [T, H]).
    func pool(
        _ batch: RaggedBatch, _ states: MutableMatrixView, _ first: MutableMatrixView,
        _ pooling: ModelSettings.Pooling, normalize: Bool, into vectors: MutableMatrixView
    ) {
        for text in 0..<batch.textCount {
            let vector = vectors[text]
            switch pooling {
            case .cls: _ = vector.update(from: first[text])
            case .mean: mean(states.rows(batch.range(ofText: text)), into: vector)
            }
            if normalize { scaleToUnitLength(vector) }
        }
    }

    private func mean(_ rows: MutableMatrixView, into vector: UnsafeMutableBufferPointer<Float>) {
        vector.update(repeating: 0)
        for row in 0..<rows.rows { compute.add(rows.readOnly[row], to: vector) }
        let scale = 1 / Float(rows.rows)
        for index in vector.indices { vector[index] *= scale }
    }

    /// As the reference: a length under 1e-12 counts as 1e-12.
    private func scaleToUnitLength(_ vector: UnsafeMutableBufferPointer<Float>) {
        let values = UnsafeBufferPointer(vector)
        let length = Reference.dot(values, values).squareRoot()
        let scale = Float(1 / max(length, 1e-12))
        for index in vector.indices { vector[index] *= scale }
    }

    /// BERT's pooler: y [texts, H] = tanh(x · Wᵀ + b)
    func tanhDense(_ x: MatrixView, _ dense: Dense, into y: MutableMatrixView) {
        compute.affine(x, dense, into: y)
        for row in 0..<y.rows {
            let values = y[row]
            for index in values.indices { values[index] = Float(tanh(Double(values[index]))) }
        }
    }

    /// logits [rows, C]
    func classify(_ x: MatrixView, _ dense: Dense, into logits: MutableMatrixView) {
        compute.affine(x, dense, into: logits)
    }
}

// The mathematics of BERT and MPNet, one function a part, in the order in which the parts run.
//
//     x0 = norm(word + position + type)       MPNet: no type              embed
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

struct ForwardPass {
    let model: BERTModel
    let layers: LayerPass
    let heads: DensePass

    private var hidden: Int { model.configuration.hiddenSize }

    /// x [T, H], the norm of the sums still to be done.
    func embed(_ batch: RaggedBatch, into x: MutableMatrixView) {
        layers.pool.run(Embedding(pass: self, batch: batch, x: x))
    }

    private struct Embedding: LaneWork {
        let pass: ForwardPass
        let batch: RaggedBatch
        let x: MutableMatrixView

        func run(on lane: Lane) {
            let tables = pass.model.embeddings
            for text in lane.share(of: batch.textCount) {
                let range = batch.range(ofText: text)
                for row in range {
                    let position = tables.positions[row - range.lowerBound]
                    // The reference adds in this order.
                    pass.layers.kernels.sum(
                        tables.words[Int(batch.ids[row])].baseAddress!,
                        (tables.type?[0] ?? position).baseAddress!,
                        tables.type == nil ? nil : position.baseAddress!,
                        count: pass.hidden, into: x.base + row * x.stride)
                }
            }
        }
    }

    /// x [T, H] becomes the layer's output, in place; its last norm is left to the next layer.
    func layer(_ index: Int, _ batch: RaggedBatch, _ x: MutableMatrixView) {
        layers.layer(model.layers[index], after: normBefore(index), batch, x)
    }

    /// The last layer for the first token of each text alone: `first` [texts, H].
    func lastLayer(
        _ index: Int, _ batch: RaggedBatch, _ x: MutableMatrixView, into first: MutableMatrixView
    ) {
        layers.lastLayer(model.layers[index], after: normBefore(index), batch, x, into: first)
    }

    /// Does what the last layer left to do.
    func normalize(_ x: MutableMatrixView) {
        let norm = normBefore(model.layers.count)
        layers.pool.run(Norm(kernels: layers.kernels, norm: norm, x: x))
    }

    private struct Norm: LaneWork {
        let kernels: Kernels
        let norm: RowNorm
        let x: MutableMatrixView

        func run(on lane: Lane) { kernels.layerNorm(x.rows(lane.share(of: x.rows)), norm) }
    }

    private func normBefore(_ layer: Int) -> RowNorm {
        layer == 0 ? model.embeddings.norm : model.layers[layer - 1].outputNorm
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
        for row in 0..<rows.rows {
            for (index, value) in rows[row].enumerated() { vector[index] += value }
        }
        let scale = 1 / Float(rows.rows)
        for index in vector.indices { vector[index] *= scale }
    }

    /// As the reference: a length under 1e-12 counts as 1e-12.
    private func scaleToUnitLength(_ vector: UnsafeMutableBufferPointer<Float>) {
        let squares = vector.reduce(0.0) { $0 + Double($1) * Double($1) }
        let scale = Float(1 / max(squares.squareRoot(), 1e-12))
        for index in vector.indices { vector[index] *= scale }
    }

    /// BERT's pooler: y [texts, H] = tanh(x · Wᵀ + b)
    func tanhDense(_ x: MutableMatrixView, _ dense: PackedDense, into y: MutableMatrixView) {
        heads.run(x, dense, .tanh, into: y)
    }

    /// logits [rows, C]
    func classify(_ x: MutableMatrixView, _ dense: PackedDense, into logits: MutableMatrixView) {
        heads.run(x, dense, .store, into: logits)
    }
}

// One batch on its way through the layers, a step at a time, so that another batch can go between
// two steps.
//
//     let walk = try engine.begin(model, batch, output: .logits)
//     while walk.step() { /* run something more urgent here */ }
//     read walk.output, walk.isFinite(row)
//     walk.end()
//
// Invariant: the hidden states are the walk's own; everything else that a layer touches is scratch.
// `output` is valid from the step that returned false until `end`. A walk belongs to its engine and
// is used again: holding one after `end` is an error.

package import Numerics
package import Weights

package final class BatchWalk {
    package enum Output: Sendable, Equatable {
        /// [texts, C] of the sequence head.
        case logits
        /// [T, C] of the token head.
        case tokenLogits
        /// [texts, H]
        case embedding(ModelSettings.Pooling, normalize: Bool)
    }

    private unowned let engine: EncoderEngine
    private var model: BERTModel?
    private(set) var batch = RaggedBatch()
    /// Layers are run once over all texts, and once more over those in doubt, if there are any.
    private enum Phase { case first, review, done }

    private var wanted = Output.logits
    private var nextLayer = 0
    private var phase = Phase.first

    /// The hidden states [T, H]; after a last layer that keeps first tokens only, [texts, H].
    private var hidden = FloatBlock()
    /// First tokens of the texts and what heads make of them [texts, H].
    private var firsts = FloatBlock()
    private var pooled = FloatBlock()
    private var result = FloatBlock()
    private var resultShape = (rows: 0, columns: 0)

    /// Texts in doubt, and the first logits [texts, C] of all.
    private var review = Review()
    private var firstLogits = FloatBlock()

    init(engine: EncoderEngine) { self.engine = engine }

    var isFree: Bool { model == nil }

    func reserve(tokens: Int, for model: BERTModel) throws(EncoderError) {
        let rows = tokens
        let hiddenSize = model.configuration.hiddenSize
        try hidden.reserve(rows * hiddenSize)
        try firsts.reserve(rows * hiddenSize)
        try pooled.reserve(rows * hiddenSize)
        try result.reserve(rows * max(hiddenSize, model.head.labels.count))
        batch.reserve(tokens: tokens, texts: tokens)
        guard model.secondLook != nil else { return }
        try firstLogits.reserve(rows * model.head.labels.count)
        review.reserve(tokens: tokens)
    }

    func begin(
        _ model: BERTModel, _ batch: RaggedBatch, _ output: Output
    ) throws(EncoderError) {
        switch (output, model.head) {
        case (.logits, .sequence), (.tokenLogits, .token), (.embedding, _): break
        case (.logits, _): throw .noSuchOutput("the model has no head that classifies texts")
        default: throw .noSuchOutput("the model has no head that labels tokens")
        }
        self.model = model
        self.batch.copy(batch)
        wanted = output
        nextLayer = 0
        phase = .first
        review.removeAll()
    }

    /// Computes one more layer; with the last one also the output.
    /// - Returns: whether there is more to do.
    @discardableResult
    package func step() -> Bool {
        guard let asked = model, phase != .done else { return false }
        let model = phase == .review ? asked.secondLook?.model ?? asked : asked
        let batch = phase == .review ? review.batch : self.batch
        let pass = engine.pass(model)
        let tokens = batch.tokenCount
        let states = hidden.matrix(rows: tokens, columns: model.hiddenSize)  // [T, H]
        if nextLayer == 0 { pass.embed(batch, into: states) }
        let isLast = nextLayer == model.layers.count - 1
        if isLast && keepsFirstTokensOnly(model) {
            let rows = firsts.matrix(rows: batch.textCount, columns: model.hiddenSize)
            pass.lastLayer(nextLayer, batch, states, into: rows)
            pass.normalize(rows)
        } else {
            pass.layer(nextLayer, batch, states)
            if isLast { pass.normalize(states) }
        }
        nextLayer += 1
        if isLast {
            finish(model, batch, pass, states)
            if phase == .review { mergeReview() }
            phase = phase == .first && beginReview(model) ? .review : .done
        }
        return phase != .done
    }

    /// Texts that were computed again, because their logits in int8 were too close to call.
    package var secondLooks: Int { review.rows.count }

    private func beginReview(_ model: BERTModel) -> Bool {
        guard wanted == .logits, let look = model.secondLook else { return false }
        review.take(batch, result(resultShape.rows, resultShape.columns).readOnly, look, model)
        guard secondLooks > 0 else { return false }
        let all = firstLogits.matrix(rows: resultShape.rows, columns: resultShape.columns)
        for row in 0..<all.rows { _ = all[row].update(from: output(row)) }
        nextLayer = 0
        return true
    }

    private func mergeReview() {
        let all = firstLogits.matrix(rows: batch.textCount, columns: resultShape.columns)
        for (place, row) in review.rows.enumerated() { _ = all[row].update(from: output(place)) }
        let merged = result(all.rows, all.columns)
        for row in 0..<all.rows { _ = merged[row].update(from: all[row]) }
    }

    private func output(_ row: Int) -> UnsafeBufferPointer<Float> {
        result.matrix(rows: resultShape.rows, columns: resultShape.columns).readOnly[row]
    }

    /// The answer; see `Output` for its shape.
    package var output: MatrixView {
        precondition(phase == .done)
        return result.matrix(rows: resultShape.rows, columns: resultShape.columns).readOnly
    }

    /// Whether all of a row of the output are numbers. A row that is not is that text's error.
    package func isFinite(_ row: Int) -> Bool { output[row].allSatisfy(\.isFinite) }

    /// Gives the walk back to its engine, finished or not.
    package func end() {
        model = nil
        phase = .first
        batch.removeAll()
    }

    /// Is the answer made of nothing but each text's first token? Then the last layer need not
    /// compute the others.
    private func keepsFirstTokensOnly(_ model: BERTModel) -> Bool {
        switch (wanted, model.headLayers) {
        case (.embedding(let pooling, _), _): pooling == .cls
        case (.logits, .pooler): true
        case (.logits, .linear(_, let pooling, _)): pooling == .cls
        default: false
        }
    }

    private func finish(
        _ model: BERTModel, _ batch: RaggedBatch, _ pass: ForwardPass, _ states: MutableMatrixView
    ) {
        let texts = batch.textCount
        let rows = firsts.matrix(rows: texts, columns: model.hiddenSize)  // [texts, H]
        switch (wanted, model.headLayers) {
        case (.embedding(let pooling, let normalize), _):
            let vectors = result(texts, model.hiddenSize)
            pass.pool(batch, states, rows, pooling, normalize: normalize, into: vectors)
        case (.logits, .linear(let head, let pooling, let normalize)):
            let vectors = pooled.matrix(rows: texts, columns: model.hiddenSize)
            pass.pool(batch, states, rows, pooling, normalize: normalize, into: vectors)
            pass.classify(vectors, head, into: result(texts, head.weight.columns))
        case (.logits, .pooler(let dense, let classifier)):
            let vectors = pooled.matrix(rows: texts, columns: model.hiddenSize)
            pass.tanhDense(rows, dense, into: vectors)
            pass.classify(vectors, classifier, into: result(texts, classifier.weight.columns))
        case (.tokenLogits, .token(let classifier)):
            let logits = result(batch.tokenCount, classifier.weight.columns)
            pass.classify(states, classifier, into: logits)
        default:
            preconditionFailure("begin has checked the output against the head")
        }
    }

    private func result(_ rows: Int, _ columns: Int) -> MutableMatrixView {
        resultShape = (rows, columns)
        return result.matrix(rows: rows, columns: columns)
    }
}

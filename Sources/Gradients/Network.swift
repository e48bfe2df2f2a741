// An encoder and a head that learn.
//
//     let network = try Network(folder, plan, kernels: kernels, pool: pool)
//     loss = try network.learn(batch, targets: ..., scale: 1 / 16, draw: 7)   adds to the gradients
//     norm = adamw.step(network.parameters, ...)                              changes the weights
//     logits = try network.logits(batch)                                      as it would answer
//
// Invariant: for a seed, all numbers are the same bit for bit on any number of threads, and the
// gradients of a batch do not depend on what was computed before. It knows tokens and targets: no
// text, no schedule, no file but the folder it starts from.

package import Encoder
package import Numerics
package import Weights

package final class Network {
    package let plan: NetworkPlan
    package let parameters: ParameterSet
    package let layerCount: Int
    package let configuration: BERTConfiguration

    /// Parameters of a smaller depth are left alone, and the backward pass does not go there:
    /// 0 all, l without what is below layer l, `layerCount` + 1 the head only.
    package var lowestTrained = 0

    private let places: ParameterPlaces
    private let runner: DenseRunner
    private let tables: EmbeddingTables
    private let positions: RelativePositionTable?
    private let layers: [EncoderLayer]
    private let memory = TapeMemory()
    private var mergedVersion = -1

    private var pool: WorkerPool { runner.multiplier.pool }
    private var kernels: Kernels { runner.multiplier.kernels }

    /// - Throws: when there is no memory, or the plan asks for layers that are not there.
    package init(
        _ folder: ModelFolder, _ plan: NetworkPlan, kernels: Kernels, pool: WorkerPool
    ) throws(NetworkError) {
        precondition(plan.precision != .int8, "training is in f32 or bf16")
        self.plan = plan
        configuration = folder.configuration
        layerCount = configuration.layerCount
        parameters = try ParameterSet(folder, plan)
        places = ParameterPlaces(
            parameters, epsilon: configuration.layerNormEpsilon, adapters: plan.adapters)
        runner = DenseRunner(
            multiplier: Multiplier(kernels: kernels, pool: pool), precision: plan.precision)
        tables = EmbeddingTables(
            parameters, places, firstPosition: configuration.family.positionOffset)
        positions = RelativePositionTable(parameters)
        var layers: [EncoderLayer] = []
        for index in 0..<configuration.layerCount {
            layers.append(try EncoderLayer(index, places))
        }
        self.layers = layers
    }

    /// Forward with dropout, loss, backward: adds `scale` times the gradient of the batch's summed
    /// loss to the gradients.
    /// - Parameters:
    ///   - targets: [texts, C], a distribution each.
    ///   - draw: the seed of what is dropped; the same draw drops the same.
    package func learn(
        _ batch: RaggedBatch, targets: [Float], scale: Float, draw: UInt64
    ) throws(NetworkError) -> Loss {
        precondition(targets.count == batch.textCount * plan.labelCount)
        let site = Dropout(plan.headDropout, draw: draw)
        return try withMemory { () throws(OutOfMemory) in
            let (tape, head, record) = try self.head(batch, keepsTape: true)
            let pass = self.pass(batch, tape, Dropout(plan.dropout, draw: draw))
            try forward(pass, batch, tape)
            try head.forward(tape.last, batch, record, site.mask(.head))
            let loss = score(record.logits, targets, scale)
            try head.backward(batch, record, site.mask(.head), into: tape.scratch.d)
            try backward(pass, batch, tape)
            return loss
        }
    }

    /// As `learn`, for words that were masked in the batch.
    package func learnMasked(
        _ batch: RaggedBatch, _ masked: [MaskedToken], scale: Float, draw: UInt64
    ) throws(NetworkError) -> Loss {
        guard !masked.isEmpty else { return Loss() }
        let bias = "cls.predictions.bias", words = "embeddings.word_embeddings.weight"
        return try withMemory { () throws(OutOfMemory) in
            let (hidden, vocabulary) = (configuration.hiddenSize, configuration.vocabularySize)
            let (tape, record) = try memory.take(shape(batch, keepsTape: true)) {
                MaskedHead.Record(
                    masked: masked.count, hidden: hidden, vocabulary: vocabulary, in: &$0)
            }
            let head = MaskedHead(
                words: tables.words.readOnly, wordGradients: parameters.gradientMatrix(words),
                bias: parameters.vector(bias), biasGradient: parameters.gradientVector(bias),
                runner: runner)
            let pass = self.pass(batch, tape, Dropout(plan.dropout, draw: draw))
            try forward(pass, batch, tape)
            let loss = try head.learn(
                tape.last, masked, scale: scale, record, into: tape.scratch.d)
            try backward(pass, batch, tape)
            return loss
        }
    }

    /// [texts, C], nothing dropped, nothing kept.
    package func logits(_ batch: RaggedBatch) throws(NetworkError) -> [Float] {
        try withMemory { () throws(OutOfMemory) in
            let (tape, head, record) = try self.head(batch, keepsTape: false)
            try forward(pass(batch, tape, Dropout(0, draw: nil)), batch, tape)
            try head.forward(tape.last, batch, record, DropoutMask(probability: 0, key: 0))
            return (0..<batch.textCount).flatMap { Array(record.logits[$0]) }
        }
    }
}

// MARK: - The passes

extension Network {
    private func withMemory<Result>(
        _ body: () throws(OutOfMemory) -> Result
    ) throws(NetworkError) -> Result {
        do throws(OutOfMemory) { return try body() } catch {
            throw .noMemory(bytes: error.byteCount)
        }
    }

    private func shape(_ batch: RaggedBatch, keepsTape: Bool) -> TapeShape {
        let longest = (0..<batch.textCount).map { batch.range(ofText: $0).count }.max() ?? 1
        precondition(longest <= configuration.tokenLimit)
        let attention = AttentionPass.scratchBytes(
            product, longest: longest, headSize: configuration.headSize)
        return TapeShape(
            tokens: batch.tokenCount, texts: batch.textCount, longest: longest,
            hidden: configuration.hiddenSize, feedForward: configuration.feedForwardSize,
            heads: configuration.attentionHeads, layers: layerCount,
            rank: plan.adapters?.rank ?? 0, lanes: pool.count, hasRelativeBias: positions != nil,
            firstKept: keepsTape ? firstLayerTrained : layerCount, attentionBytes: attention)
    }

    /// The lowest layer that has anything to learn, or `layerCount`.
    private var firstLayerTrained: Int { max(0, min(lowestTrained - 1, layerCount)) }

    private var trainsEmbeddings: Bool { lowestTrained == 0 && plan.adapters == nil }

    private var product: SmallProduct { SmallProduct(kernels: kernels, precision: plan.precision) }

    private func pass(_ batch: RaggedBatch, _ tape: Tape, _ dropout: Dropout) -> LayerPass {
        let attention = AttentionPass(
            product: product, heads: configuration.attentionHeads, dropout: dropout,
            bias: positions == nil ? nil : tape.scratch.bias.readOnly)
        return LayerPass(
            dense: runner, attention: attention, positions: positions, dropout: dropout,
            activation: Epilogue(configuration.activation), batch: batch, scratch: tape.scratch)
    }

    private func head(
        _ batch: RaggedBatch, keepsTape: Bool
    ) throws(OutOfMemory) -> (Tape, SequenceHead, SequenceHead.Record) {
        let pooling: ModelSettings.Pooling
        let (pooler, name): (String?, String)
        switch plan.head {
        case .pooler: (pooling, pooler, name) = (.cls, "pooler.dense", "classifier")
        case .linear(let wanted): (pooling, pooler, name) = (wanted, nil, "head")
        case .masked: preconditionFailure("a network for masked words has no labels")
        }
        let head = SequenceHead(
            pooler: pooler.map(plainDense), classifier: plainDense(name), pooling: pooling,
            runner: runner)
        let (texts, hidden) = (batch.textCount, configuration.hiddenSize)
        let (tape, record) = try memory.take(shape(batch, keepsTape: keepsTape)) {
            SequenceHead.Record(
                texts: texts, hidden: hidden, classes: plan.labelCount, in: &$0)
        }
        return (tape, head, record)
    }

    private func plainDense(_ name: String) -> Dense {
        Dense(
            weight: parameters.matrix(name + ".weight").readOnly,
            bias: parameters.vector(name + ".bias"),
            weightGradient: parameters.gradientMatrix(name + ".weight"),
            biasGradient: parameters.gradientVector(name + ".bias"), adapter: nil)
    }

    private func forward(
        _ pass: LayerPass, _ batch: RaggedBatch, _ tape: Tape
    ) throws(OutOfMemory) {
        try mergeAdapters()
        positions?.spread(into: tape.scratch.bias)
        embedding(batch, pass.dropout).forward(tape.embedded, into: tape.state(0))
        for (index, layer) in layers.enumerated() {
            try pass.forward(
                layer, index, tape.state(index), tape.record(index), into: tape.state(index + 1))
        }
    }

    /// `scratch.d` holds the gradient of the last hidden states.
    private func backward(
        _ pass: LayerPass, _ batch: RaggedBatch, _ tape: Tape
    ) throws(OutOfMemory) {
        let lowest = firstLayerTrained
        for index in (lowest..<max(lowest, layerCount)).reversed() {
            try pass.backward(
                layers[index], index, tape.state(index), tape.record(index),
                isLowest: index == lowest && !trainsEmbeddings)
        }
        guard trainsEmbeddings else { return }
        let scratch = tape.scratch
        embedding(batch, pass.dropout).backward(
            tape.embedded, scratch.d, scratch.e, scratch.statistics)
    }

    private func embedding(_ batch: RaggedBatch, _ dropout: Dropout) -> EmbeddingPass {
        EmbeddingPass(tables: tables, runner: runner, dropout: dropout, batch: batch)
    }

    private func mergeAdapters() throws(OutOfMemory) {
        guard let adapters = plan.adapters, mergedVersion != parameters.version else { return }
        let widest = max(configuration.hiddenSize, configuration.feedForwardSize)
        func cut(_ scratch: inout Scratch) -> MutableMatrixView {
            scratch.matrix(rows: widest, columns: adapters.rank)
        }
        let arena = try Arena(byteCount: Scratch.measure { _ = cut(&$0) })
        defer { withExtendedLifetime(arena) {} }
        var scratch = arena.scratch
        let room = cut(&scratch)
        for dense in layers.flatMap(\.denses) {
            if let adapter = dense.adapter { try runner.merge(adapter, room) }
        }
        mergedVersion = parameters.version
    }

    private func score(_ logits: MutableMatrixView, _ targets: [Float], _ scale: Float) -> Loss {
        var loss = Loss()
        targets.withUnsafeBufferPointer { targets in
            for row in 0..<logits.rows {
                let own = row * logits.columns..<(row + 1) * logits.columns
                loss += CrossEntropy.replace(
                    logits[row], UnsafeBufferPointer(rebasing: targets[own]), scale: scale)
            }
        }
        return loss
    }
}

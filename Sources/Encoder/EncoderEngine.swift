// Runs batches through models: one engine for each engine thread of the service.
//
// Invariant: at most `walksInFlight` batches are under way, each advanced one layer at a time by
// whoever holds its walk, all on one thread. A result never depends on what else is under way, on
// who shares the batch, or on the number of threads. After `reserve` for the largest model nothing
// is allocated.

package import Numerics
internal import Weights

package final class EncoderEngine {
    package static let walksInFlight = 2

    package let maxBatchTokens: Int
    package let kernels: Kernels
    /// Free for other work whenever no walk is in a step.
    package let pool: WorkerPool
    private let scratch: LayerScratch
    private var heads: DensePass
    private var walks: [BatchWalk] = []

    /// - Parameters:
    ///   - maxBatchTokens: the most tokens that one batch may have; all workspace is sized by it.
    ///   - threads: that compute, the caller's included; 0 for one a processor.
    package init(
        maxBatchTokens: Int, threads: Int = 0, kernels: Kernels = .best()
    ) throws(EncoderError) {
        precondition(maxBatchTokens > 0)
        self.maxBatchTokens = maxBatchTokens
        self.kernels = kernels
        do { pool = try WorkerPool(threads: threads) } catch {
            throw .noMemory(bytes: error.byteCount)
        }
        scratch = LayerScratch(kernels: kernels, lanes: pool.count)
        heads = DensePass(kernels: kernels, pool: pool)
        for _ in 0..<Self.walksInFlight { walks.append(BatchWalk(engine: self)) }
    }

    /// Binds the calling thread, which is to advance the walks, to the processor that the engine's
    /// other threads leave free.
    package func pinCaller() { pool.pinCaller() }

    /// Takes the memory that this model needs, so that no batch ever does. `begin` does it too.
    package func reserve(for model: BERTModel) throws(EncoderError) {
        try scratch.reserve(tokens: maxBatchTokens, model.shape)
        if let second = model.secondLook?.model {
            try scratch.reserve(tokens: maxBatchTokens, second.shape)
        }
        try heads.reserve(width: model.shape.hidden)
        for walk in walks where walk.isFree {
            try walk.reserve(tokens: maxBatchTokens, for: model)
        }
    }

    /// Starts a batch; nothing is computed before the walk's first step.
    /// - Throws: when the batch does not fit the engine or the model.
    /// - Precondition: fewer than `walksInFlight` walks have been begun and not ended.
    package func begin(
        _ model: BERTModel, _ batch: RaggedBatch, output: BatchWalk.Output
    ) throws(EncoderError) -> BatchWalk {
        guard let walk = walks.first(where: \.isFree) else {
            preconditionFailure("a third walk was begun before one of two ended")
        }
        try check(batch, model)
        try reserve(for: model)
        try walk.begin(model, batch, output)
        return walk
    }

    /// The mathematics of one model on this engine's threads and memory.
    func pass(_ model: BERTModel) -> ForwardPass {
        guard let pieces = scratch.pieces(for: model.shape) else {
            preconditionFailure("a batch begun before its memory was reserved")
        }
        let layers = LayerPass(
            kernels: kernels, pool: pool, shape: model.shape, plan: scratch.plan, pieces: pieces,
            relativeBias: model.relativeBias)
        return ForwardPass(model: model, layers: layers, heads: heads)
    }

    private func check(_ batch: RaggedBatch, _ model: BERTModel) throws(EncoderError) {
        guard batch.textCount > 0 else { throw .emptyBatch }
        guard batch.tokenCount <= maxBatchTokens else {
            throw .batchTooLarge(tokens: batch.tokenCount, limit: maxBatchTokens)
        }
        let configuration = model.configuration
        for text in 0..<batch.textCount {
            let range = batch.range(ofText: text)
            guard range.count <= configuration.tokenLimit else {
                throw .textTooLong(
                    text: text, tokens: range.count, limit: configuration.tokenLimit)
            }
            for id in batch.ids[range] where id >= configuration.vocabularySize {
                throw .idOutOfRange(
                    text: text, id: id, vocabulary: configuration.vocabularySize)
            }
        }
    }
}

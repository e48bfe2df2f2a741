// Runs batches through models: one engine for each engine thread of the service.
//
// Invariant: at most `walksInFlight` batches are under way, each advanced one layer at a time by
// whoever holds its walk, all on one thread. A result never depends on what else is under way, on
// who shares the batch, or on the number of threads. After `reserve` for the largest model nothing
// is allocated.

internal import Numerics
internal import Weights

package final class EncoderEngine {
    package static let walksInFlight = 2

    package let maxBatchTokens: Int
    let compute: Compute
    let scratch = LayerScratch()
    private var walks: [BatchWalk] = []

    /// - Parameter maxBatchTokens: the most tokens that one batch may have; all workspace is sized
    ///   by it.
    /// - Throws: `.unavailable` when there is no matrix product on this machine.
    package init(maxBatchTokens: Int) throws(EncoderError) {
        precondition(maxBatchTokens > 0)
        self.maxBatchTokens = maxBatchTokens
        compute = try Compute()
        for _ in 0..<Self.walksInFlight { walks.append(BatchWalk(engine: self)) }
    }

    /// Takes the memory that this model needs, so that no batch ever does. `begin` does it too.
    package func reserve(for model: BERTModel) throws(EncoderError) {
        let configuration = model.configuration
        try scratch.reserve(
            tokens: maxBatchTokens, hidden: configuration.hiddenSize,
            feedForward: configuration.feedForwardSize,
            longest: min(maxBatchTokens, configuration.positionCount), threads: compute.threads)
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

    private func check(_ batch: RaggedBatch, _ model: BERTModel) throws(EncoderError) {
        guard batch.textCount > 0 else { throw .emptyBatch }
        guard batch.tokenCount <= maxBatchTokens else {
            throw .batchTooLarge(tokens: batch.tokenCount, limit: maxBatchTokens)
        }
        let configuration = model.configuration
        for text in 0..<batch.textCount {
            let range = batch.range(ofText: text)
            guard range.count <= configuration.positionCount else {
                throw .textTooLong(
                    text: text, tokens: range.count, limit: configuration.positionCount)
            }
            for id in batch.ids[range] where id >= configuration.vocabularySize {
                throw .idOutOfRange(
                    text: text, id: id, vocabulary: configuration.vocabularySize)
            }
        }
    }
}

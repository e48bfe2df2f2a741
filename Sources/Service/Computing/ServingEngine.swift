// The daemon's engine: each batch goes to what computes its model.
//
// Encoder and linear models share one pool of threads: only one of them computes at a time, since
// one thread advances all walks.

package final class ServingEngine: ComputeEngine {
    private let encoder: BERTEngine
    private let linear: LinearEngine

    /// Call it on the thread that is to compute.
    /// - Parameter threads: that compute together, that one included.
    package init(maxBatchTokens: Int, threads: Int) throws(EngineFailure) {
        encoder = try BERTEngine(maxBatchTokens: maxBatchTokens, threads: threads)
        linear = LinearEngine(pool: encoder.pool)
    }

    package func begin(
        _ model: ServedModel, _ texts: [WorkItem<TokenisedText>], _ output: OutputKind
    ) throws(EngineFailure) -> any ComputeWalk {
        switch model.computation {
        case .network: try encoder.begin(model, texts, output)
        case .linear(let linearModel):
            linear.begin(linearModel, number: model.number, texts)
        }
    }
}

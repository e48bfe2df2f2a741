// The encoder behind the engine's seam.
//
// Invariant: what goes wrong in the encoder is an `EngineFailure`; its errors go no further. It
// checks no text: whoever made the tokens did.

internal import Encoder
internal import Numerics

package final class BERTEngine: ComputeEngine {
    private let engine: EncoderEngine
    private var batch = RaggedBatch()

    /// The threads that compute, for other work between two batches.
    var pool: WorkerPool { engine.pool }

    /// Call it on the thread that is to compute.
    /// - Parameter threads: that compute together, that one included.
    package init(maxBatchTokens: Int, threads: Int) throws(EngineFailure) {
        do throws(EncoderError) {
            engine = try EncoderEngine(maxBatchTokens: maxBatchTokens, threads: threads)
            engine.pinCaller()
        } catch {
            throw EngineFailure(error.description)
        }
    }

    /// What its kernels are written for.
    package static var instructionSet: String { Kernels.best().name }

    package func begin(
        _ model: ServedModel, _ texts: [WorkItem<TokenisedText>], _ output: OutputKind
    ) throws(EngineFailure) -> any ComputeWalk {
        batch.removeAll()
        for text in texts { batch.append(text.payload.ids) }
        guard case .network(let network?, _) = model.computation else {
            throw EngineFailure("a model without a network was given to the encoder")
        }
        do throws(EncoderError) {
            let wanted = Self.output(output, network)
            return BERTWalk(try engine.begin(network, batch, output: wanted))
        } catch {
            throw EngineFailure(error.description)
        }
    }

    private static func output(_ output: OutputKind, _ network: BERTModel) -> BatchWalk.Output {
        switch output {
        case .logits: .logits
        case .tokenLogits: .tokenLogits
        case .embedding(let pooling): .embedding(pooling ?? network.pooling, normalize: false)
        case .tokens: preconditionFailure("tokens alone are never computed")
        }
    }
}

final class BERTWalk: ComputeWalk {
    private let walk: BatchWalk

    init(_ walk: BatchWalk) { self.walk = walk }

    func step() -> Bool { walk.step() }

    func row(_ index: Int) -> UnsafeBufferPointer<Float> { walk.output[index] }

    func end() { walk.end() }
}

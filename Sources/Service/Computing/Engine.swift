// The seam to whatever computes: the encoder in the daemon, a fake in the service's own tests.
//
// An engine belongs to one thread. It has at most two walks in flight, the second interrupting the
// first between two layers; a walk's rows are valid until `end`.

internal import Encoder
internal import Numerics
internal import Weights

package protocol ComputeEngine: AnyObject {
    /// Starts a batch; nothing is computed before the first step.
    func begin(
        _ model: ServedModel, _ texts: [WorkItem<TokenisedText>], _ output: OutputKind
    ) throws(EngineFailure) -> any ComputeWalk
}

package protocol ComputeWalk: AnyObject {
    /// Computes one layer; false when that was the last.
    func step() -> Bool
    /// A row of the output: of a text, or of a token for `tokenLogits`.
    func row(_ index: Int) -> UnsafeBufferPointer<Float>
    /// What the answer says that was read of a text; nil: the tokens of its work item.
    func readCount(_ index: Int) -> Int?
    func end()
}

extension ComputeWalk {
    package func readCount(_ index: Int) -> Int? { nil }
}

/// Our fault or the model's, never the text's: answered as INTERNAL, and logged as it is. So all
/// that it says of a text is numbers.
package struct EngineFailure: Error, Sendable, CustomStringConvertible {
    package let description: String
    package init(_ description: String) { self.description = description }
}

/// The encoder behind the seam.
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
        case .embedding(.cls): .embedding(.cls, normalize: false)
        case .embedding(.mean): .embedding(.mean, normalize: false)
        case .embedding(.model): .embedding(network.pooling, normalize: false)
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

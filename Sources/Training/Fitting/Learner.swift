// What the loop asks of whatever learns: gradients of a batch, one update, answers, and its state.
//
// The loop and its tests know no more of a network than this. Invariant: what a learner computes is
// a function of its state and the arguments; with the state that `buffers` and `updateCounts` name
// it continues as if it had never stopped.

package import Encoder
package import Gradients

package protocol Learner: AnyObject {
    /// C
    var labelCount: Int { get }
    /// Embeddings, layers and head: L + 2.
    var depthCount: Int { get }
    /// Depths below it are frozen.
    var lowestTrained: Int { get set }

    /// Adds the gradient of `scale` times the loss of the batch.
    /// - Parameter draw: seeds what is random in it.
    func learn(
        _ batch: RaggedBatch, _ targets: LessonTargets, scale: Float, draw: UInt64
    ) throws -> Loss

    /// Moves the weights against the gradients, which are zero afterwards.
    /// - Parameter rates: by depth; nil: frozen.
    /// - Returns: the length of the gradient before clipping.
    func update(rates: [Float?], clip: Float?) -> Float

    /// [texts, C], without dropout.
    func logits(_ batch: RaggedBatch) throws -> [Float]

    /// All that an update changes but `updateCounts`, by name, the weights among them.
    var buffers: [LearnerBuffer] { get }
    /// Updates so far, as the optimiser counts them.
    var updateCounts: [Int] { get set }
    /// To be called after the buffers were written to.
    func buffersChanged()
}

/// Floats of a learner, in place.
package struct LearnerBuffer {
    package let name: String
    package let floats: UnsafeMutableBufferPointer<Float>
    /// A weight: what the best point of a run keeps.
    package let isWeight: Bool

    package init(name: String, floats: UnsafeMutableBufferPointer<Float>, isWeight: Bool) {
        self.name = name
        self.floats = floats
        self.isWeight = isWeight
    }
}

/// What a batch should give.
package enum LessonTargets: Sendable {
    /// A distribution over the labels for each text, [texts, C].
    case labels([Float])
    /// Hidden pieces, and what stood there.
    case pieces([MaskedToken])
}

// The seam to whatever computes: the encoder in the daemon, a fake in the service's own tests.
//
// An engine belongs to one thread. It has at most two walks in flight, the second interrupting the
// first between two layers; a walk's rows are valid until `end`.

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

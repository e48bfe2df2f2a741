// What the batcher hands to the engine: texts that are computed together, and why no more of them.
//
// Invariant: at least one text; all of one key and one class. What they hold is not its business.

/// Why a batch took no more texts.
package enum CloseReason: String, Sendable, CaseIterable {
    /// The next text would have passed the token budget.
    case budget
    /// One text more, and it would compute longer than a batch may.
    case time
    /// It has as many texts as a batch may have.
    case texts
    /// Nothing else waited.
    case empty
    /// Only work for another model or output waited.
    case model
    /// Only work of the other class waited.
    case priority
    /// One text more would have made one inside it late.
    case deadline
}

/// Texts that are computed together: of one key and one class.
package struct Batch<Payload: Sendable>: Sendable {
    package let number: UInt64
    package let batchKey: BatchKey
    package let workClass: WorkClass
    package let items: [WorkItem<Payload>]
    package let tokenCount: Int
    package let closed: CloseReason
}

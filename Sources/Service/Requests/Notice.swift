// What the threads tell the I/O thread: answers to single texts, how a batch went, what was loaded.
//
// Plain values, so nothing is shared between threads but the mailbox that carries them.

package import Syscalls

/// How a batch went.
package struct BatchReport: Sendable {
    package let model: String
    package let workClass: WorkClass
    package let closed: CloseReason
    package let textCount: Int
    package let tokenCount: Int
    /// Of them, as many as its layers that were computed are worth.
    package let computedTokens: Int
    package let started: Instant
    /// Nanoseconds of computing, interruptions taken off.
    package let computed: UInt64
    /// Batches that ran between its layers.
    package let interruptions: Int
    package let outcomes: [TextOutcome]
    /// Nobody wanted it any more before it was done.
    package let wasAbandoned: Bool
}

package enum Notice: Sendable {
    /// A text that never reached a batch.
    case text(TextOutcome)
    case batch(BatchReport)
    case expired([RequestID])
    case loading(String)
    case loaded([LoadedModel])
    /// Nothing was read, and all stays as it was.
    case notLoaded(LoadFailure)
    /// As if the process had got it.
    case signal(SignalQueue.Signal)
    /// From now on something can be computed.
    case engine
    /// Nothing can be computed, now or later.
    case noEngine(EngineFailure)
}

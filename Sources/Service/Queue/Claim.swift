// What a request asks of the queue before it is accepted, and why it may be refused.
//
// Plain values: what is granted, and to whom, is `Batcher.admit`'s to say.

internal import Syscalls

/// What a request asks of the queue before it is accepted.
package struct Claim: Sendable {
    package let request: RequestID
    package let user: UInt32
    package let connection: UInt64
    package let workClass: WorkClass
    package let batchKey: BatchKey
    package let arrival: Instant
    /// When the answer is worthless; `distantFuture`: never.
    package let deadline: Instant
    package let textCount: Int
    package let byteCount: Int
    /// All texts together, guessed from their bytes; the true number comes with each text.
    package let estimatedTokens: Int

    package init(
        request: RequestID, user: UInt32, connection: UInt64, workClass: WorkClass,
        batchKey: BatchKey, arrival: Instant, deadline: Instant = .distantFuture, textCount: Int,
        byteCount: Int, estimatedTokens: Int
    ) {
        self.request = request
        self.user = user
        self.connection = connection
        self.workClass = workClass
        self.batchKey = batchKey
        self.arrival = arrival
        self.deadline = deadline
        self.textCount = textCount
        self.byteCount = byteCount
        self.estimatedTokens = estimatedTokens
    }
}

/// Why a claim is refused. Nothing was queued.
package enum Refusal: Error, Sendable, Equatable {
    /// The queue is full, in texts or bytes; there may be room after `retryAfter`.
    case queueFull(retryAfter: UInt64)
    /// The user's own share is full.
    case userShareFull(retryAfter: UInt64)
    /// The connection holds as much of its user's share as it leaves free for others.
    case connectionShareFull(retryAfter: UInt64)
    /// More texts or bytes than the queue would hold if it were empty.
    case neverFits
    /// By measured speed it would be done so many nanoseconds too late.
    case tooLate(by: UInt64, needed: UInt64)
    /// Its deadline has passed already.
    case expired
}

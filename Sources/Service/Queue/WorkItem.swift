// What the batcher deals in: requests that were accepted, and their texts one by one.
//
// These are plain values. A request's texts share everything but their tokens, so a text is only an
// index and a payload beside the request's own record.

package import Syscalls

package typealias Instant = MonotonicClock.Instant

/// Names an accepted request for as long as the process lives: numbers rise and are never reused.
package struct RequestID: Hashable, Comparable, Sendable {
    package let number: UInt64

    package init(_ number: UInt64) { self.number = number }

    package static func < (left: RequestID, right: RequestID) -> Bool {
        left.number < right.number
    }
}

/// Interactive work goes before bulk work, and may interrupt it.
package enum WorkClass: Int, Sendable, Hashable, CaseIterable {
    case interactive = 0
    case bulk = 1

    /// As it is called in figures and logs.
    package var name: String { self == .interactive ? "interactive" : "bulk" }
}

/// What a batch computes: one model, one kind of output.
package struct Lane: Hashable, Sendable {
    /// Which load of which model: two revisions of one name are two lanes.
    package let model: UInt32
    package let output: OutputKind

    package init(model: UInt32, output: OutputKind) {
        self.model = model
        self.output = output
    }
}

package enum OutputKind: Hashable, Sendable {
    /// One row of logits a text.
    case logits
    /// One row of logits a token.
    case tokenLogits
    /// One vector a text.
    case embedding(PoolingKind)
    /// None: the texts are tokenised and not computed.
    case tokens
}

package enum PoolingKind: Hashable, Sendable { case model, cls, mean }

/// What a request asks of the queue before it is accepted.
package struct Claim: Sendable {
    package let request: RequestID
    package let user: UInt32
    package let connection: UInt64
    package let workClass: WorkClass
    package let lane: Lane
    package let arrival: Instant
    /// When the answer is worthless; `distantFuture`: never.
    package let deadline: Instant
    package let textCount: Int
    package let byteCount: Int
    /// All texts together, guessed from their bytes; the true number comes with each text.
    package let estimatedTokens: Int

    package init(
        request: RequestID, user: UInt32, connection: UInt64, workClass: WorkClass, lane: Lane,
        arrival: Instant, deadline: Instant = .distantFuture, textCount: Int, byteCount: Int,
        estimatedTokens: Int
    ) {
        self.request = request
        self.user = user
        self.connection = connection
        self.workClass = workClass
        self.lane = lane
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

/// Which part of a text this is, where the model reads a long one in several.
package struct TextWindow: Sendable, Equatable {
    /// From 0.
    package let number: Int
    /// Of the text; more than one.
    package let count: Int

    package init(number: Int, count: Int) {
        self.number = number
        self.count = count
    }

    var isLast: Bool { number == count - 1 }
}

/// One text of an accepted request, or a window of one, ready to compute.
package struct WorkItem<Payload: Sendable>: Sendable {
    package let request: RequestID
    /// Which text of the request.
    package let index: Int
    package let tokenCount: Int
    package let byteCount: Int
    /// nil: the whole text.
    package let window: TextWindow?
    package let payload: Payload

    package init(
        request: RequestID, index: Int, tokenCount: Int, byteCount: Int,
        window: TextWindow? = nil, payload: Payload
    ) {
        self.request = request
        self.index = index
        self.window = window
        self.tokenCount = tokenCount
        self.byteCount = byteCount
        self.payload = payload
    }

    /// A text has one place in the queue, however many windows: it leaves with its last.
    var places: Int { window?.isLast ?? true ? 1 : 0 }
}

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

/// Texts that are computed together: of one lane and one class.
package struct Batch<Payload: Sendable>: Sendable {
    package let number: UInt64
    package let lane: Lane
    package let workClass: WorkClass
    package let items: [WorkItem<Payload>]
    package let tokenCount: Int
    package let closed: CloseReason
}

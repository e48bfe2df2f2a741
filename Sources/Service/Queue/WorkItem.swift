// What the batcher deals in: the texts of accepted requests, one by one, and what tells them apart.
//
// These are plain values. A request's texts share everything but their tokens, so a text is only an
// index and a payload beside the request's own record.

package import Syscalls
package import Weights

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
package struct BatchKey: Hashable, Sendable {
    /// Which load of which model: two revisions of one name are two keys.
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
    /// One vector a text; nil: pooled in the model's own way.
    case embedding(ModelSettings.Pooling?)
    /// None: the texts are tokenised and not computed.
    case tokens
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

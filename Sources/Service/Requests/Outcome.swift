// What the threads tell the I/O thread: answers to single texts, how a batch went, what was loaded.
//
// Plain values, so nothing is shared between threads but the mailbox that carries them.

package import Syscalls
package import TextflixProtocol

/// One text of one request, or a window of one, answered or failed.
package struct TextOutcome: Sendable {
    package enum Result: Sendable {
        case scores(logits: [Float], probabilities: [Float])
        case vector([Float])
        case spans([Tags.Span])
        case tokens(ids: [UInt32], starts: [UInt32], ends: [UInt32])
        /// An explanation, whole: the outcome of its request.
        case explained(ExplainResponse)
        /// Nothing can be made of the request: all of it is answered so.
        case refused(Status)
        case failure(StatusCode, String)
    }

    package let request: RequestID
    package let index: Int
    package let result: Result
    /// Tokens used, special ones included; 0 for a text that failed before.
    package var tokenCount = 0
    /// Of the whole text; nil: not counted to the end.
    package var totalTokens: Int?
    package var isTruncated = false
    /// What turning it into tokens took.
    package var readNanoseconds: UInt64 = 0
    /// Which part of the text this is about; nil: all of it.
    package var window: TextWindow?
    /// Of all of it, where it was read in windows; else 0.
    package var windowCount = 0

    package init(
        request: RequestID, index: Int, result: Result, tokenCount: Int = 0,
        totalTokens: Int? = nil, isTruncated: Bool = false, readNanoseconds: UInt64 = 0,
        window: TextWindow? = nil
    ) {
        self.request = request
        self.index = index
        self.result = result
        self.tokenCount = tokenCount
        self.totalTokens = totalTokens
        self.isTruncated = isTruncated
        self.readNanoseconds = readNanoseconds
        self.window = window
    }
}

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

/// One model of a load, or why it is not there.
package struct LoadedModel: Sendable {
    package let name: String
    package let outcome: Result<ServedModel, LoadFailure>
    let nanoseconds: UInt64

    package init(
        name: String, outcome: Result<ServedModel, LoadFailure>, nanoseconds: UInt64 = 0
    ) {
        self.name = name
        self.outcome = outcome
        self.nanoseconds = nanoseconds
    }
}

/// Why, in at most some `Limits.messageBytes`: a name that a file gives may have megabytes, and
/// Status bears the reason.
package struct LoadFailure: Error, Sendable, Equatable {
    package let text: String

    package init(_ text: String) {
        let isShort = text.utf8.count <= Limits.messageBytes
        self.text =
            isShort ? text : String(text.unicodeScalars.prefix(Limits.messageBytes / 4)) + " …"
    }
}

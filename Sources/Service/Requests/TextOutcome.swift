// What became of one text: its answer, or why it has none.
//
// A plain value, made by whichever thread is the last to have the text. It knows the text by
// request and index; what answer its request is given is `PendingRequest`'s.

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

// What happens to a text with more tokens than the model takes, and what came of it.

package enum TruncationPolicy: Sendable, Equatable {
    /// Keep the first tokens. Reading stops once they are found, unless all are to be counted.
    case head
    /// Keep the first `head` tokens of the text and fill up with its last. The whole text is read,
    /// since its end is wanted.
    case headAndTail(head: Int)
    /// Throw `.tooLong`, with the number of tokens: the whole text is read.
    case refuse
    /// Keep all, whatever the limit.
    case none

    /// The first quarter and the last three of what a model takes: of 512 tokens 128 from the head,
    /// the rest from the tail (Sun et al. 2019).
    package static func headAndTail(ofMax maxTokens: Int) -> TruncationPolicy {
        .headAndTail(head: maxTokens / 4)
    }
}

package struct TokenCount: Sendable, Equatable {
    /// Tokens in the buffer, special tokens included.
    package let used: Int
    /// Tokens of the whole text, special tokens included; nil when reading stopped early.
    package let total: Int?
    /// Whether tokens of the text are missing from the buffer.
    package let truncated: Bool

    package init(used: Int, total: Int?, truncated: Bool) {
        self.used = used
        self.total = total
        self.truncated = truncated
    }
}

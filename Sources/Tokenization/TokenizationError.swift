// What can go wrong with a vocabulary (the operator's to mend) or with a text (the caller's).

package enum TokenizationError: Error, Sendable, Equatable {
    /// The text is not UTF-8; `offset` is the byte where the first ill-formed sequence begins.
    case invalidUTF8(offset: Int)
    /// Refused rather than truncated: the text makes `tokens`, special tokens included.
    case tooLong(tokens: Int, limit: Int)
    /// More windows than a text may have.
    case tooManyWindows(limit: Int)
    /// The vocabulary or tokenizer file cannot be used; the message says why and where.
    case unusable(String)
}

extension TokenizationError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .invalidUTF8(let offset): "the text is not valid UTF-8 at byte \(offset)"
        case .tooLong(let tokens, let limit):
            "the text has \(tokens) tokens, the model takes at most \(limit)"
        case .tooManyWindows(let limit):
            "the text has more than \(limit) windows; send it in parts"
        case .unusable(let reason): reason
        }
    }
}

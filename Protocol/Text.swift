// A text of the user's, as the bytes that came.
//
// protobuf strings must be UTF-8, but a request whose fifth text is broken should lose that text
// alone, with the byte named. So decoding keeps texts unvalidated and unrepaired, and whoever uses
// one asks first. Offsets everywhere in this protocol count these bytes.
//
// It has no description on purpose: a text never gets into a log by interpolation.

public struct Text: Sendable, Hashable {
    public var utf8: [UInt8]

    public init(utf8: [UInt8]) {
        self.utf8 = utf8
    }

    public init(_ string: String) {
        utf8 = Array(string.utf8)
    }

    /// The text for display; invalid bytes are shown as U+FFFD.
    public var string: String { String(decoding: utf8, as: UTF8.self) }

    /// Where the first sequence that is not UTF-8 begins; nil: the text is valid.
    ///
    /// The same byte that Python's `UnicodeDecodeError.start` names.
    public func firstInvalidByte() -> Int? {
        do {
            _ = try UTF8Span(validating: utf8.span)
            return nil
        } catch {
            return error.byteOffsets.lowerBound
        }
    }
}

extension Text: ExpressibleByStringLiteral {
    public init(stringLiteral value: String) {
        self.init(value)
    }
}

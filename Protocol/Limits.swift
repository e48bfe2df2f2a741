// The maxima of the wire, all of them, in one place.
//
// Invariant: README.md's table of limits equals these constants (a test compares the two). A daemon
// may be configured to allow less work (its queue, its connections: StatusResponse.limits says so),
// but never a smaller body, text or window than these, so a client may rely on them unasked.

public enum Limits {
    /// Bytes of a frame's body. ttrpc's own limit, hence the first byte of every header is 0.
    public static let bodyBytes = 4 << 20  // 4 MiB

    /// Bytes of a body kept free for what surrounds a text: envelope, metadata, other fields.
    public static let envelopeBytes = 64 << 10  // 64 KiB

    /// Bytes of one text, and of all texts of one request together.
    public static let textBytes = bodyBytes - envelopeBytes  // 4,128,768

    /// Bytes of a text that is to be explained: its variants are many times as much.
    public static let explainTextBytes = 1 << 20  // 1 MiB

    /// Variants that one explanation may draw.
    public static let explainSamples = 8192

    /// Sentences or different words, of those the model reads, that one explanation weighs.
    public static let explainFeatures = 1024

    /// Windows of one text that is read in windows.
    public static let textWindows = 64

    /// Texts in one request.
    public static let textsPerRequest = 1024

    /// Key-value pairs of metadata in one request.
    public static let metadataEntries = 64

    /// Streams that one Cancel may name.
    public static let streamsPerCancel = 1024

    /// Messages of one ClassifyStream that may be sent and not yet answered.
    public static let streamWindow = 32

    /// UTF-8 bytes of a model's name or a label in a request.
    public static let nameBytes = 256

    /// UTF-8 bytes of an error's message: the daemon cuts its own above that.
    public static let messageBytes = 1024

    /// Nested groups inside a field that is skipped.
    public static let groupDepth = 64
}

extension Limits {
    /// A message of no more than `messageBytes`; a longer one ends with "…".
    package static func cut(message: String) -> String {
        guard message.utf8.count > messageBytes else { return message }
        let ellipsis = "…"
        var end = message.utf8.index(
            message.startIndex, offsetBy: messageBytes - ellipsis.utf8.count)
        while end.samePosition(in: message.unicodeScalars) == nil {
            end = message.utf8.index(before: end)
        }
        return message[..<end] + ellipsis
    }
}

// Which labels a model may have: a request can name each, and one answer of Status holds them all.

internal import TextflixProtocol

extension ModelLoader {
    /// Bytes of Status that a model's labels may take; the rest of a body is for all else.
    static let labelBytes = Limits.bodyBytes - Limits.envelopeBytes

    static func bytes(ofLabels labels: [String]) -> Int {
        ModelStatus(labels: labels).encoded.count
    }

    static func check(labels: [String]) throws(LoadFailure) {
        for (number, label) in labels.enumerated() where label.utf8.count > Limits.nameBytes {
            throw LoadFailure(
                "label \(number) has \(label.utf8.count) bytes: a label has at most"
                    + " \(Limits.nameBytes)")
        }
        let bytes = bytes(ofLabels: labels)
        guard bytes <= labelBytes else {
            throw LoadFailure(
                "its \(labels.count) labels take \(bytes) bytes: no answer of Status has room for"
                    + " more than \(labelBytes)")
        }
    }
}

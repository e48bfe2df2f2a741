// Which labels the models of a load may have: a request can name each of them, and one answer of
// Status holds those of all models.
//
// Models are taken in their order; one that is refused takes nothing, and leaves its room to those
// behind it. Models of an earlier load are not counted.

internal import TextflixProtocol

struct LabelRoom {
    /// Bytes of an answer of Status; the rest of a body is for all else.
    static let bytes = Limits.bodyBytes - Limits.envelopeBytes

    private var taken = 0

    /// - Throws: where a label is too long to be named, or there is no room for them.
    mutating func take(_ labels: [String]) throws(LoadFailure) {
        for (number, label) in labels.enumerated() where label.utf8.count > Limits.nameBytes {
            throw LoadFailure(
                "label \(number) has \(label.utf8.count) bytes: a label has at most"
                    + " \(Limits.nameBytes)")
        }
        let wanted = ModelStatus(labels: labels).encoded.count
        guard taken + wanted <= Self.bytes else {
            let before = taken > 0 ? " and those of the models before it" : ""
            throw LoadFailure(
                "its \(labels.count) labels\(before) take \(taken + wanted) bytes: no answer of"
                    + " Status has room for more than \(Self.bytes)")
        }
        taken += wanted
    }
}

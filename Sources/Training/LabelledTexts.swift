// Labelled texts from a file of records: what a training run learns from or is measured on.
//
// Invariant: every text has one of the labels, in the file's order; a line that is not an object,
// has no text or an unlisted label is an error with its number. With a list of ids only those
// texts are read, and an id that is not in the file is an error: a run never trains on less than it
// was told to.

internal import JSONText
package import Weights

package struct LabelledTexts: Sendable {
    package var ids: [String] = []
    package var texts: [[UInt8]] = []
    /// Indices into the labels that were asked for.
    package var truths: [Int] = []

    package var count: Int { texts.count }

    package enum Limits {
        /// Of a file of texts that is read whole.
        package static let fileBytes = 4 << 30
    }

    package struct Fields: Sendable {
        package var text = "text"
        package var label = "label"
        package var id = "id"

        package init() {}
    }

    /// - Parameter only: read these ids alone.
    package init(
        path: String, fields: Fields, labels: [String], only: Set<String>? = nil
    ) throws(WeightsError) {
        try forEachRecord(path, columns: [fields.text, fields.label]) {
            node, number throws(LineError) in
            try add(node, number: number, fields, labels, only)
        }
        if let only, let missing = only.subtracting(ids).min() {
            throw WeightsError(
                .mismatch, path,
                "\(only.count - Set(ids).count) of the ids are not in it, \"\(missing)\" first")
        }
    }

    private mutating func add(
        _ node: JSONNode, number: Int, _ fields: Fields, _ labels: [String],
        _ only: Set<String>?
    ) throws(LineError) {
        let id = node[fields.id]?.scalarText ?? String(number)
        if let only, !only.contains(id) { return }
        guard let text = node[fields.text]?.utf8 else {
            throw LineError(message: "no string \"\(fields.text)\"")
        }
        guard let label = node[fields.label]?.scalarText else {
            throw LineError(message: "no \"\(fields.label)\"")
        }
        guard let truth = labels.firstIndex(of: label) else {
            throw LineError(
                message: "the label \"\(label.prefix(40))\" is none of "
                    + labels.joined(separator: ", "))
        }
        add(id, text, truth: truth)
    }

    mutating func add(_ id: String, _ text: [UInt8], truth: Int) {
        ids.append(id)
        texts.append(text)
        truths.append(truth)
    }
}

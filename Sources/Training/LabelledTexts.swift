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
        try Self.forEachText(path, fields, labels, only) { add($0, $1, truth: $2) }
        if let only, let missing = only.subtracting(ids).min() {
            throw WeightsError(
                .mismatch, path,
                "\(only.count - Set(ids).count) of the ids are not in it, \"\(missing)\" first")
        }
    }

    /// Refuses a file that could not be read so, and keeps nothing of it.
    static func check(
        path: String, fields: Fields, labels: [String]
    ) throws(WeightsError) {
        try forEachText(path, fields, labels, nil) { _, _, _ in }
    }

    private static func forEachText(
        _ path: String, _ fields: Fields, _ labels: [String], _ only: Set<String>?,
        _ take: (_ id: String, _ text: [UInt8], _ truth: Int) -> Void
    ) throws(WeightsError) {
        var found = FoundLabels(wanted: labels)
        try forEachRecord(path, columns: [fields.text, fields.label]) {
            node, number throws(LineError) in
            let id = node[fields.id]?.scalarText ?? String(number)
            if let only, !only.contains(id) { return }
            guard let text = node[fields.text]?.utf8 else {
                throw LineError(message: "no string \"\(fields.text)\"")
            }
            guard let label = node[fields.label]?.scalarText else {
                throw LineError(message: "no \"\(fields.label)\"")
            }
            if let truth = found.take(label, line: number) { take(id, text, truth) }
        }
        if let complaint = found.complaint { throw WeightsError(.malformed, path, complaint) }
    }

    mutating func add(_ id: String, _ text: [UInt8], truth: Int) {
        ids.append(id)
        texts.append(text)
        truths.append(truth)
    }
}

/// The labels of a file, so that all that are not wanted are told at once.
private struct FoundLabels {
    let wanted: [String]
    private var counts: [String: Int] = [:]
    private var firstStrange: (label: String, line: Int)?

    init(wanted: [String]) { self.wanted = wanted }

    /// Its place among those that are wanted.
    mutating func take(_ label: String, line: Int) -> Int? {
        if counts[label] != nil || counts.count < Self.mostKept { counts[label, default: 0] += 1 }
        let place = wanted.firstIndex(of: label)
        if place == nil, firstStrange == nil { firstStrange = (label, line) }
        return place
    }

    /// nil: all are wanted.
    var complaint: String? {
        guard let (label, line) = firstStrange else { return nil }
        let all = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        let shown = all.prefix(Self.mostShown).map { "\(Self.cut($0.key)) (\($0.value))" }
        let more = all.count > Self.mostShown ? ", and more" : ""
        return "line \(line): the label \"\(Self.cut(label))\" is none of "
            + "\(wanted.joined(separator: ", ")); the labels there are "
            + shown.joined(separator: ", ") + more
    }

    private static func cut(_ label: String) -> String { String(label.prefix(40)) }

    private static let mostShown = 20
    /// Where every text has another label, the field is the wrong one.
    private static let mostKept = 1000
}

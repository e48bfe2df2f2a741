// The texts of a file of records, of which one field is taken, and the label's too where one is
// asked for.

import JSONText
import Training
import Weights

struct Reviews {
    private(set) var texts: [[UInt8]] = []
    /// The place of each text's label among the model's; empty when none was asked for.
    private(set) var labels: [Int] = []

    /// - Throws: with the line's number, when a record does not have those fields; and where there
    ///   is no text at all.
    init(
        _ path: String, textField: String, labelField: String?, labels known: [String]
    ) throws(WeightsError) {
        let columns = [textField] + (labelField.map { [$0] } ?? [])
        let hint = "--text-field and --label-field say which is which"
        try forEachRecord(path, columns: columns, hint: hint) { record, _ throws(LineError) in
            guard let text = record[textField]?.utf8 else {
                throw LineError(message: "no string \"\(textField)\"")
            }
            texts.append(text)
            guard let labelField else { return }
            guard let place = record[labelField].flatMap({ Self.place($0, known) }) else {
                throw LineError(message: "\"\(labelField)\" is none of the model's labels")
            }
            labels.append(place)
        }
        guard !texts.isEmpty else { throw WeightsError(.malformed, path, "there is no text in it") }
    }

    /// A label is a name or a number.
    private static func place(_ node: JSONNode, _ known: [String]) -> Int? {
        if let name = node.string {
            return known.firstIndex(of: name) ?? known.firstIndex { $0.hasPrefix(name) }
                ?? Int(name).flatMap { known.indices.contains($0) ? $0 : nil }
        }
        return node.int.flatMap { known.indices.contains($0) ? $0 : nil }
    }
}

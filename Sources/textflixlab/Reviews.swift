// The texts of a file of records, of which one field is taken, and the label's too where one is
// asked for: as everywhere it is the label as it is written, in quotes or without.

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
            guard let label = record[labelField]?.scalarText else {
                throw LineError(message: "no \"\(labelField)\"")
            }
            guard let place = known.firstIndex(of: label) else {
                throw LineError(
                    message: "the label \"\(label.prefix(40))\" is none of the model's: "
                        + known.joined(separator: ", "))
            }
            labels.append(place)
        }
        guard !texts.isEmpty else { throw WeightsError(.malformed, path, "there is no text in it") }
    }
}

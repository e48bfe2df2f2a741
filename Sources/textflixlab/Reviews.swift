// The texts of a JSONL file: one object a line, of which one field is taken, and the label's too
// where one is asked for.

import JSONText
import Syscalls
import TextRuns
import Weights

struct Reviews {
    private(set) var texts: [[UInt8]] = []
    /// The place of each text's label among the model's; empty when none was asked for.
    private(set) var labels: [Int] = []

    private static let fileBytes = 1 << 30
    /// Space, tab, carriage return.
    private static let blanks: [UInt8] = [0x20, 0x09, 0x0D]

    /// Blank lines between objects are no objects.
    /// - Throws: with the line's number, when a line is no object with those fields; and where
    ///   there is no text at all.
    init(_ path: String, textField: String, labelField: String?, labels known: [String]) throws {
        let bytes = try readFile(path, limit: Self.fileBytes)
        guard !TextInput.isCompressed(bytes) else {
            throw WeightsError(.malformed, path, "gzip-compressed; unpack it first")
        }
        // Only the line feed parts lines: texts may hold U+2028 and U+0085.
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() where !line.allSatisfy({ Self.blanks.contains($0) })
        {
            func error(_ message: String) -> WeightsError {
                WeightsError(.malformed, path, "line \(index + 1): \(message)")
            }
            let object: JSONNode
            do { object = try JSONDocument.parse(Array(line)) } catch {
                throw WeightsError(.malformed, path, "line \(index + 1): \(error)")
            }
            guard let text = object[textField]?.utf8 else {
                throw error("no string \"\(textField)\"")
            }
            texts.append(text)
            guard let labelField else { continue }
            guard let place = object[labelField].flatMap({ Self.place($0, known) }) else {
                throw error("\"\(labelField)\" is none of the model's labels")
            }
            labels.append(place)
        }
        guard !texts.isEmpty else { throw WeightsError(.malformed, path, "there is no text in it") }
    }

    /// A label is a name or a number.
    private static func place(_ node: JSONNode, _ known: [String]) -> Int? {
        if let name = node.string {
            return known.firstIndex(of: name) ?? known.firstIndex { $0.hasPrefix(name) }
        }
        return node.int.flatMap { known.indices.contains($0) ? $0 : nil }
    }
}

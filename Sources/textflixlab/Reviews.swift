// The texts of a JSONL file: one object a line, of which one field is taken.

import JSONText
import Syscalls
import Weights

enum Reviews {
    private static let fileBytes = 1 << 30

    /// - Throws: with the line's number, when a line is no object with that field.
    static func texts(_ path: String, field: String) throws -> [[UInt8]] {
        let bytes = try readFile(path, limit: fileBytes)
        // Only the line feed parts lines: texts may hold U+2028 and U+0085.
        return try bytes.split(separator: UInt8(ascii: "\n")).enumerated().map { index, line in
            func error(_ message: String) -> WeightsError {
                WeightsError(.malformed, path, "line \(index + 1): \(message)")
            }
            let object: JSONNode
            do { object = try JSONDocument.parse(Array(line)) } catch {
                throw WeightsError(.malformed, path, "line \(index + 1): \(error)")
            }
            guard let text = object[field]?.utf8 else { throw error("no string \"\(field)\"") }
            return text
        }
    }
}

// The lines of a JSON-lines file, one object each, with errors that name the line.

internal import JSONText
internal import Syscalls
internal import Weights

/// Why a line cannot be used.
struct LineError: Error {
    let message: String
}

/// Hands each line that is not blank to `take`, parsed, with its number from 1 on.
func forEachJSONLine(
    _ path: String, _ take: (JSONNode, _ number: Int) throws(LineError) -> Void
) throws(WeightsError) {
    let bytes: [UInt8]
    do throws(Errno) {
        bytes = try readFile(path, limit: LabelledTexts.Limits.fileBytes)
    } catch {
        throw WeightsError(.unreadable, path, error.message)
    }
    // Lines end at "\n" alone: texts may hold other separators.
    for (index, line) in bytes.split(
        separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false
    ).enumerated() where !line.allSatisfy(isBlank) {
        do throws(LineError) {
            try take(parsed(line), index + 1)
        } catch {
            throw WeightsError(.malformed, path, "line \(index + 1): \(error.message)")
        }
    }
}

private func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (9...13).contains(byte) }

private func parsed(_ line: ArraySlice<UInt8>) throws(LineError) -> JSONNode {
    guard line.first(where: { !isBlank($0) }) == UInt8(ascii: "{") else {
        throw LineError(
            message: "not a JSON object; each line is one: {\"text\": \"...\", \"label\": \"...\"} "
                + "(README says how a CSV becomes such lines)")
    }
    do throws(JSONError) {
        return try JSONDocument.parse(Array(line))
    } catch {
        throw LineError(message: "column \(error.column): \(error.message)")
    }
}

extension JSONNode {
    /// A string, or a number or boolean as it is written.
    var scalarText: String? {
        switch value {
        case .string(let bytes): String(decoding: bytes, as: UTF8.self)
        case .number(let literal): literal
        case .bool(let flag): flag ? "true" : "false"
        default: nil
        }
    }
}

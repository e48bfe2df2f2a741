// The records of a file of texts, with errors that name the line: JSON lines, or a table where the
// file's name says so (.csv, .tsv).

internal import DelimitedText
package import JSONText
internal import Syscalls
package import Weights

/// Why a record cannot be used.
package struct LineError: Error {
    let message: String

    package init(message: String) { self.message = message }
}

/// Hands each record to `take`, as an object, with the number of its line from 1 on.
///
/// - Parameters:
///   - columns: what a table must have, the text's first.
///   - hint: what the user may do where one is missing.
package func forEachRecord(
    _ path: String, columns: [String],
    hint: String = "text_field and label_field say which is which",
    _ take: (JSONNode, _ number: Int) throws(LineError) -> Void
) throws(WeightsError) {
    let bytes: [UInt8]
    do throws(Errno) {
        bytes = try readFile(path, limit: LabelledTexts.Limits.fileBytes)
    } catch {
        throw WeightsError(.unreadable, path, error.message)
    }
    guard !bytes.starts(with: [0x1F, 0x8B]) else {
        throw WeightsError(.malformed, path, "gzip-compressed; unpack it first")
    }
    let text = bytes.dropFirst(bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0)
    if TableReader.isTable(path) {
        let reader = TableReader(columns: columns, hint: "; \(hint)")
        return try forEachRow(text, path, reader, take)
    }
    try forEachLine(text, path, take)
}

/// Refuses what gives its bytes but once: whoever read it again would find no text in it, and say
/// nothing. A file that is not there is told by whoever reads it.
func refusePipes(_ paths: [String?]) throws(WeightsError) {
    for case let path? in paths where (try? FileStatus(path: path))?.kind == .other {
        throw WeightsError(
            .unreadable, path, "it is read several times: it must be a file and no pipe")
    }
}

/// Objects, one a line; blank lines are none.
private func forEachLine(
    _ text: ArraySlice<UInt8>, _ path: String, _ take: (JSONNode, Int) throws(LineError) -> Void
) throws(WeightsError) {
    // Lines end at "\n" alone: texts may hold other separators.
    for (index, line) in text.split(
        separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false
    ).enumerated() where !line.allSatisfy(isBlank) {
        do throws(LineError) {
            try take(parsed(line), index + 1)
        } catch {
            throw WeightsError(.malformed, path, "line \(index + 1): \(error.message)")
        }
    }
}

private func forEachRow(
    _ text: ArraySlice<UInt8>, _ path: String, _ reader: TableReader,
    _ take: (JSONNode, Int) throws(LineError) -> Void
) throws(WeightsError) {
    var reader = reader
    var rest = text
    while true {
        let row: TableReader.Row?
        do throws(TableError) { row = try nextRow(&reader, &rest) } catch {
            throw WeightsError(.malformed, path, error.message)
        }
        switch row {
        case nil: return
        case .bad(let reason, let line):
            throw WeightsError(.malformed, path, "line \(line): \(reason)")
        case .object(let json, let line):
            do throws(LineError) { try take(parsed(json[...]), line) } catch {
                throw WeightsError(.malformed, path, "line \(line): \(error.message)")
            }
        }
    }
}

/// nil: there is none any more.
private func nextRow(
    _ reader: inout TableReader, _ rest: inout ArraySlice<UInt8>
) throws(TableError) -> TableReader.Row? {
    while true {
        if let row = reader.next() { return row }
        if rest.isEmpty { return try reader.finish() }
        try reader.append(rest.prefix(partBytes))
        rest = rest.dropFirst(partBytes)
    }
}

/// What the reader of a table is given at a time.
private let partBytes = 1 << 20

private func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (9...13).contains(byte) }

private func parsed(_ line: ArraySlice<UInt8>) throws(LineError) -> JSONNode {
    guard line.first(where: { !isBlank($0) }) == UInt8(ascii: "{") else {
        throw LineError(
            message: "not a JSON object; each line is one: {\"text\": \"...\", \"label\": \"...\"} "
                + "(a table's name ends in .csv or .tsv)")
    }
    do throws(JSONError) {
        return try JSONDocument.parse(Array(line))
    } catch {
        throw LineError(message: "column \(error.column): \(error.message)")
    }
}

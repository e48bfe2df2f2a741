// Text with separators (CSV, TSV), in pieces -> JSON objects, a row each.
//
//     review;label             names
//     "Good; and short.";yes   {"review":"Good; and short.","label":"yes"}
//
// The first row names the columns, and shows the separator: whichever of comma, semicolon and tab
// stands in it most often. Every value is a string. Rows are read by `RowSplitter`; what is wrong
// with a row is told with it, what is wrong with the first ends the reading.

internal import JSONText

/// Why a table cannot be read at all.
package struct TableError: Error, Equatable {
    package let message: String
}

package struct TableReader: Sendable {
    package enum Row: Sendable, Equatable {
        case object([UInt8], line: Int)
        case bad(String, line: Int)
    }

    package enum Limits {
        /// Of the first row.
        package static let headerBytes = 64 << 10
    }

    private let rowBytes: Int
    private let needed: [String]
    private let hint: String
    /// The first row, until its end is there.
    private var head: [UInt8] = []
    private var splitter: RowSplitter?
    private var names: [[UInt8]] = []
    private var writer = JSONWriter()

    /// - Parameters:
    ///   - rowBytes: the limit of a row.
    ///   - columns: names that the first row must have.
    ///   - hint: what the user may do where one is missing.
    package init(rowBytes: Int, columns: [String], hint: String) {
        self.rowBytes = rowBytes
        needed = columns
        self.hint = hint
    }

    /// Whether a file of that name is a table.
    package static func isTable(_ path: String) -> Bool {
        let name = path.lowercased()
        return name.hasSuffix(".csv") || name.hasSuffix(".tsv")
    }

    package mutating func append(_ more: some Collection<UInt8>) throws(TableError) {
        guard splitter == nil else {
            splitter?.append(more)
            return
        }
        head.append(contentsOf: more)
        if let separator = Self.separator(of: head[...]) { try begin(separator) }
        guard splitter != nil || head.count <= Limits.headerBytes else {
            throw TableError(
                message: "the first row, which names the columns, is longer than "
                    + "\(Limits.headerBytes >> 10) KiB")
        }
    }

    /// The next row that is whole; nil: more bytes are needed.
    package mutating func next() -> Row? {
        splitter?.next().map { object($0) }
    }

    /// What stands after the last line end, when there is no more to come.
    package mutating func finish() throws(TableError) -> Row? {
        if splitter == nil {
            head.append(UInt8(ascii: "\n"))
            try begin(Self.separator(of: head[...]) ?? UInt8(ascii: ","))
        }
        return splitter?.finish().map { object($0) }
    }

    // MARK: - The first row

    private mutating func begin(_ separator: UInt8) throws(TableError) {
        guard !head.starts(with: [0xFF, 0xFE]), !head.starts(with: [0xFE, 0xFF]) else {
            throw TableError(message: "it is written in UTF-16; save it as UTF-8")
        }
        let isMarked = head.starts(with: [0xEF, 0xBB, 0xBF])
        var splitter = RowSplitter(separator: separator, limit: rowBytes)
        splitter.append(head.dropFirst(isMarked ? 3 : 0))
        head = []
        guard let first = splitter.next() ?? splitter.finish() else {
            throw TableError(message: "it is empty; the first row names the columns")
        }
        if let fault = first.fault { throw TableError(message: "line \(first.line): \(fault)") }
        try check(first)
        names = first.fields
        self.splitter = splitter
    }

    private func check(_ first: RowSplitter.Row) throws(TableError) {
        var columns: [String] = []
        for (place, field) in first.fields.enumerated() {
            guard let name = String(validating: field, as: UTF8.self) else {
                throw TableError(message: "the name of column \(place + 1) is not UTF-8")
            }
            guard !name.isEmpty else {
                throw TableError(message: "column \(place + 1) has no name in the first row")
            }
            guard !columns.contains(name) else {
                throw TableError(message: "two columns are called \"\(name.prefix(40))\"")
            }
            columns.append(name)
        }
        guard let missing = needed.first(where: { !columns.contains($0) }) else { return }
        let some = columns.prefix(10).map { String($0.prefix(40)) }.joined(separator: ", ")
        throw TableError(
            message: "no column \"\(missing)\"; the first row names \(some)\(hint)")
    }

    /// Of the first row; nil where its end is not there.
    private static func separator(of head: ArraySlice<UInt8>) -> UInt8? {
        let separators = [UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "\t")]
        var counts = [0, 0, 0]
        var isQuoted = false
        var isBlank = true
        for byte in head {
            if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
            guard byte != UInt8(ascii: "\r"), !(isBlank && byte == UInt8(ascii: "\n")) else {
                continue
            }
            isBlank = false
            guard !isQuoted else { continue }
            if byte == UInt8(ascii: "\n") {
                let most = counts.indices.max { (counts[$0], -$0) < (counts[$1], -$1) } ?? 0
                return separators[most]
            }
            if let place = separators.firstIndex(of: byte) { counts[place] += 1 }
        }
        return nil
    }

    // MARK: - The others

    private mutating func object(_ row: RowSplitter.Row) -> Row {
        if let fault = row.fault { return .bad(fault, line: row.line) }
        guard row.fields.count == names.count else {
            return .bad(
                "\(row.fields.count) fields, the first row has \(names.count); a field with a "
                    + "separator in it is put in quotes", line: row.line)
        }
        writer.removeAll()
        writer.beginObject()
        for (name, field) in zip(names, row.fields) {
            guard String(validating: field, as: UTF8.self) != nil else {
                let column = String(decoding: name, as: UTF8.self)
                return .bad("column \"\(column.prefix(40))\" is not UTF-8", line: row.line)
            }
            writer.key(utf8: name)
            writer.string(utf8: field)
        }
        writer.endObject()
        return .object(writer.bytes, line: row.line)
    }
}

// Text with separators (CSV, TSV), in pieces -> JSON objects, a row each.
//
//     review;label             names
//     "Good; and short.";yes   {"review":"Good; and short.","label":"yes"}
//
// The first row names the columns and shows the separator: comma, semicolon or tab, under which it
// has the columns that are needed, else most columns; where it has one column there is none. A
// column without a name is passed over. Every value is a string; an empty cell is a field that is
// not there, but for the text's. Rows are read by `RowSplitter`; what is wrong with a row is told
// with it, what is wrong with the first ends the reading.

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
        /// Of any other: a text, with what stands beside it.
        package static let rowBytes = 16 << 20
    }

    private let needed: [String]
    private let hint: String
    /// The first row, until its end is there.
    private var head: [UInt8] = []
    private var splitter: RowSplitter?
    /// Empty: a column that is passed over.
    private var names: [[UInt8]] = []
    /// The place of the text's.
    private var textColumn: Int?
    private var writer = JSONWriter()

    /// - Parameters:
    ///   - columns: names that the first row must have, the text's first.
    ///   - hint: what the user may do where one is missing.
    package init(columns: [String], hint: String) {
        needed = columns
        self.hint = hint
    }

    /// Whether a file of that name is a table.
    package static func isTable(_ path: String) -> Bool {
        let name = path.lowercased()
        return name.hasSuffix(".csv") || name.hasSuffix(".tsv")
    }

    /// - Parameter more: of the table, from behind a byte order mark on.
    package mutating func append(_ more: some Collection<UInt8>) throws(TableError) {
        guard splitter == nil else {
            splitter?.append(more)
            return
        }
        head.append(contentsOf: more)
        let mayEnd = more.contains(UInt8(ascii: "\n")) || head.count > Limits.headerBytes
        guard mayEnd else { return }
        let readings = readings(atEnd: false)
        if readings.allSatisfy({ $0.first != nil }) || head.count > Limits.headerBytes {
            try begin(readings)
        }
    }

    /// The next row that is whole; nil: more bytes are needed.
    package mutating func next() -> Row? {
        splitter?.next().map { object($0) }
    }

    /// What is left when there is no more to come: call it until there is nothing.
    package mutating func finish() throws(TableError) -> Row? {
        if splitter == nil { try begin(readings(atEnd: true)) }
        return next() ?? splitter?.finish().map { object($0) }
    }

    // MARK: - The first row

    /// The table as it would be under one separator.
    private struct Reading {
        var splitter: RowSplitter
        /// nil: it has no end yet.
        var first: RowSplitter.Row?

        func has(_ column: String) -> Bool {
            first?.fields.contains { $0.elementsEqual(column.utf8) } ?? false
        }
    }

    private func readings(atEnd isEnd: Bool) -> [Reading] {
        [nil, UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "\t")].map { separator in
            var splitter = RowSplitter(separator: separator, limit: Limits.rowBytes)
            splitter.append(head)
            var first = splitter.next()
            if first == nil, isEnd { first = splitter.finish() }
            return Reading(splitter: splitter, first: first)
        }
    }

    private mutating func begin(_ readings: [Reading]) throws(TableError) {
        guard !head.starts(with: [0xFF, 0xFE]), !head.starts(with: [0xFE, 0xFF]) else {
            throw TableError(message: "it is written in UTF-16; save it as UTF-8")
        }
        let ended = readings.filter { $0.first != nil }
        guard !ended.isEmpty else {
            throw TableError(
                message: head.count > Limits.headerBytes
                    ? "the first row, which names the columns, is longer than "
                        + "\(Limits.headerBytes >> 10) KiB"
                    : "it is empty; the first row names the columns")
        }
        var good = ended.filter { $0.first?.fault == nil }
        let fitting = good.filter { needed.allSatisfy($0.has) }
        if !fitting.isEmpty { good = fitting }
        // Of equals the first: with one column there is no separator.
        let widest = good.map { $0.first?.fields.count ?? 0 }.max()
        guard let chosen = good.first(where: { $0.first?.fields.count == widest }),
            let first = chosen.first
        else {
            throw TableError(message: "the first row: \(ended[0].first?.fault ?? "")")
        }
        try check(first)
        names = first.fields
        textColumn = names.firstIndex { $0.elementsEqual((needed.first ?? "").utf8) }
        splitter = chosen.splitter
        head = []
    }

    private func check(_ first: RowSplitter.Row) throws(TableError) {
        var columns: [String] = []
        for (place, field) in first.fields.enumerated() {
            guard let name = String(validating: field, as: UTF8.self) else {
                throw TableError(message: "the name of column \(place + 1) is not UTF-8")
            }
            guard !name.utf8.contains(UInt8(ascii: "\r")) else {
                throw TableError(
                    message: "its lines end with CR alone; save it with LF or CR LF as line ends")
            }
            guard !columns.contains(name) else {
                throw TableError(message: "two columns are called \"\(name.prefix(40))\"")
            }
            if !name.isEmpty { columns.append(name) }
        }
        guard let missing = needed.first(where: { !columns.contains($0) }) else { return }
        let some = columns.prefix(10).map { String($0.prefix(40)) }.joined(separator: ", ")
        throw TableError(
            message: "no column \"\(missing)\"; the first row names \(some)\(hint)")
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
        for (column, (name, field)) in zip(names, row.fields).enumerated() {
            guard !name.isEmpty, !field.isEmpty || column == textColumn else { continue }
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

// Bytes in pieces -> rows of fields, as RFC 4180 has them.
//
//     review,label                     ["review", "label"]
//     "Good, and ""short"".",positive  ["Good, and \"short\".", "positive"]
//
// A field in quotes may hold separators, line ends and quotes written twice; one without quotes is
// taken as it stands. Rows end with LF or CR LF; a row is told by the line on which it begins.
// Invariant: a row that is wrong, or longer than the limit, is reported once and skipped to its end
// without being kept. Where a quote is not closed nobody can tell where a row ends: the rest of the
// input is that row.

package struct RowSplitter: Sendable {
    package struct Row: Sendable, Equatable {
        /// The line on which it begins, from 1.
        package let line: Int
        package let fields: [[UInt8]]
        /// Why its fields cannot be used.
        package let fault: String?
    }

    private enum Place { case fieldStart, plain, quoted, quoteInQuoted, afterReturn }

    private let separator: UInt8?
    private let limit: Int
    private var buffer: [UInt8] = []
    private var read = 0
    private var place = Place.fieldStart
    private var fields: [[UInt8]] = []
    private var field: [UInt8] = []
    private var fault: String?
    /// Of the row that is being read.
    private var bytes = 0
    private var firstLine = 1
    private var line = 1
    /// Where the quote stands that was opened last.
    private var quoteLine = 1

    /// - Parameters:
    ///   - separator: nil: a row is one field.
    ///   - limit: bytes of a row.
    package init(separator: UInt8?, limit: Int) {
        self.separator = separator
        self.limit = limit
    }

    package mutating func append(_ more: some Collection<UInt8>) {
        if read == buffer.count {
            buffer.removeAll(keepingCapacity: true)
            read = 0
        }
        buffer.append(contentsOf: more)
    }

    /// The next row that is whole and not blank; nil: more bytes are needed.
    package mutating func next() -> Row? {
        while read < buffer.count {
            takeRun()
            guard read < buffer.count else { break }
            let byte = buffer[read]
            read += 1
            if let row = take(byte) { return row }
        }
        return nil
    }

    /// The bytes that are part of the field whatever stands before and behind them.
    private mutating func takeRun() {
        let start = read
        switch place {
        case .quoted:
            while read < buffer.count, buffer[read] != Self.quote {
                if buffer[read] == Self.lineFeed { line += 1 }
                read += 1
            }
        case .plain:
            while read < buffer.count, !endsRun(buffer[read]) { read += 1 }
        case .fieldStart, .quoteInQuoted, .afterReturn: return
        }
        count(read - start)
        if fault == nil { field.append(contentsOf: buffer[start..<read]) }
    }

    private func endsRun(_ byte: UInt8) -> Bool {
        byte == separator || byte == Self.lineFeed || byte == Self.carriageReturn
    }

    /// What stands after the last line end, when there is no more to come.
    package mutating func finish() -> Row? {
        guard bytes > 0 else { return nil }
        if place == .quoted { fail("the quote that opens on line \(quoteLine) is not closed") }
        return endRow()
    }

    private mutating func take(_ byte: UInt8) -> Row? {
        let isLineEnd = byte == Self.lineFeed
        if isLineEnd { line += 1 }
        switch place {
        case .quoted:
            // Where a run of quoted text ends.
            count(1)
            place = .quoteInQuoted
            return nil
        case .quoteInQuoted where byte == Self.quote:
            keep(byte)
            place = .quoted
            return nil
        case .fieldStart where byte == Self.quote:
            count(1)
            quoteLine = line
            place = .quoted
            return nil
        case .fieldStart, .plain, .quoteInQuoted, .afterReturn:
            if isLineEnd { return endRow() }
            count(1)
            outside(byte)
            return nil
        }
    }

    /// A byte that neither ends the row nor is within quotes.
    private mutating func outside(_ byte: UInt8) {
        if place == .afterReturn {
            // It ended no line, so it is part of the field.
            keep(Self.carriageReturn)
            place = .plain
        }
        switch byte {
        case separator: endField()
        case Self.carriageReturn: place = .afterReturn
        default:
            if place == .quoteInQuoted {
                fail(
                    "text behind a closing quote on line \(line); a quote within a quoted field is "
                        + "written twice")
            }
            place = .plain
            keep(byte)
        }
    }

    /// So many bytes more of the row.
    private mutating func count(_ more: Int) {
        bytes += more
        guard bytes > limit else { return }
        let quote = place == .quoted ? "; the quote that opens on line \(quoteLine) is open" : ""
        fail("longer than \(limit >> 20) MiB\(quote)")
    }

    /// The first fault of a row is the one that is told.
    private mutating func fail(_ reason: String) {
        guard fault == nil else { return }
        fault = reason
        fields.removeAll()
        field.removeAll()
    }

    private mutating func keep(_ byte: UInt8) {
        if fault == nil { field.append(byte) }
    }

    private mutating func endField() {
        if fault == nil { fields.append(field) }
        field.removeAll(keepingCapacity: true)
        place = .fieldStart
    }

    /// - Returns: nil where the line was blank.
    private mutating func endRow() -> Row? {
        let row = (line: firstLine, isBlank: bytes == 0 || bytes == 1 && place == .afterReturn)
        endField()
        let ended = Row(line: row.line, fields: fields, fault: fault)
        fields.removeAll(keepingCapacity: true)
        fault = nil
        bytes = 0
        firstLine = line
        return row.isBlank ? nil : ended
    }

    private static let quote = UInt8(ascii: "\"")
    private static let lineFeed = UInt8(ascii: "\n")
    private static let carriageReturn = UInt8(ascii: "\r")
}

// Where the texts come from: arguments, a file, or standard input, as a stream of which a line is
// held at a time, or all of it where it is one text.
//
// `next` gives what is there without waiting; `read` fetches more and may be called whenever the
// descriptor is readable. Both ends of the loop stay with the caller.

import DelimitedText
import Syscalls
import TextflixProtocol

package struct TextInput: ~Copyable {
    package enum Form: Sendable {
        case lines, objects(ObjectFields)
        /// Rows of which the first names the columns (CSV, TSV).
        case table(ObjectFields)
        /// All of the input is one text.
        case whole
    }
    package enum Piece { case text(TextItem), bad(BadLine), nothingYet, end }

    /// A line of JSON may hold more than its text.
    package static let lineBytes = 16 << 20

    /// What to wait for; nil for arguments, which are all there.
    package let number: Int32?
    /// Bytes of a regular file, for the progress line.
    package let size: Int?
    package private(set) var bytesRead = 0
    private let file: Descriptor?
    private let form: Form
    private var arguments: ArraySlice<String>
    private var argumentNumber = 0
    private var splitter = LineSplitter(limit: lineBytes)
    /// Of `table`.
    private var rows: TableReader?
    /// Of `whole`: what was read; nil once it was given out.
    private var text: [UInt8]? = []
    private var ended: Bool

    /// - Parameter form: no table, which is more than its rows.
    package init(arguments: [String], form: Form) {
        self.arguments = arguments[...]
        self.form = form
        number = nil
        size = nil
        file = nil
        ended = true
    }

    /// - Parameter path: nil: standard input.
    package init(path: String?, form: Form) throws(Failure) {
        self.form = form
        if case .table(let fields) = form { rows = Self.reader(fields) }
        arguments = []
        ended = false
        guard let path else {
            number = StandardStream.input.rawValue
            size = nil
            file = nil
            return
        }
        do throws(Errno) {
            let opened = try openForReading(path)
            let status = try FileStatus(of: opened, path: path)
            guard status.kind != .directory else { throw Errno.isDirectory }
            number = opened.number
            size = status.kind == .regular ? status.size : nil
            file = consume opened
        } catch {
            throw Failure(.noInput, "cannot read \(path): \(error.message)")
        }
    }

    /// Nothing more can be read; `next` may still have lines.
    package var hasEnded: Bool { ended }

    /// - Throws: why a table cannot be read at all.
    package mutating func next() throws(Failure) -> Piece {
        if let argument = arguments.popFirst() {
            argumentNumber += 1
            return piece(argumentNumber, Array(argument.utf8))
        }
        if case .whole = form { return whole() }
        if rows != nil { return try row() }
        while true {
            guard let line = splitter.next() ?? (ended ? splitter.finish() : nil) else {
                return ended ? .end : .nothingYet
            }
            guard let bytes = line.bytes else {
                let most = Self.lineBytes >> 20
                return .bad(BadLine(number: line.number, reason: "longer than \(most) MiB"))
            }
            // Blank lines between objects are no objects; a blank text is a text.
            if case .objects = form, bytes.allSatisfy({ $0 == 0x20 || $0 == 0x09 }) { continue }
            return piece(line.number, bytes)
        }
    }

    private mutating func row() throws(Failure) -> Piece {
        var row = rows?.next()
        if row == nil, ended {
            do throws(TableError) { row = try rows?.finish() } catch {
                throw Failure(.data, "the table: \(error.message)")
            }
        }
        switch row {
        case .object(let json, let line): return piece(line, json)
        case .bad(let reason, let line): return .bad(BadLine(number: line, reason: reason))
        case nil: return ended ? .end : .nothingYet
        }
    }

    private mutating func whole() -> Piece {
        guard ended, let bytes = text else { return ended ? .end : .nothingYet }
        text = nil
        guard bytes.count <= Limits.textBytes else {
            return .bad(
                BadLine(number: 1, reason: "longer than the \(Limits.textBytes) bytes of a text"))
        }
        return piece(1, bytes)
    }

    /// Reads once, waiting if there is nothing yet.
    package mutating func read() throws(Failure) {
        guard let number, !ended else { return }
        var failure: Errno?
        let bytes = [UInt8](unsafeUninitializedCapacity: 64 << 10) { space, count in
            do throws(Errno) {
                count = try readOnce(number, into: UnsafeMutableRawBufferPointer(space))
            } catch { failure = error }
        }
        // Somebody made the descriptor non-blocking: there will be more.
        if failure == .wouldBlock { return }
        if let failure { throw Failure(.inputOutput, "reading the input: \(failure.message)") }
        guard bytesRead > 0 || !Self.isCompressed(bytes) else {
            throw Failure(.data, "the input is gzip-compressed; pipe it through zcat")
        }
        let isMarked = bytesRead == 0 && bytes.starts(with: [0xEF, 0xBB, 0xBF])
        try append(bytes.dropFirst(isMarked ? 3 : 0))  // a byte order mark is no text
        bytesRead += bytes.count
        ended = bytes.isEmpty
    }

    private mutating func append(_ bytes: ArraySlice<UInt8>) throws(Failure) {
        switch form {
        case .lines, .objects: splitter.append(bytes)
        case .table:
            do throws(TableError) { try rows?.append(bytes) } catch {
                throw Failure(.data, "the table: \(error.message)")
            }
        // What is longer is refused in the end, and needs no memory.
        case .whole: if text?.count ?? 0 <= Limits.textBytes { text? += bytes }
        }
    }

    private func piece(_ number: Int, _ bytes: [UInt8]) -> Piece {
        do throws(BadLine) {
            return switch form {
            case .lines, .whole: .text(try TextItem(line: number, bytes))
            case .objects(let fields), .table(let fields):
                .text(try TextItem(object: number, bytes, fields: fields))
            }
        } catch {
            return .bad(error)
        }
    }
}

extension TextInput {
    private static func reader(_ fields: ObjectFields) -> TableReader {
        TableReader(columns: [fields.text], hint: "; --text-field says which it is")
    }

    /// Whether that is how a file of gzip begins, which no text does.
    package static func isCompressed(_ bytes: [UInt8]) -> Bool { bytes.starts(with: [0x1F, 0x8B]) }

    /// Whether a file of that name is a table.
    package static func isTable(_ path: String) -> Bool { TableReader.isTable(path) }

    /// A pipe is empty after the first reading. What is not there is told when it is opened.
    package static func canBeReadTwice(_ path: String) -> Bool {
        path != "-" && (try? FileStatus(path: path))?.kind ?? .regular == .regular
    }

    /// Looks at all texts of a file before any is asked about: what is wrong with the file is said
    /// in seconds, and not after hours. A line that gives no text is no fault here: the run names
    /// it and goes on without it.
    package static func survey(
        _ path: String, _ form: Form, _ look: (TextItem) throws(Failure) -> Void
    ) throws(Failure) {
        var input = try TextInput(path: path, form: form)
        while true {
            switch try input.next() {
            case .text(let item) where item.text.utf8.count <= Limits.textBytes: try look(item)
            case .text, .bad: continue
            case .nothingYet: try input.read()
            case .end: return
            }
        }
    }
}

// What is wrong with a JSON text, and where: for the person who wrote it.
//
// Lines and columns count from 1; a column counts bytes, as compilers do. It never repeats the text
// itself, which may be private.

package struct JSONError: Error, Sendable, Equatable, CustomStringConvertible {
    package let message: String
    package let offset: Int
    package let line: Int
    package let column: Int

    package init(_ message: String, at offset: Int, in source: UnsafeBufferPointer<UInt8>) {
        let place = LineColumn(offset: offset, in: source)
        self.message = message
        self.offset = offset
        line = place.line
        column = place.column
    }

    package init(_ message: String, at offset: Int, in source: [UInt8]) {
        self = source.withUnsafeBufferPointer { JSONError(message, at: offset, in: $0) }
    }

    package var description: String { "line \(line), column \(column): \(message)" }
}

package struct LineColumn: Sendable, Equatable {
    package let line: Int
    package let column: Int

    package init(offset: Int, in source: UnsafeBufferPointer<UInt8>) {
        let before = source.prefix(offset)
        line = 1 + before.lazy.filter { $0 == UInt8(ascii: "\n") }.count
        let lineStart = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        column = 1 + min(offset, source.count) - lineStart
    }
}

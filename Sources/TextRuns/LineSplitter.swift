// Bytes in pieces -> lines, split on LF only, one trailing CR taken off.
//
// Other line separators (NEL, U+2028) are part of a text. A line over the limit is reported once
// and skipped to its end without being kept, so an endless line costs no memory.

package struct LineSplitter: Sendable {
    package struct Line: Sendable, Equatable {
        /// From 1.
        let number: Int
        /// nil: longer than the limit.
        let bytes: [UInt8]?
    }

    private var buffer: [UInt8] = []
    private var consumed = 0
    /// Up to where the buffer holds no LF.
    private var scanned = 0
    private var number = 0
    private var isSkipping = false
    private let limit: Int

    package init(limit: Int) { self.limit = limit }

    package mutating func append(_ bytes: some Collection<UInt8>) {
        if consumed > buffer.count / 2 {
            buffer.removeFirst(consumed)
            scanned -= consumed
            consumed = 0
        }
        buffer.append(contentsOf: bytes)
    }

    /// The next line that is whole; nil: more bytes are needed.
    package mutating func next() -> Line? {
        while true {
            guard let end = buffer[scanned...].firstIndex(of: UInt8(ascii: "\n")) else {
                scanned = buffer.count
                return overflow()
            }
            let line = consumed..<end
            consumed = end + 1
            scanned = consumed
            if isSkipping {
                isSkipping = false
                continue
            }
            return take(line)
        }
    }

    /// What stands after the last LF, when there is no more to come.
    package mutating func finish() -> Line? {
        guard !isSkipping, consumed < buffer.count else { return nil }
        let line = consumed..<buffer.count
        consumed = buffer.count
        return take(line)
    }

    private mutating func take(_ range: Range<Int>) -> Line {
        number += 1
        guard range.count <= limit else { return Line(number: number, bytes: nil) }
        let hasReturn = !range.isEmpty && buffer[range.upperBound - 1] == UInt8(ascii: "\r")
        return Line(number: number, bytes: Array(buffer[range].dropLast(hasReturn ? 1 : 0)))
    }

    /// The line that is being gathered has passed the limit: drop what there is of it.
    private mutating func overflow() -> Line? {
        if isSkipping {
            consumed = buffer.count
            return nil
        }
        guard buffer.count - consumed > limit else { return nil }
        isSkipping = true
        consumed = buffer.count
        number += 1
        return Line(number: number, bytes: nil)
    }
}

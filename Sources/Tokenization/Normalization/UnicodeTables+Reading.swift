// Reads the digits of the generated `UnicodeTables` (their form is drawn there).
//
// The tables are part of the program, so a malformed one is a programmer's error and traps. It only
// decodes; `ScalarRules` decides what the sets mean together.

/// A decoder of one table: a sequence of numbers.
struct TableReader {
    private var next: UnsafePointer<UInt8>
    private let end: UnsafePointer<UInt8>

    init(_ table: StaticString) {
        next = table.utf8Start
        end = next + table.utf8CodeUnitCount
    }

    /// The next number, or nil at the end of the table.
    mutating func number() -> Int? {
        var value = 0
        var shift = 0
        while next < end {
            let digit = Int(next.pointee) - 0x24
            next += 1
            guard digit >= 0 else { continue }  // a line break
            value |= (digit & 31) << shift
            shift += 5
            if digit < 32 { return value }
        }
        return nil
    }

    /// The next number of an entry that has begun.
    mutating func rest() -> Int {
        guard let value = number() else { preconditionFailure("a Unicode table ends too early") }
        return value
    }

    mutating func signed() -> Int {
        let value = rest()
        return value & 1 == 0 ? value >> 1 : -(value >> 1) - 1
    }
}

extension UnicodeTables {
    /// The set as ascending ranges of scalars.
    static func ranges(_ table: StaticString) -> [Range<Int>] {
        var reader = TableReader(table)
        var ranges: [Range<Int>] = []
        var end = 0
        while let gap = reader.number() {
            let start = end + gap
            end = start + reader.rest() + 1
            ranges.append(start..<end)
        }
        return ranges
    }

    /// The mapping: a scalar, and the scalars it becomes, by ascending scalar.
    static func mapping(_ table: StaticString) -> [(scalar: Int, becomes: [Int])] {
        var reader = TableReader(table)
        var entries: [(scalar: Int, becomes: [Int])] = []
        var end = 0
        while let gap = reader.number() {
            let scalar = end + gap
            end = scalar + 1
            let count = reader.rest()
            entries.append((scalar, (0..<count).map { _ in scalar + reader.signed() }))
        }
        return entries
    }
}

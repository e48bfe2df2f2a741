// Reads protobuf's wire format, one field at a time.
//
//     message := field*        field := tag value
//     tag     := varint(field number << 3 | wire type)
//     value   := varint | 8 bytes | varint(n) n bytes | fields, end-group tag | 4 bytes
//
// Invariant: start <= position <= end of the slice at all times, and every length is compared with
// what is left before it is used, so hostile bytes can only make it throw. It allocates for what it
// returns, never for what a length claims. It does not know any message.

public struct WireReader {
    /// The number of the current field.
    public private(set) var number: UInt32 = 0
    private var type = WireType.varint
    private var isTaken = true

    private let bytes: ArraySlice<UInt8>
    private var position: Int

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        position = bytes.startIndex
    }

    private var remaining: Int { bytes.endIndex - position }

    /// Moves on to the next field; false at the end.
    mutating func next() throws(WireError) -> Bool {
        guard remaining > 0 else { return false }
        (number, type) = try tag()
        isTaken = false
        return true
    }

    /// Skips the current field if nobody read it.
    mutating func skipUntaken() throws(WireError) {
        guard !isTaken else { return }
        isTaken = true
        switch type {
        case .varint: _ = try varint()
        case .fixed64: try advance(8)
        case .fixed32: try advance(4)
        case .bytes: _ = try delimited()
        case .startGroup: try skipGroup()
        case .endGroup: throw error(.unmatchedGroup)
        }
    }

    func error(_ problem: WireError.Problem) -> WireError {
        WireError(path: number == 0 ? [] : [number], problem: problem)
    }
}

// MARK: - Values

extension WireReader {
    public mutating func uint64() throws(WireError) -> UInt64 {
        try take(.varint)
        return try varint()
    }

    /// A 32-bit field keeps the low 32 bits of a longer varint, as protobuf does.
    public mutating func uint32() throws(WireError) -> UInt32 {
        UInt32(truncatingIfNeeded: try uint64())
    }

    public mutating func int64() throws(WireError) -> Int64 {
        Int64(bitPattern: try uint64())
    }

    public mutating func int32() throws(WireError) -> Int32 {
        Int32(truncatingIfNeeded: try uint64())
    }

    public mutating func bool() throws(WireError) -> Bool {
        try uint64() != 0
    }

    public mutating func enumeration<E: OpenEnumeration>() throws(WireError) -> E {
        E(rawValue: try int32())
    }

    public mutating func float() throws(WireError) -> Float {
        try take(.fixed32)
        return Float(bitPattern: try fixed())
    }

    public mutating func double() throws(WireError) -> Double {
        try take(.fixed64)
        return Double(bitPattern: try fixed())
    }

    /// The bytes in place: a view of what is being read.
    public mutating func slice() throws(WireError) -> ArraySlice<UInt8> {
        try take(.bytes)
        return try delimited()
    }

    /// A text of the user's: kept as it came, valid or not.
    public mutating func text() throws(WireError) -> Text {
        Text(utf8: Array(try slice()))
    }

    /// A name or a message: must be UTF-8.
    public mutating func string() throws(WireError) -> String {
        let slice = try slice()
        if let string = String(validating: slice, as: UTF8.self) { return string }
        throw error(.invalidUTF8(at: Text(utf8: Array(slice)).firstInvalidByte() ?? 0))
    }

    public mutating func message<M: Message>() throws(WireError) -> M {
        var message = M()
        try merge(into: &message)
        return message
    }

    /// A singular message that occurs again adds to what was there.
    public mutating func message<M: Message>(into message: inout M?) throws(WireError) {
        var merged = message ?? M()
        try merge(into: &merged)
        message = merged
    }

    private mutating func merge<M: Message>(into message: inout M) throws(WireError) {
        let slice = try slice()
        do throws(WireError) {
            try message.merge(slice)
        } catch {
            throw WireError(path: [number] + error.path, problem: error.problem)
        }
    }
}

// MARK: - Repeated values

extension WireReader {
    public mutating func strings(to array: inout [String]) throws(WireError) {
        array.append(try string())
    }

    public mutating func texts(to array: inout [Text], limit: Int) throws(WireError) {
        try room(in: array, limit)
        array.append(try text())
    }

    public mutating func messages<M: Message>(
        to array: inout [M], limit: Int = .max
    ) throws(WireError) {
        try room(in: array, limit)
        array.append(try message())
    }

    /// Varints, packed or one a field.
    public mutating func append(
        to array: inout [UInt32], limit: Int = .max
    ) throws(WireError) {
        try varints(into: &array, limit) { reader throws(WireError) in
            UInt32(truncatingIfNeeded: try reader.varint())
        }
    }

    public mutating func append(to array: inout [UInt64]) throws(WireError) {
        try varints(into: &array, .max) { reader throws(WireError) in
            try reader.varint()
        }
    }

    public mutating func append(to array: inout [Float]) throws(WireError) {
        guard type == .bytes else { return array.append(try float()) }
        try words { array.append(Float(bitPattern: $0)) }
    }

    public mutating func append(to array: inout [Double]) throws(WireError) {
        guard type == .bytes else { return array.append(try double()) }
        try words { array.append(Double(bitPattern: $0)) }
    }

    private mutating func varints<Element>(
        into array: inout [Element], _ limit: Int,
        _ read: (inout WireReader) throws(WireError) -> Element
    ) throws(WireError) {
        guard type == .bytes else {
            try take(.varint)
            try room(in: array, limit)
            return array.append(try read(&self))
        }
        var inner = WireReader(try slice())
        inner.number = number
        while inner.remaining > 0 {
            try room(in: array, limit)
            array.append(try read(&inner))
        }
    }

    /// Packed numbers of fixed width, which lie at any alignment.
    private mutating func words<Word: FixedWidthInteger>(
        _ body: (Word) -> Void
    ) throws(WireError) {
        let slice = try slice()
        let wordBytes = Word.bitWidth / 8
        guard slice.count.isMultiple(of: wordBytes) else { throw error(.raggedPacking) }
        slice.withUnsafeBytes { space in
            for offset in stride(from: 0, to: space.count, by: wordBytes) {
                let word = space.loadUnaligned(fromByteOffset: offset, as: Word.self)
                body(Word(littleEndian: word))
            }
        }
    }

    private func room<Element>(in array: [Element], _ limit: Int) throws(WireError) {
        guard array.count < limit else { throw error(.tooMany(limit: limit)) }
    }
}

// MARK: - Primitives

extension WireReader {
    private mutating func take(_ expected: WireType) throws(WireError) {
        guard type == expected else { throw error(.wrongType(expected: expected, found: type)) }
        isTaken = true
    }

    private mutating func advance(_ count: Int) throws(WireError) {
        guard count <= remaining else { throw error(.truncated) }
        position += count
    }

    private mutating func tag() throws(WireError) -> (UInt32, WireType) {
        number = 0
        let tag = try varint()
        guard let type = WireType(rawValue: UInt8(tag & 7)), tag >> 3 != 0, tag >> 32 == 0 else {
            throw error(.invalidTag)
        }
        return (UInt32(tag >> 3), type)
    }

    private mutating func varint() throws(WireError) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            guard remaining > 0 else { throw error(.truncated) }
            let byte = bytes[position]
            position += 1
            // The tenth byte holds bit 63 alone.
            guard shift < 63 || byte <= 1 else { throw error(.varintTooLong) }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
    }

    /// A little-endian number of its type's width.
    private mutating func fixed<Word: FixedWidthInteger>() throws(WireError) -> Word {
        let first = position
        try advance(Word.bitWidth / 8)
        var word: Word = 0
        for index in stride(from: position - 1, through: first, by: -1) {
            word = word << 8 | Word(bytes[index])
        }
        return word
    }

    private mutating func delimited() throws(WireError) -> ArraySlice<UInt8> {
        let count = try varint()
        guard count <= UInt64(remaining) else { throw error(.truncated) }
        let first = position
        position += Int(count)
        return bytes[first..<position]
    }

    /// Skips to the end of the group just begun. A loop, so that no depth can exhaust the stack.
    private mutating func skipGroup() throws(WireError) {
        let outermost = number
        defer { number = outermost }
        var open = [outermost]
        while let innermost = open.last {
            (number, type) = try tag()
            switch type {
            case .startGroup:
                guard open.count < Limits.groupDepth else { throw error(.groupTooDeep) }
                open.append(number)
            case .endGroup:
                guard number == innermost else { throw error(.unmatchedGroup) }
                open.removeLast()
            default:
                isTaken = false
                try skipUntaken()
            }
        }
    }
}

// Writes protobuf's wire format onto the end of one growing array.
//
// Invariant: what is written is canonical: a default value is omitted, varints are of the shortest
// form, numbers are packed. A nested message is written in place behind one byte for its length;
// only where the length turns out to need more (128 bytes and above) does the message move up.
// Messages here nest three deep at most, so no byte moves more than that.

extension [UInt8] {
    mutating func put(_ number: UInt32, _ value: UInt64) {
        guard value != 0 else { return }
        putTag(number, .varint)
        putVarint(value)
    }

    mutating func put(_ number: UInt32, _ value: UInt32) { put(number, UInt64(value)) }

    mutating func put(_ number: UInt32, _ value: Bool) { put(number, UInt64(value ? 1 : 0)) }

    /// Negative numbers take ten bytes: sign-extended to 64 bits, as protobuf has it.
    mutating func put(_ number: UInt32, _ value: Int64) { put(number, UInt64(bitPattern: value)) }

    mutating func put(_ number: UInt32, _ value: Int32) { put(number, Int64(value)) }

    mutating func put(_ number: UInt32, _ value: some OpenEnumeration) {
        put(number, value.rawValue)
    }

    /// Only positive zero is a default: -0 is written.
    mutating func put(_ number: UInt32, _ value: Float) {
        guard value.bitPattern != 0 else { return }
        putTag(number, .fixed32)
        putFixed(value.bitPattern)
    }

    mutating func put(_ number: UInt32, _ value: Double) {
        guard value.bitPattern != 0 else { return }
        putTag(number, .fixed64)
        putFixed(value.bitPattern)
    }

    mutating func put(_ number: UInt32, _ value: String) {
        guard !value.isEmpty else { return }
        putString(number, value)
    }

    mutating func put(_ number: UInt32, _ value: Text) {
        put(number, value.utf8[...])
    }

    mutating func put(_ number: UInt32, _ value: ArraySlice<UInt8>) {
        guard !value.isEmpty else { return }
        putDelimited(number, value)
    }

    mutating func put(_ number: UInt32, _ message: (some Message)?) {
        guard let message else { return }
        putNested(number) { message.encode(into: &$0) }
    }
}

extension [UInt8] {
    /// A message as an envelope's payload: bytes to the envelope, so empty ones are omitted.
    mutating func putPayload(_ number: UInt32, _ message: (some Message)?) {
        let start = count
        put(number, message)
        if count == start + 2 { removeLast(2) }  // tag, length 0
    }
}

// MARK: - Repeated values: every element is written, defaults too

extension [UInt8] {
    mutating func put(_ number: UInt32, _ values: [String]) {
        for value in values { putString(number, value) }
    }

    mutating func put(_ number: UInt32, _ values: [Text]) {
        for value in values { putDelimited(number, value.utf8[...]) }
    }

    mutating func put(_ number: UInt32, _ messages: [some Message]) {
        for message in messages { put(number, message) }
    }

    mutating func put(_ number: UInt32, _ values: [UInt32]) {
        guard !values.isEmpty else { return }
        putNested(number) { for value in values { $0.putVarint(UInt64(value)) } }
    }

    mutating func put(_ number: UInt32, _ values: [UInt64]) {
        guard !values.isEmpty else { return }
        putNested(number) { for value in values { $0.putVarint(value) } }
    }

    mutating func put(_ number: UInt32, _ values: [Float]) {
        guard !values.isEmpty else { return }
        putPacked(number, values) { $0.bitPattern }
    }

    mutating func put(_ number: UInt32, _ values: [Double]) {
        guard !values.isEmpty else { return }
        putPacked(number, values) { $0.bitPattern }
    }
}

// MARK: - Primitives

extension [UInt8] {
    private mutating func putTag(_ number: UInt32, _ type: WireType) {
        putVarint(UInt64(number) << 3 | UInt64(type.rawValue))
    }

    private mutating func putVarint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(rest))
    }

    private mutating func putFixed(_ word: some FixedWidthInteger & Sendable) {
        Swift.withUnsafeBytes(of: word.littleEndian) { append(contentsOf: $0) }
    }

    /// Embeddings are the bulk of what is ever sent: room for all of them, then word by word.
    private mutating func putPacked<Value, Word: FixedWidthInteger>(
        _ number: UInt32, _ values: [Value], _ word: (Value) -> Word
    ) {
        let wordBytes = Word.bitWidth / 8
        putLength(number, values.count * wordBytes)
        let start = count
        append(contentsOf: repeatElement(0, count: values.count * wordBytes))
        withUnsafeMutableBytes { space in
            for (index, value) in values.enumerated() {
                let offset = start + index * wordBytes
                space.storeBytes(of: word(value).littleEndian, toByteOffset: offset, as: Word.self)
            }
        }
    }

    /// Tag and length, and room for as many bytes as follow.
    private mutating func putLength(_ number: UInt32, _ count: Int) {
        putTag(number, .bytes)
        putVarint(UInt64(count))
    }

    private mutating func putDelimited(_ number: UInt32, _ value: ArraySlice<UInt8>) {
        putLength(number, value.count)
        append(contentsOf: value)
    }

    private mutating func putString(_ number: UInt32, _ value: String) {
        putLength(number, value.utf8.count)
        append(contentsOf: value.utf8)
    }

    /// Writes what `body` appends as one length-delimited field.
    mutating func putNested(_ number: UInt32, _ body: (inout [UInt8]) -> Void) {
        putTag(number, .bytes)
        let lengthAt = count
        append(0)
        body(&self)
        let length = count - lengthAt - 1
        guard length >= 0x80 else { return self[lengthAt] = UInt8(length) }
        var prefix: [UInt8] = []
        prefix.putVarint(UInt64(length))
        replaceSubrange(lengthAt...lengthAt, with: prefix)
    }
}

// Writes JSON into a byte buffer, in the order it is told.
//
// Invariant: commas and (when pretty) line breaks are the writer's affair; names, nesting and one
// value a name are the caller's. Output is UTF-8 with only what must be escaped escaped. A number
// that JSON cannot say (NaN, infinity) becomes null.

package struct JSONWriter: Sendable {
    package private(set) var bytes: [UInt8] = []
    private let pretty: Bool
    private var depth = 0
    private var needsComma = false
    private var afterKey = false

    package init(pretty: Bool = false) { self.pretty = pretty }

    package var text: String { String(decoding: bytes, as: UTF8.self) }

    package mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        depth = 0
        needsComma = false
        afterKey = false
    }

    /// Ends a line of JSON lines and gives its bytes.
    package mutating func takeLine() -> [UInt8] {
        defer { removeAll() }
        return bytes + [UInt8(ascii: "\n")]
    }

    package mutating func beginObject() { open("{") }
    package mutating func endObject() { close("}") }
    package mutating func beginArray() { open("[") }
    package mutating func endArray() { close("]") }

    package mutating func key(_ name: String) { key(utf8: name.utf8) }

    package mutating func key(utf8 name: some Sequence<UInt8>) {
        separate()
        quote(name)
        bytes.append(UInt8(ascii: ":"))
        if pretty { bytes.append(UInt8(ascii: " ")) }
        afterKey = true
    }

    package mutating func string(_ text: String) { string(utf8: text.utf8) }

    package mutating func string(utf8 text: some Sequence<UInt8>) {
        separate()
        quote(text)
        needsComma = true
    }

    package mutating func int(_ number: some BinaryInteger) { raw(String(number).utf8) }

    /// The shortest digits that read back as the same Float.
    package mutating func float(_ number: Float) {
        number.isFinite ? raw(number.description.utf8) : null()
    }

    package mutating func double(_ number: Double) {
        number.isFinite ? raw(number.description.utf8) : null()
    }

    package mutating func bool(_ flag: Bool) { raw((flag ? "true" : "false").utf8) }

    package mutating func null() { raw("null".utf8) }

    /// A value that is JSON already, e.g. a field carried through.
    package mutating func raw(_ json: some Sequence<UInt8>) {
        separate()
        bytes.append(contentsOf: json)
        needsComma = true
    }

    private mutating func open(_ bracket: Unicode.Scalar) {
        separate()
        bytes.append(UInt8(ascii: bracket))
        depth += 1
        needsComma = false
    }

    private mutating func close(_ bracket: Unicode.Scalar) {
        depth -= 1
        if needsComma { breakLine() }
        bytes.append(UInt8(ascii: bracket))
        needsComma = true
        if depth == 0, pretty { bytes.append(UInt8(ascii: "\n")) }
    }

    private mutating func separate() {
        if afterKey {
            afterKey = false
            return
        }
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        if depth > 0 { breakLine() }
        needsComma = false
    }

    private mutating func breakLine() {
        guard pretty else { return }
        bytes.append(UInt8(ascii: "\n"))
        bytes.append(contentsOf: repeatElement(UInt8(ascii: " "), count: 2 * depth))
    }

    private mutating func quote(_ text: some Sequence<UInt8>) {
        bytes.append(UInt8(ascii: "\""))
        let isWritten: Void? = text.withContiguousStorageIfAvailable { escape($0) }
        if isWritten == nil { for byte in text { escape(byte) } }
        bytes.append(UInt8(ascii: "\""))
    }

    /// What need not be escaped is copied run by run.
    private mutating func escape(_ text: UnsafeBufferPointer<UInt8>) {
        var start = 0
        for place in text.indices where Self.isEscaped(text[place]) {
            bytes.append(contentsOf: text[start..<place])
            escape(text[place])
            start = place + 1
        }
        bytes.append(contentsOf: text[start...])
    }

    private static func isEscaped(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }

    private mutating func escape(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""): bytes.append(contentsOf: #"\""#.utf8)
        case UInt8(ascii: "\\"): bytes.append(contentsOf: #"\\"#.utf8)
        case 0x0A: bytes.append(contentsOf: #"\n"#.utf8)
        case 0x0D: bytes.append(contentsOf: #"\r"#.utf8)
        case 0x09: bytes.append(contentsOf: #"\t"#.utf8)
        case 0..<0x20:
            let digits = Array("0123456789abcdef".utf8)
            bytes.append(contentsOf: #"\u00"#.utf8)
            bytes.append(digits[Int(byte >> 4)])
            bytes.append(digits[Int(byte & 15)])
        default: bytes.append(byte)
        }
    }
}

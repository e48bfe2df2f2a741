// Reads JSON (RFC 8259) and JSON5 (json5.org, 1.0.0) from bytes, in one pass, without Foundation.
//
// Ours, because three readers here need what FoundationEssentials does not tell: the line and
// column of an unknown or doubled key (configuration), duplicate names (the safetensors header),
// and the byte span of a field (lines that carry other fields through).
//
// Invariant: every access is bounds-checked by `peek`, nesting is at most `maxDepth`, values are at
// most `maxValues`, and input that is not exactly one value is an error with a position. Strings
// come out as valid UTF-8.

package enum JSONDocument {
    package enum Dialect: Sendable { case json, json5 }

    /// - Parameter maxValues: of all kinds together: one takes many times its byte in memory.
    package static func parse(
        _ bytes: [UInt8], dialect: Dialect = .json, maxDepth: Int = 128, maxValues: Int = .max
    ) throws(JSONError) -> JSONNode {
        try bytes.withUnsafeBufferPointer { source throws(JSONError) in
            try parse(source, dialect: dialect, maxDepth: maxDepth, maxValues: maxValues)
        }
    }

    /// As above, of bytes that lie anywhere.
    package static func parse(
        _ source: UnsafeBufferPointer<UInt8>, dialect: Dialect = .json, maxDepth: Int = 128,
        maxValues: Int = .max
    ) throws(JSONError) -> JSONNode {
        var parser = JSONParser(
            source: source, dialect: dialect, maxDepth: maxDepth, maxValues: maxValues)
        return try parser.document()
    }
}

struct JSONParser {
    let source: UnsafeBufferPointer<UInt8>
    let dialect: JSONDocument.Dialect
    let maxDepth: Int
    let maxValues: Int
    var offset = 0
    private var depth = 0
    private var values = 0

    init(
        source: UnsafeBufferPointer<UInt8>, dialect: JSONDocument.Dialect, maxDepth: Int,
        maxValues: Int
    ) {
        self.source = source
        self.dialect = dialect
        self.maxDepth = maxDepth
        self.maxValues = maxValues
    }

    mutating func document() throws(JSONError) -> JSONNode {
        if source.starts(with: [0xEF, 0xBB, 0xBF]) { offset = 3 }
        let node = try value()
        try skipSpace()
        guard offset == source.count else { throw error("text after the value") }
        return node
    }

    /// The byte here, or nil at the end.
    var peek: UInt8? { offset < source.count ? source[offset] : nil }

    func error(_ message: String, at position: Int? = nil) -> JSONError {
        JSONError(message, at: position ?? offset, in: source)
    }

    mutating func value() throws(JSONError) -> JSONNode {
        try skipSpace()
        let start = offset
        guard let byte = peek else { throw error("the text ends where a value should be") }
        values += 1
        guard values <= maxValues else { throw error("more than \(maxValues) values") }
        let value: JSONValue
        switch byte {
        case UInt8(ascii: "{"):
            value = try nested { parser throws(JSONError) in try parser.object() }
        case UInt8(ascii: "["):
            value = try nested { parser throws(JSONError) in try parser.array() }
        case UInt8(ascii: "\""): value = .string(try string(quote: byte))
        case UInt8(ascii: "'") where dialect == .json5: value = .string(try string(quote: byte))
        default: value = try literal()
        }
        return JSONNode(value: value, span: start..<offset)
    }

    private mutating func nested(
        _ body: (inout JSONParser) throws(JSONError) -> JSONValue
    ) throws(JSONError) -> JSONValue {
        depth += 1
        guard depth <= maxDepth else { throw error("nested deeper than \(maxDepth) levels") }
        offset += 1
        let value = try body(&self)
        depth -= 1
        return value
    }

    private mutating func array() throws(JSONError) -> JSONValue {
        var nodes: [JSONNode] = []
        while true {
            try skipSpace()
            if nodes.isEmpty || dialect == .json5, take("]") { return .array(nodes) }
            nodes.append(try value())
            try skipSpace()
            if take("]") { return .array(nodes) }
            guard take(",") else { throw error("expected ',' or ']'") }
        }
    }

    private mutating func object() throws(JSONError) -> JSONValue {
        var members: [JSONMember] = []
        var names: Set<[UInt8]> = []
        while true {
            try skipSpace()
            if members.isEmpty || dialect == .json5, take("}") { return .object(members) }
            let nameOffset = offset
            let name = try memberName()
            guard names.insert(name).inserted else {
                // Escaped: it may hold anything, also a line end.
                var shown = JSONWriter()
                shown.string(String(decoding: name.prefix(80), as: UTF8.self))
                throw error("the key \(shown.text) stands twice", at: nameOffset)
            }
            try skipSpace()
            guard take(":") else { throw error("expected ':' after a key") }
            members.append(JSONMember(name: name, nameOffset: nameOffset, node: try value()))
            try skipSpace()
            if take("}") { return .object(members) }
            guard take(",") else { throw error("expected ',' or '}'") }
        }
    }

    private mutating func memberName() throws(JSONError) -> [UInt8] {
        guard let byte = peek else { throw error("the text ends inside an object") }
        if byte == UInt8(ascii: "\"") { return try string(quote: byte) }
        guard dialect == .json5 else { throw error("expected a key in double quotes") }
        if byte == UInt8(ascii: "'") { return try string(quote: byte) }
        let start = offset
        while let next = peek, Self.isIdentifier(next, first: offset == start) { offset += 1 }
        guard offset > start else { throw error("expected a key") }
        guard let text = String(validating: source[start..<offset], as: UTF8.self) else {
            throw error("invalid UTF-8 in a key", at: start)
        }
        return Array(text.utf8)
    }

    private static func isIdentifier(_ byte: UInt8, first: Bool) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "_"), UInt8(ascii: "$"), 0x80...0xFF:
            true
        case UInt8(ascii: "0")...UInt8(ascii: "9"): !first
        default: false
        }
    }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard peek == UInt8(ascii: character) else { return false }
        offset += 1
        return true
    }
}

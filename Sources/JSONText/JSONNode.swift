// A JSON value as it stands in its source: what it is, and where.
//
// Invariant: `span` is the exact byte range of the value in the parsed bytes, so a field can be
// carried through verbatim and an error can name a line and a column. Objects keep their order and
// have no two members of one name. Strings and names are bytes, valid UTF-8, because Swift's String
// holds canonically equivalent texts for equal, and a vocabulary must not.
//
// It does not convert: a number stays the literal that was written until somebody asks for a type.

/// A value and where it stands.
package struct JSONNode: Sendable {
    package let value: JSONValue
    /// Byte offsets into the parsed source, quotes and brackets included.
    package let span: Range<Int>

    package init(value: JSONValue, span: Range<Int>) {
        self.value = value
        self.span = span
    }
}

package enum JSONValue: Sendable {
    case null
    case bool(Bool)
    /// The literal, e.g. `-1.5e3`; JSON5 also `0x1F`, `Infinity`, `NaN`.
    case number(String)
    case string([UInt8])
    case array([JSONNode])
    case object([JSONMember])

    /// What a reader of an error message calls it.
    package var kind: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}

package struct JSONMember: Sendable {
    package let name: [UInt8]
    /// Where the name begins in the source: what an "unknown key" error points at.
    package let nameOffset: Int
    package let node: JSONNode

    package var nameText: String { String(decoding: name, as: UTF8.self) }
}

extension JSONNode {
    /// The member of that name, compared byte by byte; nil also where this is no object.
    package subscript(name: String) -> JSONNode? {
        guard case .object(let members) = value else { return nil }
        return members.first { $0.name.elementsEqual(name.utf8) }?.node
    }

    package var isNull: Bool { if case .null = value { true } else { false } }

    package var bool: Bool? { if case .bool(let flag) = value { flag } else { nil } }

    package var utf8: [UInt8]? { if case .string(let bytes) = value { bytes } else { nil } }

    package var string: String? { utf8.map { String(decoding: $0, as: UTF8.self) } }

    /// A string, or a number or boolean as it is written; nil for what has parts, and for null.
    package var scalarText: String? {
        switch value {
        case .string(let bytes): String(decoding: bytes, as: UTF8.self)
        case .number(let literal): literal
        case .bool(let flag): flag ? "true" : "false"
        case .null, .array, .object: nil
        }
    }

    package var array: [JSONNode]? { if case .array(let nodes) = value { nodes } else { nil } }

    package var object: [JSONMember]? {
        if case .object(let members) = value { members } else { nil }
    }

    /// The number as an integer: exact, so `1.0` is one and `1.5` or an overflow is nil.
    package var int: Int? {
        guard case .number(let literal) = value else { return nil }
        if let plain = Int(literal) { return plain }
        let digits = literal.drop { $0 == "+" || $0 == "-" }
        if digits.hasPrefix("0x") || digits.hasPrefix("0X") {
            return Int((literal.first == "-" ? "-" : "") + digits.dropFirst(2), radix: 16)
        }
        return Double(literal).flatMap { Int(exactly: $0) }
    }

    package var double: Double? {
        guard case .number(let literal) = value else { return nil }
        if let whole = int, literal.contains("x") || literal.contains("X") { return Double(whole) }
        return Double(literal)
    }
}

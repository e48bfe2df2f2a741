// The parser's numbers, words, and the space between values (in JSON5 also comments).

extension JSONParser {
    /// `true`, `false`, `null` or a number.
    mutating func literal() throws(JSONError) -> JSONValue {
        let start = offset
        while let byte = peek, Self.isLiteral(byte) { offset += 1 }
        let word = String(decoding: source[start..<offset], as: UTF8.self)
        switch word {
        case "true": return .bool(true)
        case "false": return .bool(false)
        case "null": return .null
        case "": throw error("expected a value")
        default:
            guard Self.isNumber(word) || (dialect == .json5 && Self.isNumber5(word)) else {
                throw error("neither a number nor true, false or null", at: start)
            }
            return .number(dialect == .json5 ? Self.plain(word) : word)
        }
    }

    private static func isLiteral(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"),
            UInt8(ascii: "."):
            true
        default: false
        }
    }

    /// RFC 8259: -? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?
    static func isNumber(_ word: String) -> Bool {
        var rest = word.utf8[...]
        if rest.first == UInt8(ascii: "-") { rest.removeFirst() }
        if rest.first == UInt8(ascii: "0") {
            rest.removeFirst()
        } else if dropDigits(&rest) == 0 {
            return false
        }
        if rest.first == UInt8(ascii: ".") {
            rest.removeFirst()
            if dropDigits(&rest) == 0 { return false }
        }
        return isExponent(rest)
    }

    /// JSON5 adds a plus sign, a point at either end, hexadecimal, Infinity and NaN.
    static func isNumber5(_ word: String) -> Bool {
        var rest = word.utf8[...]
        if rest.first == UInt8(ascii: "-") || rest.first == UInt8(ascii: "+") { rest.removeFirst() }
        if rest.elementsEqual("Infinity".utf8) || rest.elementsEqual("NaN".utf8) { return true }
        if rest.starts(with: "0x".utf8) || rest.starts(with: "0X".utf8) {
            let digits = rest.dropFirst(2)
            return !digits.isEmpty && digits.allSatisfy { Character(Unicode.Scalar($0)).isHexDigit }
        }
        if rest.count > 1, rest.first == UInt8(ascii: "0"),
            rest.dropFirst().first.map({ (0x30...0x39).contains($0) }) == true
        {
            return false
        }
        var digits = dropDigits(&rest)
        if rest.first == UInt8(ascii: ".") {
            rest.removeFirst()
            digits += dropDigits(&rest)
        }
        return digits > 0 && isExponent(rest)
    }

    private static func isExponent(_ text: Substring.UTF8View) -> Bool {
        var rest = text
        guard let mark = rest.popFirst() else { return true }
        guard mark == UInt8(ascii: "e") || mark == UInt8(ascii: "E") else { return false }
        if rest.first == UInt8(ascii: "-") || rest.first == UInt8(ascii: "+") { rest.removeFirst() }
        return dropDigits(&rest) > 0 && rest.isEmpty
    }

    private static func dropDigits(_ rest: inout Substring.UTF8View) -> Int {
        let before = rest.count
        rest = rest.drop { (0x30...0x39).contains($0) }
        return before - rest.count
    }

    /// A JSON5 number in the form that Swift's own initialisers take.
    private static func plain(_ word: String) -> String {
        let unsigned = word.hasPrefix("+") ? String(word.dropFirst()) : word
        if unsigned.hasSuffix(".") { return unsigned + "0" }
        return unsigned
    }

    mutating func skipSpace() throws(JSONError) {
        while let byte = peek {
            switch byte {
            case 0x20, 0x09, 0x0A, 0x0D: offset += 1
            case UInt8(ascii: "/") where dialect == .json5: try skipComment()
            default:
                guard dialect == .json5, let width = extraSpace() else { return }
                offset += width
            }
        }
    }

    /// JSON5's further white space: VT, FF, NBSP, BOM, U+2028, U+2029; the bytes it takes.
    private func extraSpace() -> Int? {
        let rest = source[offset...]
        if rest.first == 0x0B || rest.first == 0x0C { return 1 }
        if rest.starts(with: [0xC2, 0xA0]) { return 2 }
        let threes: [[UInt8]] = [[0xEF, 0xBB, 0xBF], [0xE2, 0x80, 0xA8], [0xE2, 0x80, 0xA9]]
        return threes.contains { rest.starts(with: $0) } ? 3 : nil
    }

    private mutating func skipComment() throws(JSONError) {
        let start = offset
        offset += 1
        if take("/") {
            while let byte = peek, byte != UInt8(ascii: "\n") {
                _ = byte
                offset += 1
            }
            return
        }
        guard take("*") else { throw error("expected a value", at: start) }
        while offset + 1 < source.count {
            if source[offset] == UInt8(ascii: "*"), source[offset + 1] == UInt8(ascii: "/") {
                offset += 2
                return
            }
            offset += 1
        }
        throw error("a comment without its end", at: start)
    }
}

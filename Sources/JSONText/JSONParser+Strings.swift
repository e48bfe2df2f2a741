// The parser's strings: escapes resolved, UTF-8 verified, surrogate pairs joined.
//
// A lone surrogate is an error, not a replacement character: what comes out is what was meant, or
// nothing.

extension JSONParser {
    mutating func string(quote: UInt8) throws(JSONError) -> [UInt8] {
        let start = offset
        offset += 1
        var bytes: [UInt8] = []
        while true {
            copyPlainRun(quote: quote, into: &bytes)
            guard let byte = peek else { throw error("a string without its end", at: start) }
            offset += 1
            if byte == quote { break }
            guard byte == UInt8(ascii: "\\") else {
                throw error("a control character in a string must be escaped", at: offset - 1)
            }
            try escape(into: &bytes)
        }
        guard String(validating: bytes, as: UTF8.self) != nil else {
            throw error("invalid UTF-8 in a string", at: start)
        }
        return bytes
    }

    /// Copies up to the next quote, backslash or control character.
    private mutating func copyPlainRun(quote: UInt8, into bytes: inout [UInt8]) {
        let start = offset
        while let byte = peek, byte != quote, byte != UInt8(ascii: "\\"), byte >= 0x20 {
            offset += 1
        }
        bytes.append(contentsOf: source[start..<offset])
    }

    private mutating func escape(into bytes: inout [UInt8]) throws(JSONError) {
        guard let byte = peek else { throw error("the text ends inside an escape") }
        offset += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): bytes.append(byte)
        case UInt8(ascii: "b"): bytes.append(0x08)
        case UInt8(ascii: "f"): bytes.append(0x0C)
        case UInt8(ascii: "n"): bytes.append(0x0A)
        case UInt8(ascii: "r"): bytes.append(0x0D)
        case UInt8(ascii: "t"): bytes.append(0x09)
        case UInt8(ascii: "u"): bytes.append(contentsOf: String(try unicodeEscape()).utf8)
        default:
            guard dialect == .json5 else { throw error("unknown escape", at: offset - 2) }
            try escape5(byte, into: &bytes)
        }
    }

    private mutating func escape5(_ byte: UInt8, into bytes: inout [UInt8]) throws(JSONError) {
        switch byte {
        case UInt8(ascii: "\n"): break
        case UInt8(ascii: "\r"): _ = take("\n")
        case UInt8(ascii: "v"): bytes.append(0x0B)
        case UInt8(ascii: "0"): bytes.append(0x00)
        case UInt8(ascii: "x"):
            let scalar = Unicode.Scalar(UInt8(try hexadecimal(digits: 2)))
            bytes.append(contentsOf: String(Character(scalar)).utf8)
        case UInt8(ascii: "1")...UInt8(ascii: "9"): throw error("unknown escape", at: offset - 2)
        default: bytes.append(byte)
        }
    }

    private mutating func unicodeEscape() throws(JSONError) -> Character {
        let start = offset - 2
        let first = try hexadecimal(digits: 4)
        if let scalar = Unicode.Scalar(first) { return Character(scalar) }
        guard first < 0xDC00, take("\\"), take("u") else {
            throw error("a lone surrogate", at: start)
        }
        let second = try hexadecimal(digits: 4)
        guard (0xDC00...0xDFFF).contains(second),
            let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
        else { throw error("a lone surrogate", at: start) }
        return Character(scalar)
    }

    private mutating func hexadecimal(digits: Int) throws(JSONError) -> UInt32 {
        var number: UInt32 = 0
        for _ in 0..<digits {
            guard let byte = peek, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw error("expected \(digits) hexadecimal digits")
            }
            number = number << 4 + UInt32(digit)
            offset += 1
        }
        return number
    }
}

// What stands at a byte of a text, for whoever splits it into sentences: blanks, line ends, marks
// that end a sentence, quotes and brackets around it.
//
// Each function returns the offset after what it found, or nil. Only bytes are compared; the few
// marks outside ASCII are written as their UTF-8.

enum TextMarks {
    /// A blank or a line end.
    static func gap(in text: [UInt8], at offset: Int) -> Int? {
        blank(in: text, at: offset) ?? lineEnd(in: text, at: offset)
    }

    /// The first offset from here on that is not in a gap.
    static func afterGaps(in text: [UInt8], from offset: Int) -> Int {
        var offset = offset
        while offset < text.count, let end = gap(in: text, at: offset) { offset = end }
        return offset
    }

    static func blank(in text: [UInt8], at offset: Int) -> Int? {
        switch text[offset] {
        case 0x20, 0x09, 0x0B, 0x0C: offset + 1
        case 0xC2: match("\u{A0}", in: text, at: offset)
        case 0xE2:
            match("\u{2009}", in: text, at: offset) ?? match("\u{200A}", in: text, at: offset)
        case 0xE3: match("\u{3000}", in: text, at: offset)
        default: nil
        }
    }

    static func lineEnd(in text: [UInt8], at offset: Int) -> Int? {
        switch text[offset] {
        case 0x0A, 0x0D: return offset + 1
        case 0xC2: return match("\u{85}", in: text, at: offset)
        case 0xE2:
            return match("\u{2028}", in: text, at: offset)
                ?? match("\u{2029}", in: text, at: offset)
        case UInt8(ascii: "<"): return tag(in: text, at: offset)
        default: return nil
        }
    }

    /// `<br />` in any spelling, and the ends of a paragraph.
    private static func tag(in text: [UInt8], at offset: Int) -> Int? {
        for name: StaticString in ["<br", "<p", "</p"] {
            guard var end = match(name, in: text, at: offset, foldingCase: true) else { continue }
            while end < text.count, text[end] == 0x20 || text[end] == UInt8(ascii: "/") { end += 1 }
            if end < text.count, text[end] == UInt8(ascii: ">") { return end + 1 }
        }
        return nil
    }

    static func closer(in text: [UInt8], at offset: Int) -> Int? {
        switch text[offset] {
        case UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: ")"), UInt8(ascii: "]"),
            UInt8(ascii: "}"):
            offset + 1
        case 0xE2: match("”", in: text, at: offset) ?? match("’", in: text, at: offset)
        case 0xC2: match("»", in: text, at: offset)
        case 0xE3: match("」", in: text, at: offset) ?? match("』", in: text, at: offset)
        case 0xEF: match("）", in: text, at: offset)
        default: nil
        }
    }

    static func opener(in text: [UInt8], at offset: Int) -> Int? {
        switch text[offset] {
        case UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "("), UInt8(ascii: "["),
            UInt8(ascii: "{"):
            offset + 1
        case 0xE2: match("“", in: text, at: offset) ?? match("‘", in: text, at: offset)
        case 0xC2: match("«", in: text, at: offset)
        default: nil
        }
    }

    static func bullet(in text: [UInt8], at offset: Int) -> Int? {
        guard text[offset] == 0xE2 else { return nil }
        for mark: StaticString in ["•", "⁃", "‣", "◦"] {
            if let end = match(mark, in: text, at: offset) { return end }
        }
        return nil
    }

    static func match(
        _ mark: StaticString, in text: [UInt8], at offset: Int, foldingCase: Bool = false
    ) -> Int? {
        let end = offset + mark.utf8CodeUnitCount
        guard end <= text.count else { return nil }
        for index in 0..<mark.utf8CodeUnitCount {
            let byte = foldingCase ? lowercase(text[offset + index]) : text[offset + index]
            if byte != mark.utf8Start[index] { return nil }
        }
        return end
    }

    // MARK: Letters

    /// The case of the scalar that begins at an offset.
    enum LetterCase { case upper, lower, digit, other }

    static func letterCase(in text: [UInt8], at offset: Int) -> LetterCase {
        let byte = text[offset]
        if isDigit(byte) { return .digit }
        if byte &- UInt8(ascii: "A") < 26 { return .upper }
        if byte &- UInt8(ascii: "a") < 26 { return .lower }
        guard byte >= 0xC2 else { return .other }
        var decoder = UTF8()
        var bytes = text[offset...].makeIterator()
        guard case .scalarValue(let scalar) = decoder.decode(&bytes) else { return .other }
        if scalar.properties.isLowercase { return .lower }
        // A letter without case begins a sentence as well as a capital does.
        return scalar.properties.isAlphabetic ? .upper : .other
    }

    static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

    /// ASCII, or a part of any scalar beyond it.
    static func isLetter(_ byte: UInt8) -> Bool {
        (byte | 0x20) &- UInt8(ascii: "a") < 26 || byte >= 0x80
    }

    static func lowercase(_ byte: UInt8) -> UInt8 {
        byte &- UInt8(ascii: "A") < 26 ? byte | 0x20 : byte
    }

    /// Runs of letters, digits and apostrophes; counting ends at `limit`.
    static func wordCount(in text: [UInt8], _ range: Range<Int>, atMost limit: Int) -> Int {
        var count = 0
        var isInside = false
        var offset = range.lowerBound
        while offset < range.upperBound, count < limit {
            if let end = gap(in: text, at: offset) {
                isInside = false
                offset = end
                continue
            }
            let byte = text[offset]
            if isWithoutBlanks(byte) {
                // U+3000 to U+303F are marks.
                let isMark = byte == 0xE3 && offset + 1 < text.count && text[offset + 1] == 0x80
                count += isMark ? 0 : 1
                isInside = false
                offset += 3
                continue
            }
            let isWord = isLetter(byte) || isDigit(byte) || byte == UInt8(ascii: "'")
            if isWord, !isInside { count += 1 }
            isInside = isWord
            offset += 1
        }
        return count
    }

    /// Begins a scalar of Chinese or Japanese, which put no blanks between words: each counts as
    /// one.
    private static func isWithoutBlanks(_ byte: UInt8) -> Bool { (0xE3...0xE9).contains(byte) }
}

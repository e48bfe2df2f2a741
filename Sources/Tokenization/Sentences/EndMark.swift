// The marks that may end a sentence, taken together where they stand together: "?!", "...",
// ". . . .", "…".

struct EndMark {
    enum Kind {
        case dot
        /// Two dots or more, or "…": something is left out.
        case ellipsis
        /// ":)" and its kin, before a capital.
        case face
        /// Any exclamation or question mark among them.
        case emphatic
        /// A mark of another script, which stands for nothing else and needs no gap: "。", "।".
        case fullStop
    }

    let start: Int
    let end: Int
    let kind: Kind
    /// "word. . . . Next": the first dot ends the sentence, the three are left-out words of the
    /// next.
    let isCutShort: Bool

    /// nil where no mark begins at the offset.
    init?(in text: [UInt8], at start: Int) {
        if let end = Self.face(in: text, at: start) {
            (self.start, self.end, kind, isCutShort) = (start, end, .face, false)
            return
        }
        if let end = Self.fullStops(in: text, at: start) {
            (self.start, self.end, kind, isCutShort) = (start, end, .fullStop, false)
            return
        }
        let row = Row(in: text, at: start)
        guard row.end > start else { return nil }
        self.start = start
        let isAttached = start > 0 && TextMarks.gap(in: text, at: start - 1) == nil
        isCutShort =
            row.isSpaced && row.dots == 4 && isAttached && row.end < text.count
            && !TextMarks.isClosed(in: text, at: row.end)
        end = isCutShort ? start + 1 : row.end
        kind = row.isEmphatic ? .emphatic : row.dots > 1 ? .ellipsis : .dot
    }

    /// Dots, exclamation and question marks that follow each other, as far as they go.
    private struct Row {
        var end: Int
        var dots = 0
        var isEmphatic = false
        var isSpaced = false

        init(in text: [UInt8], at start: Int) {
            end = start
            while end < text.count {
                if text[end] == UInt8(ascii: ".") {
                    dots += 1
                    end += 1
                } else if text[end] == UInt8(ascii: "!") || text[end] == UInt8(ascii: "?") {
                    isEmphatic = true
                    end += 1
                } else if let next = TextMarks.match("…", in: text, at: end) {
                    dots += 3
                    end = next
                } else if dots > 0, !isEmphatic, let next = TextMarks.match(" .", in: text, at: end)
                {
                    // " ." before a letter or digit is a name such as ".com", not a dot of the row.
                    guard next == text.count || !EndMark.isNameByte(text[next]) else { break }
                    isSpaced = true
                    dots += 1
                    end = next
                } else {
                    break
                }
            }
        }
    }

    /// A run of them.
    private static func fullStops(in text: [UInt8], at start: Int) -> Int? {
        var end = start
        while end < text.count, let next = fullStop(in: text, at: end) { end = next }
        return end > start ? end : nil
    }

    /// Of Chinese and Japanese, of Indic scripts, and of Arabic and Urdu.
    private static func fullStop(in text: [UInt8], at start: Int) -> Int? {
        func match(_ mark: StaticString) -> Int? { TextMarks.match(mark, in: text, at: start) }
        return switch text[start] {
        case 0xE3: match("。")
        case 0xEF: match("！") ?? match("？") ?? match("｡")
        case 0xE0: match("।") ?? match("॥")
        case 0xD8: match("؟")
        case 0xDB: match("۔")
        default: nil
        }
    }

    /// Eyes, perhaps a nose, a mouth.
    private static func face(in text: [UInt8], at start: Int) -> Int? {
        guard text[start] == UInt8(ascii: ":") || text[start] == UInt8(ascii: ";") else {
            return nil
        }
        let mouth = TextMarks.match("-", in: text, at: start + 1) ?? start + 1
        return TextMarks.match(")", in: text, at: mouth)
            ?? TextMarks.match("(", in: text, at: mouth)
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        TextMarks.isLetter(byte) || TextMarks.isDigit(byte)
    }
}

extension TextMarks {
    /// Whether a quote or bracket closes here.
    fileprivate static func isClosed(in text: [UInt8], at offset: Int) -> Bool {
        closer(in: text, at: offset) != nil
    }
}

// One pass over a text, from mark to mark, deciding at each whether a sentence ends there.
//
//     ... work of art." The next      mark, closers, gap, openers, following word
//                    ^ ^ ^   ^
//
// What comes before the mark (an abbreviation, an initial, a number) and what follows (a capital, a
// small letter, a word that begins sentences) decide. Brackets are matched beforehand, line by
// line, so that an unmatched one swallows nothing.

struct SentenceWalk {
    private let text: [UInt8]
    /// How deep in matched brackets each byte lies, the closing one no longer.
    private let depths: [Int32]
    /// Most sentences of this text begin with a small letter.
    private let isLowerCaseText: Bool
    private var start = 0
    private var found: [Range<Int>] = []
    private var expectedMarker: [UInt8] = []

    init(_ text: [UInt8]) {
        self.text = text
        depths = Self.bracketDepths(text)
        isLowerCaseText = Self.beginsWithSmallLetters(text)
    }

    mutating func ranges() -> [Range<Int>] {
        var offset = begin(at: TextMarks.afterGaps(in: text, from: 0))
        while offset < text.count {
            if let end = TextMarks.lineEnd(in: text, at: offset) {
                offset = close(at: end)
            } else if let mark = EndMark(in: text, at: offset) {
                offset = boundary(mark).map { close(at: $0) } ?? mark.end
            } else if let end = TextMarks.blank(in: text, at: offset) {
                offset = end
                if offset < text.count, beginsPoint(at: offset) { offset = close(at: offset) }
            } else {
                offset += 1
            }
        }
        if start < text.count { found.append(start..<text.count) }
        return found
    }

    /// Ends the sentence at an offset, or after the gaps that follow it.
    /// - Returns: where to look on.
    private mutating func close(at offset: Int) -> Int {
        let next = TextMarks.afterGaps(in: text, from: offset)
        found.append(start..<next)
        start = next
        return begin(at: next)
    }

    /// The offset after a list's marker at the beginning of a sentence.
    private mutating func begin(at offset: Int) -> Int {
        guard offset < text.count,
            let marker = ListMarker(in: text, at: offset, expecting: expectedMarker)
        else { return offset }
        expectedMarker = marker.successor
        return marker.end
    }

    /// Whether the list that is open goes on here, in the middle of a sentence.
    private func beginsPoint(at offset: Int) -> Bool {
        if TextMarks.bullet(in: text, at: offset) != nil { return true }
        let end = offset + expectedMarker.count
        return !expectedMarker.isEmpty && text[offset] == expectedMarker[0] && end < text.count
            && text[offset..<end].elementsEqual(expectedMarker)
            && TextMarks.blank(in: text, at: end) != nil
    }

    // MARK: The decision

    /// The end of the sentence that this mark closes; nil: it closes none.
    private func boundary(_ mark: EndMark) -> Int? {
        // Punctuation before the first word belongs to what follows.
        guard mark.start > start || mark.kind == .face else { return nil }
        var end = mark.end
        while end < text.count, let closed = TextMarks.closer(in: text, at: end) { end = closed }
        guard end < text.count else { return end }
        guard depths[end] == 0 else { return nil }
        if mark.kind == .fullStop { return end }
        guard TextMarks.gap(in: text, at: end) != nil else {
            return end == mark.end && mark.kind != .face && parts(mark) ? end : nil
        }
        if mark.isCutShort { return end }
        var next = TextMarks.afterGaps(in: text, from: end)
        while next < text.count, let opened = TextMarks.opener(in: text, at: next) { next = opened }
        guard next < text.count else { return end }
        let following = TextMarks.letterCase(in: text, at: next)
        let isEnd =
            switch mark.kind {
            case .fullStop: true
            case .face: following == .upper
            case .ellipsis: following == .upper && endsAfterEllipsis(mark, next)
            case .emphatic: following != .lower || (isLowerCaseText && end == mark.end)
            case .dot: endsSentence(mark, following, next, isClosed: end > mark.end)
            }
        return isEnd ? end : nil
    }

    /// "[...]" leaves words out, and a capital "I" does not show that a sentence begins.
    private func endsAfterEllipsis(_ mark: EndMark, _ next: Int) -> Bool {
        if text[mark.start - 1] == UInt8(ascii: "["), text[mark.end] == UInt8(ascii: "]") {
            return false
        }
        let word = word(from: next)
        return !(word.elementsEqual("I".utf8) || word.starts(with: "I'".utf8))
    }

    /// "word.Word": no gap, and still two sentences.
    private func parts(_ mark: EndMark) -> Bool {
        let next = mark.end
        guard mark.start > 0, TextMarks.letterCase(in: text, at: next) == .upper else {
            return false
        }
        let word = word(from: next)
        let isWord = word.count > 1 && TextMarks.letterCase(in: text, at: next + 1) == .lower
        guard isWord || SentenceStart.contains(word) else { return false }
        guard mark.kind == .dot else { return true }
        let before = text[mark.start - 1]
        if TextMarks.isDigit(before) || before == UInt8(ascii: ")") { return true }
        guard case .plain = DottedWord(wordBefore(mark.start)), mark.start > 1 else { return false }
        let isLower = TextMarks.letterCase(in: text, at: mark.start - 1) == .lower
        return isLower && TextMarks.isLetter(text[mark.start - 2]) && !isAddress(around: next)
    }

    private func endsSentence(
        _ mark: EndMark, _ following: TextMarks.LetterCase, _ next: Int, isClosed: Bool
    ) -> Bool {
        if isClosed && following == .lower { return false }
        // "N°. 5"
        if mark.start > 0, text[mark.start - 1] == 0xB0, following == .digit { return false }
        switch dotted(mark) {
        case .title, .never: return false
        case .unlessSmall: return following != .lower
        case .beforeNumber: return following != .digit
        case .plain: return true
        case .mayEnd:
            guard following == .upper else { return false }
            let word = word(from: next)
            if SentenceStart.contains(word) { return true }
            // "He left at 6 P.M. Mr. Smith stayed", but "At 5 a.m. Mr. Smith left".
            return DottedWord.titles.contains(word.map(TextMarks.lowercase))
                && TextMarks.wordCount(in: text, start..<mark.start, atMost: 6) == 6
        }
    }

    /// Whether a dot after this word ends the sentence.
    private func dotted(_ mark: EndMark) -> DottedWord {
        let word = wordBefore(mark.start)
        let known = DottedWord(word)
        guard case .plain = known else { return known }
        if word.count == 1 {
            // "E. Smith" and "U.S.", but "i. e." and "section b." are not names.
            let isInitial = TextMarks.letterCase(in: text, at: word.startIndex) == .upper
            return isInitial ? .mayEnd : .plain
        }
        let isDotted = word.count > 2 && word[word.endIndex - 2] == UInt8(ascii: ".")
        return isDotted ? .mayEnd : .plain
    }

    // MARK: Words

    /// Letters, and dots between them, that end at an offset.
    private func wordBefore(_ end: Int) -> ArraySlice<UInt8> {
        var start = end
        while start > 0, end - start < Self.longestWord {
            let byte = text[start - 1]
            let isInnerDot = byte == UInt8(ascii: ".") && start < end
            guard TextMarks.isLetter(byte) || isInnerDot else { break }
            if byte >= 0x80, isMark(endingAt: start) { break }
            start -= 1
        }
        while start < end, text[start] == UInt8(ascii: ".") { start += 1 }
        return text[start..<end]
    }

    /// Typographic quotes and dashes are not letters, although their bytes lie above ASCII.
    private func isMark(endingAt end: Int) -> Bool {
        end >= 3 && text[end - 3] == 0xE2 && text[end - 2] == 0x80
    }

    /// Letters and apostrophes from an offset on.
    private func word(from start: Int) -> ArraySlice<UInt8> {
        text[start...].prefix(Self.longestWord).prefix {
            TextMarks.isLetter($0) || $0 == UInt8(ascii: "'")
        }
    }

    /// Whether the unbroken run around an offset is a web address.
    private func isAddress(around offset: Int) -> Bool {
        var lower = offset
        var upper = offset
        while lower > 0, offset - lower < 200, text[lower - 1] > 0x20 { lower -= 1 }
        while upper < text.count, upper - offset < 200, text[upper] > 0x20 { upper += 1 }
        let run = text[lower..<upper]
        return run.contains(UInt8(ascii: "@")) || run.starts(with: "www.".utf8)
            || run.starts(with: "http".utf8)
    }

    private static let longestWord = 32

    // MARK: The text as a whole

    private static func bracketDepths(_ text: [UInt8]) -> [Int32] {
        var depths = Array(repeating: Int32(0), count: text.count)
        var open: [Int] = []
        for offset in text.indices {
            switch text[offset] {
            case UInt8(ascii: "("), UInt8(ascii: "["): open.append(offset)
            case UInt8(ascii: ")"), UInt8(ascii: "]"):
                guard let start = open.popLast() else { break }
                depths[start] += 1
                depths[offset] -= 1
            default: if TextMarks.lineEnd(in: text, at: offset) != nil { open = [] }
            }
        }
        var depth: Int32 = 0
        for offset in depths.indices {
            depth += depths[offset]
            depths[offset] = depth
        }
        return depths
    }

    private static func beginsWithSmallLetters(_ text: [UInt8]) -> Bool {
        var (lower, upper) = (0, 0)
        for offset in text.indices.dropLast(2) where text[offset + 1] == 0x20 {
            let byte = text[offset]
            guard
                byte == UInt8(ascii: ".") || byte == UInt8(ascii: "!") || byte == UInt8(ascii: "?")
            else { continue }
            switch TextMarks.letterCase(in: text, at: offset + 2) {
            case .lower: lower += 1
            case .upper: upper += 1
            default: break
            }
        }
        return lower > 1 && lower > upper
    }
}

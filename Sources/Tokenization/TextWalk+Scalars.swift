// The careful half of the walk: any scalar, by its rule.

extension TextWalk {
    /// Reads scalars until a word has ended and another may begin; returns where.
    mutating func anyWord(from start: Int, to end: Int) -> Int {
        var i = start
        while i < end {
            let byte = rules.ascii.base[Int(text[i])]
            if byte < 0x80 {
                append(UInt32(byte), from: i, to: i + 1)
                i += 1
            } else if byte == ASCIIClass.space {
                i += 1
                break
            } else if byte == ASCIIClass.alone {
                break
            } else {
                let scalar = DecodedScalar(at: text + i)
                let rule = rules.rule(scalar.value)
                if ScalarRule.isMark(rule) {
                    i = combiningRun(from: i, to: end, lead: 0, leadSource: (0, 0))
                    continue
                }
                let next = i + scalar.length
                i = apply(rule, scalar.value, from: i, to: next, textEnd: end)
                if ScalarRule.endsWord(rule) { break }
            }
        }
        finishWord()
        return i
    }

    /// Applies the rule of the scalar at `start..<next`; returns where to go on.
    mutating func apply(
        _ rule: UInt16, _ scalar: UInt32, from start: Int, to next: Int, textEnd: Int
    ) -> Int {
        switch rule {
        case ScalarRule.keep:
            append(scalar, from: start, to: next)
        case ScalarRule.drop, ScalarRule.strippedStarter, ScalarRule.space:
            break
        case ScalarRule.alone:
            finishWord()
            append(scalar, from: start, to: next)
        case ScalarRule.chinese:
            appendSpaced(scalar, from: start, to: next)
        case ScalarRule.hangul:
            appendJamo(scalar, from: start, to: next)
        default:
            return expand(rule, from: start, to: next, textEnd: textEnd)
        }
        return next
    }

    /// Appends what a scalar becomes; marks at the end of it belong to the run that follows.
    private mutating func expand(
        _ rule: UInt16, from start: Int, to next: Int, textEnd: Int
    ) -> Int {
        let first = Int(rule - ScalarRule.expansion) * ScalarRules.expansionStride
        var k = first
        // Ends in time: the last entry of a stride is always 0.
        while true {
            let entry = rules.expansions.base[k]
            let scalar = entry & 0xFF_FFFF
            switch entry >> 24 {
            case ScalarKind.word:
                append(scalar, from: start, to: next)
            case ScalarKind.alone:
                finishWord()
                append(scalar, from: start, to: next)
                finishWord()
            case ScalarKind.chinese:
                appendSpaced(scalar, from: start, to: next)
            case ScalarKind.space:
                finishWord()
                if normalized != nil { append(scalar, from: start, to: next) }
            case ScalarKind.keptMark:
                return combiningRun(from: next, to: textEnd, lead: k, leadSource: (start, next))
            default:
                return next
            }
            k += 1
        }
    }

    /// Appends a scalar that is a word of its own, with the spaces that make it one.
    private mutating func appendSpaced(_ scalar: UInt32, from start: Int, to next: Int) {
        finishWord()
        if normalized != nil { append(0x20, from: start, to: next) }
        append(scalar, from: start, to: next)
        if normalized != nil { append(0x20, from: start, to: next) }
        finishWord()
    }

    /// Hangul syllables decompose into two or three jamo (Unicode 15, section 3.12).
    private mutating func appendJamo(_ scalar: UInt32, from start: Int, to next: Int) {
        let syllable = scalar - 0xAC00
        append(0x1100 + syllable / 588, from: start, to: next)
        append(0x1161 + syllable % 588 / 28, from: start, to: next)
        if syllable % 28 != 0 { append(0x11A7 + syllable % 28, from: start, to: next) }
    }

    /// Adds a normalised scalar that comes from `start..<end` of the text to the word underway, or
    /// to the normalised text that is being made.
    @inline(__always)
    mutating func append(_ scalar: UInt32, from start: Int, to end: Int) {
        guard normalized == nil else {
            normalized?.append(scalar, from: start, to: end)
            return
        }
        if word.scalarCount == 0 { word.sourceStart = UInt32(start) }
        word.sourceEnd = UInt32(end)
        word.scalarCount += 1
        // Of a word that is too long only its extent matters: storing stops at the limit.
        guard word.scalarCount <= maxWordScalars else { return }
        let at = word.byteCount
        let length = Self.encode(scalar, at: scratch.bytes + at)
        for k in at..<at + length {
            scratch.sourceStarts[k] = UInt32(start)
            scratch.sourceEnds[k] = UInt32(end)
        }
        word.byteCount += length
    }

    /// Writes a scalar as UTF-8, at most four bytes; returns how many.
    @inline(__always)
    static func encode(_ scalar: UInt32, at bytes: UnsafeMutablePointer<UInt8>) -> Int {
        func trail(_ shift: UInt32) -> UInt8 { UInt8(0x80 | scalar >> shift & 0x3F) }
        if scalar < 0x80 {
            bytes[0] = UInt8(scalar)
            return 1
        } else if scalar < 0x800 {
            bytes[0] = UInt8(0xC0 | scalar >> 6)
            bytes[1] = trail(0)
            return 2
        } else if scalar < 0x10000 {
            bytes[0] = UInt8(0xE0 | scalar >> 12)
            bytes[1] = trail(6)
            bytes[2] = trail(0)
            return 3
        }
        bytes[0] = UInt8(0xF0 | scalar >> 18)
        bytes[1] = trail(12)
        bytes[2] = trail(6)
        bytes[3] = trail(0)
        return 4
    }
}

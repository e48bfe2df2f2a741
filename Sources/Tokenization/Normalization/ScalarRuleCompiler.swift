// Composes the generated tables into one rule a scalar, in the order of the reference's passes.
//
// Invariant: `rules` has an entry for every scalar. It runs once for each tokenizer (about 2 ms)
// and knows nothing of words or pieces.

struct ScalarRuleCompiler {
    private let settings: TokenizerSettings
    private(set) var rules: [UInt16]
    private(set) var expansions: [UInt32] = []

    private static let hangulSyllables = 0xAC00..<0xD7A4

    init(_ settings: TokenizerSettings, scalarCount: Int) {
        self.settings = settings
        rules = Array(repeating: ScalarRule.keep, count: scalarCount)
    }

    mutating func compile() {
        split()
        if settings.stripsAccents { strip() }
        expand()
        // Cleaning comes first in the reference, so here it comes last and overrides the rest.
        if settings.cleanText {
            fill(UnicodeTables.whitespace, ScalarRule.space)
            fill(UnicodeTables.dropped, ScalarRule.drop)
            fill(from: [0x09..<0x0B, 0x0D..<0x0E], ScalarRule.space)
        }
    }

    /// What separates words, before anything has been changed.
    private mutating func split() {
        fill(UnicodeTables.whitespace, ScalarRule.space)
        fill(UnicodeTables.punctuation, ScalarRule.alone)
        if settings.handleChineseCharacters { fill(UnicodeTables.chinese, ScalarRule.chinese) }
    }

    /// Nonspacing marks go; those marks that stay keep their combining class.
    private mutating func strip() {
        fill(UnicodeTables.nonspacing, ScalarRule.strippedStarter)
        fill(from: [Self.hangulSyllables], ScalarRule.hangul)
        for (scalar, becomes) in UnicodeTables.mapping(UnicodeTables.combiningClasses) {
            let goes = rules[scalar] == ScalarRule.strippedStarter
            let combiningClass = UInt16(becomes[0] - scalar)
            rules[scalar] = (goes ? ScalarRule.strippedMark : ScalarRule.keptMark) | combiningClass
        }
    }

    /// Scalars that become others: decomposed, then each in lower case.
    private mutating func expand() {
        var lower: [Int: [Int]] = [:]
        if settings.lowercase {
            for (scalar, becomes) in UnicodeTables.mapping(UnicodeTables.lowercase) {
                lower[scalar] = becomes
            }
        }
        var results: [(scalar: Int, becomes: [Int])] = []
        var decomposed: Set<Int> = []
        if settings.stripsAccents {
            for (scalar, becomes) in UnicodeTables.mapping(UnicodeTables.decompositions) {
                decomposed.insert(scalar)
                results.append((scalar, becomes.flatMap { lower[$0] ?? [$0] }))
            }
        }
        for (scalar, becomes) in lower where !decomposed.contains(scalar) {
            results.append((scalar, becomes))
        }
        // An expansion's kinds are those of its scalars as they stood before any was expanded.
        let unexpanded = rules
        for (scalar, becomes) in results { expand(scalar, becomes, unexpanded) }
    }

    private mutating func expand(_ scalar: Int, _ becomes: [Int], _ unexpanded: [UInt16]) {
        precondition(becomes.count < ScalarRules.expansionStride, "an expansion is too long")
        let isChinese = unexpanded[scalar] == ScalarRule.chinese
        let number = expansions.count / ScalarRules.expansionStride
        for result in becomes {
            let kind = isChinese ? ScalarKind.chinese : Self.kind(unexpanded[result])
            expansions.append(kind << 24 | UInt32(result))
        }
        for _ in becomes.count..<ScalarRules.expansionStride { expansions.append(0) }
        rules[scalar] = ScalarRule.expansion + UInt16(number)
    }

    private static func kind(_ rule: UInt16) -> UInt32 {
        if ScalarRule.isMark(rule) { return ScalarKind.keptMark }
        switch rule {
        case ScalarRule.space: return ScalarKind.space
        case ScalarRule.alone: return ScalarKind.alone
        default: return ScalarKind.word
        }
    }

    private mutating func fill(_ table: StaticString, _ rule: UInt16) {
        fill(from: UnicodeTables.ranges(table), rule)
    }

    private mutating func fill(from ranges: [Range<Int>], _ rule: UInt16) {
        for range in ranges { for scalar in range { rules[scalar] = rule } }
    }

    /// Each byte as the fast loop wants it: a word's byte, a class, or `other`.
    func asciiTable() -> [UInt8] {
        (0..<256).map { byte in
            guard byte < 0x80 else { return ASCIIClass.other }
            switch rules[byte] {
            case ScalarRule.keep: return UInt8(byte)
            case ScalarRule.space: return ASCIIClass.space
            case ScalarRule.alone: return ASCIIClass.alone
            case ScalarRule.expansion...: return plainByte(ofExpansion: rules[byte])
            default: return ASCIIClass.other
            }
        }
    }

    /// The one word byte that an expansion stands for, or `other`.
    private func plainByte(ofExpansion rule: UInt16) -> UInt8 {
        let first = Int(rule - ScalarRule.expansion) * ScalarRules.expansionStride
        let entry = expansions[first]
        let isPlain = entry >> 24 == ScalarKind.word && expansions[first + 1] == 0
        return isPlain && entry & 0xFF_FFFF < 0x80 ? UInt8(entry & 0x7F) : ASCIIClass.other
    }
}

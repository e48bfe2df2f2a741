// What the normaliser and the pre-tokenizer together do to each scalar, compiled for one setting.
//
// The reference makes six passes over a text: clean, space out Chinese, decompose, strip marks,
// lower-case, split. All but the ordering of combining marks look at one scalar at a time, so their
// composition is a table: scalar -> rule. `TextWalk` applies it in one pass, and orders the marks.
//
//     rule      16 bits     0...6 as named below; 0x100|class, 0x200|class a combining mark that
//                           stays or goes; 0x400 + k expansion k
//     index     scalar >> 6 -> block            17,408 entries
//     blocks    64 rules each, equal blocks stored once
//     expansion 4 x 32 bits a scalar and, in the top byte, its kind; 0 ends it
//     ascii     byte -> what it becomes (< 0x80) or one of `ASCIIClass`
//
// Invariant: every scalar up to U+10FFFF has a rule, every expansion ends within its four entries.

enum ScalarRule {
    /// Part of a word, unchanged.
    static let keep: UInt16 = 0
    /// Cleaned away before anything else sees it.
    static let drop: UInt16 = 1
    static let space: UInt16 = 2
    /// A word of its own.
    static let alone: UInt16 = 3
    /// A Hangul syllable, decomposed by arithmetic.
    static let hangul: UInt16 = 4
    /// Stripped, but of class 0, so marks before and after it do not change places.
    static let strippedStarter: UInt16 = 5
    /// A word of its own, because the normaliser puts spaces around it.
    static let chinese: UInt16 = 6
    static let keptMark: UInt16 = 0x100
    static let strippedMark: UInt16 = 0x200
    static let expansion: UInt16 = 0x400

    @inline(__always)
    static func endsWord(_ rule: UInt16) -> Bool {
        rule == space || rule == alone || rule == chinese
    }

    /// Whether the rule is that of a scalar with a combining class, which is its low byte.
    @inline(__always)
    static func isMark(_ rule: UInt16) -> Bool { rule & 0x300 != 0 && rule < expansion }
}

/// What an expansion's scalar is to the words: the top byte of an entry.
enum ScalarKind {
    static let word: UInt32 = 1
    static let alone: UInt32 = 2
    static let space: UInt32 = 3
    static let keptMark: UInt32 = 4
    static let chinese: UInt32 = 5
}

/// What stands in the ASCII table instead of a word's byte.
enum ASCIIClass {
    static let space: UInt8 = 0x80
    static let alone: UInt8 = 0x81
    /// Not ASCII, or rare: ask the rules.
    static let other: UInt8 = 0xFF
}

struct ScalarRules: Sendable {
    static let expansionStride = 4
    private static let scalarCount = 0x110000
    private static let blockBits = 6

    let index: FixedTable<UInt16>
    let blocks: FixedTable<UInt16>
    let expansions: FixedTable<UInt32>
    /// 256 entries, so that any byte may index it.
    let ascii: FixedTable<UInt8>
    /// Whether every white space becomes a space.
    let cleansSpace: Bool

    init(_ settings: TokenizerSettings) {
        var compiler = ScalarRuleCompiler(settings, scalarCount: Self.scalarCount)
        compiler.compile()
        let (index, blocks) = Self.fold(compiler.rules)
        self.index = FixedTable(index)
        self.blocks = FixedTable(blocks)
        expansions = FixedTable(compiler.expansions)
        ascii = FixedTable(compiler.asciiTable())
        cleansSpace = settings.cleanText
    }

    /// The rule of a scalar below 0x110000, which keeps both indices in range.
    @inline(__always)
    func rule(_ scalar: UInt32) -> UInt16 {
        let block = Int(index.base[Int(scalar >> UInt32(Self.blockBits))])
        return blocks.base[block << Self.blockBits | Int(scalar & 63)]
    }

    /// Two stages instead of 2.2 MB: blocks that are equal are stored once.
    private static func fold(_ rules: [UInt16]) -> (index: [UInt16], blocks: [UInt16]) {
        var index: [UInt16] = []
        var blocks: [UInt16] = []
        var known: [ArraySlice<UInt16>: UInt16] = [:]
        for start in stride(from: 0, to: rules.count, by: 1 << blockBits) {
            let block = rules[start..<start + 1 << blockBits]
            if let number = known[block] {
                index.append(number)
                continue
            }
            let number = UInt16(blocks.count >> blockBits)
            known[block] = number
            index.append(number)
            blocks += block
        }
        return (index, blocks)
    }
}

// A made-up vocabulary that splits any ASCII text: special tokens, characters, syllables.
//
// Invariant: exactly the asked number of lines, all different; BERT's special tokens at the ids of
// its own vocabularies where there is room for that, MPNet's first three always. With at least 300
// lines every ASCII text has pieces other than [UNK].

enum SyntheticVocabulary {
    /// - Parameter count: at least 6.
    static func text(count: Int, _ family: ModelFamily) -> [UInt8] {
        var words = family == .mpnet ? mpnetSpecials : specials(roomy: count >= 300)
        for word in characters() + syllables(atLeast: count) where words.count < count {
            words.append(word)
        }
        return Array((words.joined(separator: "\n") + "\n").utf8)
    }

    /// bert-base-uncased: [PAD] 0, [UNK] 100, [CLS] 101, [SEP] 102, [MASK] 103.
    private static func specials(roomy: Bool) -> [String] {
        let others = ["[UNK]", "[CLS]", "[SEP]", "[MASK]"]
        return ["[PAD]"] + (roomy ? (0..<99).map { "[unused\($0)]" } : []) + others
    }

    /// In mpnet-base's order, which has `[UNK]` and `<mask>` further down.
    private static let mpnetSpecials = ["<s>", "<pad>", "</s>", "<unk>", "[UNK]", "<mask>"]

    private static func characters() -> [String] {
        let printable = (33...126).map { String(UnicodeScalar(UInt8($0))) }
        let lower = printable.filter { $0 == $0.lowercased() }
        let inner = lower.filter { $0.first?.isLetter == true || $0.first?.isNumber == true }
        return lower + inner.map { "##" + $0 }
    }

    /// "ba", "##ba", "be", ... and then two, three syllables, until there are enough.
    private static func syllables(atLeast count: Int) -> [String] {
        let parts = "bcdfghjklmnprstvwz".flatMap { first in "aeiou".map { "\(first)\($0)" } }
        var words: [String] = []
        var longest = parts
        while words.count < count {
            words += longest.flatMap { [$0, "##" + $0] }
            longest = longest.prefix(count / parts.count + 1).flatMap { word in
                parts.map { word + $0 }
            }
        }
        return words
    }
}

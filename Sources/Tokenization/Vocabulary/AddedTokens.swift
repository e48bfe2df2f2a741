// The added tokens of a tokenizer, in the two places where the reference looks for them: first in
// the text as it came, then, in what lies between, in the normalised text.

struct AddedTokens: Sendable {
    let inText: AddedTokenMatcher?
    let inNormalized: AddedTokenMatcher?
    /// The pre-tokenizer alone, for text that has been normalised already.
    let splitRules: ScalarRules?

    /// - Parameters:
    ///   - names: Of the special tokens that have a meaning to the model itself; no others are text
    ///     where `reading` has it.
    ///   - rules: Those of the normaliser, by which the tokens are spelt in its output.
    ///   - trimsOffsets: As the settings have it.
    init(
        _ tokens: [AddedToken], names: SpecialTokenNames, reading: SpecialTokenReading,
        rules: ScalarRules, trimsOffsets: Bool
    ) throws(TokenizationError) {
        let text = reading == .text ? Set(names.structural.map { Array($0.utf8) }) : []
        inText = try AddedTokenMatcher(
            tokens.filter { !$0.isNormalized }.map { ($0, $0.content) },
            readAsText: text, trimsOffsets: trimsOffsets)
        inNormalized = try AddedTokenMatcher(
            tokens.filter(\.isNormalized).map { ($0, NormalizedText(of: $0.content, rules).bytes) },
            readAsText: text, trimsOffsets: trimsOffsets)
        splitRules = inNormalized == nil ? nil : ScalarRules(.plain)
    }
}

extension TextWalk {
    /// Reads the whole text, around the added tokens in it.
    mutating func read(_ range: Range<Int>, around tokens: AddedTokens) {
        guard let matcher = tokens.inText else { return readNormalized(range, around: tokens) }
        var start = range.lowerBound
        var search = AddedTokenMatcher.Search(from: start)
        while wantsMore, let match = matcher.next(in: text, range, &search) {
            readNormalized(start..<max(start, match.range.lowerBound), around: tokens)
            stage(match)
            start = match.range.upperBound
        }
        readNormalized(start..<range.upperBound, around: tokens)
    }

    /// Reads a part of the text; where tokens may stand in its normalised form, by way of that.
    private mutating func readNormalized(_ range: Range<Int>, around tokens: AddedTokens) {
        guard let matcher = tokens.inNormalized, let splitRules = tokens.splitRules else {
            return read(range)
        }
        // What is staged counts in bytes of the text, what follows in bytes of the other.
        handOn()
        let normalized = NormalizedText(of: text, range, rules, scratch)
        let original = (text: text, rules: rules)
        normalized.withUnsafePointers { bytes, sources in
            (text, rules, self.sources) = (bytes, splitRules, sources)
            let whole = 0..<normalized.bytes.count
            var start = 0
            var search = AddedTokenMatcher.Search(from: start)
            while wantsMore, let match = matcher.next(in: bytes, whole, &search) {
                read(start..<max(start, match.range.lowerBound))
                stage(match)
                start = match.range.upperBound
            }
            read(start..<whole.upperBound)
            handOn()
        }
        (text, rules, sources) = (original.text, original.rules, nil)
    }

    private mutating func stage(_ match: AddedTokenMatcher.Match) {
        makeRoom(1)
        stage(match.id, UInt32(match.told.lowerBound), UInt32(match.told.upperBound))
    }
}

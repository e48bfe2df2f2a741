// A text as the normaliser leaves it, with the source of every byte: what added tokens are looked
// for in when they are to be found "normalised". Other texts are never held in this form.

struct NormalizedText {
    private(set) var bytes: [UInt8] = []
    /// For each byte, the source range of the scalar it comes from.
    private var starts: [UInt32] = []
    private var ends: [UInt32] = []

    init() {}

    /// Normalises `text[range]`, valid UTF-8, by the rules.
    init(
        of text: UnsafePointer<UInt8>, _ range: Range<Int>, _ rules: ScalarRules, _ scratch: Scratch
    ) {
        var walk = TextWalk(normalizing: text, rules: rules, scratch: scratch)
        walk.normalize(range)
        self = walk.normalized ?? NormalizedText()
    }

    init(of content: [UInt8], _ rules: ScalarRules) {
        self = content.withUnsafeBufferPointer { text in
            guard let base = text.baseAddress else { return NormalizedText() }
            let scratch = Scratch(wordScalars: content.count)
            return NormalizedText(of: base, 0..<text.count, rules, scratch)
        }
    }

    mutating func append(_ scalar: UInt32, from start: Int, to end: Int) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 4) { space in
            guard let base = space.baseAddress else { return }
            let count = TextWalk.encode(scalar, at: base)
            bytes.append(contentsOf: UnsafeBufferPointer(start: base, count: count))
            starts.append(contentsOf: repeatElement(UInt32(start), count: count))
            ends.append(contentsOf: repeatElement(UInt32(end), count: count))
        }
    }

    /// The bytes and their sources; an empty text has nothing to point at.
    func withUnsafePointers(
        _ body: (UnsafePointer<UInt8>, TextWalk.Sources) -> Void
    ) {
        bytes.withUnsafeBufferPointer { bytes in
            starts.withUnsafeBufferPointer { starts in
                ends.withUnsafeBufferPointer { ends in
                    guard let text = bytes.baseAddress, let first = starts.baseAddress,
                        let last = ends.baseAddress
                    else { return }
                    body(text, TextWalk.Sources(starts: first, ends: last))
                }
            }
        }
    }
}

extension TextWalk {
    /// A walk that only normalises: words are not looked at, except that a run of marks is cut to
    /// one more than a word may have.
    fileprivate init(
        normalizing text: UnsafePointer<UInt8>, rules: ScalarRules, scratch: Scratch
    ) {
        self.init(
            text: text, pieces: .empty, rules: rules, unknown: 0,
            maxWordScalars: scratch.wordScalars, scratch: scratch,
            sink: TokenSink(policy: .none, capacity: 0, countAll: true, base: 0),
            buffer: TokenBuffer(), normalized: NormalizedText())
    }

    /// Appends the normalised form of `range` to `normalized`.
    fileprivate mutating func normalize(_ range: Range<Int>) {
        var i = range.lowerBound
        while i < range.upperBound {
            let scalar = DecodedScalar(at: text + i)
            let rule = rules.rule(scalar.value)
            let next = i + scalar.length
            if ScalarRule.isMark(rule) {
                i = combiningRun(from: i, to: range.upperBound, lead: 0, leadSource: (0, 0))
            } else if rule == ScalarRule.space {
                append(rules.cleansSpace ? 0x20 : scalar.value, from: i, to: next)
                i = next
            } else {
                i = apply(rule, scalar.value, from: i, to: next, textEnd: range.upperBound)
            }
        }
    }
}

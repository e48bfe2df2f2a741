// Texts of a wanted length, from a seed: words that a BERT vocabulary has as single pieces, so that
// a text of n words takes n + 2 tokens. What they really took is measured from the answers.

import Randomness

struct SyntheticTexts: Sendable {
    /// Lengths in tokens: `128`, `16-512` (uniform), `32:3,128:2,512:1` (with weights).
    enum Lengths: Sendable, Equatable {
        case uniform(ClosedRange<Int>)
        case weighted([Weighted])

        struct Weighted: Sendable, Equatable {
            let tokens: Int
            let weight: Double
        }
    }

    private static let words = """
        the a this that it was is had not but and or of in on for with about film movie story plot \
        actor scene music end time life man woman world night day house city love war very so too \
        good bad great poor best worst fun dull long short old new first last one two never always \
        see made felt know think like want look work play watch write
        """.split(separator: " ").map(String.init)

    static func make(_ lengths: Lengths, count: Int, seed: UInt64) -> [[UInt8]] {
        var random = RandomSource(seed: seed ^ 0x7E47)
        return (0..<count).map { _ in text(tokens: lengths.pick(&random), &random) }
    }

    /// [CLS] and [SEP] are the other two tokens.
    private static func text(tokens: Int, _ random: inout RandomSource) -> [UInt8] {
        var text: [UInt8] = []
        for index in 0..<max(1, tokens - 2) {
            if index > 0 { text.append(UInt8(ascii: " ")) }
            text.append(contentsOf: words[random.below(words.count)].utf8)
        }
        return text
    }
}

extension SyntheticTexts.Lengths {
    /// Reads the form that the command line has; nil: it is none.
    init?(written text: String) {
        if let number = Self.length(text) {
            self = .uniform(number...number)
            return
        }
        let ends = text.split(separator: "-", omittingEmptySubsequences: false)
        if ends.count == 2, let low = Self.length(ends[0]), let high = Self.length(ends[1]),
            low <= high
        {
            self = .uniform(low...high)
            return
        }
        var parts: [Weighted] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let pair = part.split(separator: ":", omittingEmptySubsequences: false)
            guard pair.count == 2, let tokens = Self.length(pair[0]),
                let weight = Double(pair[1]), weight > 0, weight.isFinite
            else { return nil }
            parts.append(Weighted(tokens: tokens, weight: weight))
        }
        guard !parts.isEmpty else { return nil }
        self = .weighted(parts)
    }

    /// The shortest has one word.
    private static func length(_ text: some StringProtocol) -> Int? {
        Int(text).flatMap { (3...100_000).contains($0) ? $0 : nil }
    }

    /// A length, as likely as it was asked for.
    func pick(_ random: inout RandomSource) -> Int {
        switch self {
        case .uniform(let range): return range.lowerBound + random.below(range.count)
        case .weighted(let parts):
            var rest = random.unit() * parts.reduce(0) { $0 + $1.weight }
            for part in parts {
                rest -= part.weight
                if rest < 0 { return part.tokens }
            }
            return parts[parts.count - 1].tokens
        }
    }
}

// A text as it is explained: its features, and the parts of it that the model reads at once.
//
//     text       |  s1  |   s2   |  s3  |    s4    |      features: sentences, or words
//     parts      [ first window  ][  second window ]      or what truncation leaves, one part
//     variant    [  s1  |  -     ]                        of one part, without some features
//
// Invariant: a part's bytes are ranges of the text, joined by blanks where they are apart; what a
// part varies are the pieces of features that lie in it. A feature that no part holds has no
// influence: weight 0.

internal import Insight
internal import TextflixProtocol
internal import Tokenization

struct ExplainedText: Sendable {
    struct Part: Sendable {
        let features: TextFeatures
        /// Which feature of the text each feature of the part is.
        let indices: [Int]
    }

    let text: [UInt8]
    /// Where each feature stands, the first place first.
    let places: [[Range<Int>]]
    let parts: [Part]
    /// Of the whole text, and whether some of it is not read at all.
    let reading: Reading

    /// How the model reads the text.
    struct Reading: Sendable {
        /// What each part holds of the text.
        var ranges: [[Range<Int>]]
        var usedTokens = 0
        var totalTokens: Int?
        var isTruncated = false
    }

    /// - Parameter sentences: the most that one part may have.
    init(
        _ text: [UInt8], reading: Reading, unit: ExplainOrder.Unit, sentences limit: Int
    ) throws(Status) {
        self.text = text
        self.reading = reading
        places =
            switch unit {
            case .sentence: Self.sentences(text, reading, atMost: limit).map { [$0] }
            case .word: TextFeatures(wordsOf: text).places
            }
        let places = places
        parts = reading.ranges.map { Self.part($0, places, text) }
        let varied = Set(parts.flatMap(\.indices)).count
        guard varied <= Limits.explainFeatures else {
            throw .invalid(
                "the text has \(varied) features, more than \(Limits.explainFeatures);"
                    + " explain it by sentences")
        }
    }

    private static func part(
        _ ranges: [Range<Int>], _ places: [[Range<Int>]], _ text: [UInt8]
    ) -> Part {
        var bytes: [UInt8] = []
        var starts: [Int] = []
        for (index, range) in ranges.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: " ")) }
            starts.append(bytes.count)
            bytes += text[range]
        }
        var indices: [Int] = []
        var local: [[Range<Int>]] = []
        for (feature, places) in places.enumerated() {
            let inside = places.flatMap { place in
                zip(ranges, starts).compactMap { range, start -> Range<Int>? in
                    let common = place.clamped(to: range)
                    if common.isEmpty { return nil }
                    let shift = start - range.lowerBound
                    return common.lowerBound + shift..<common.upperBound + shift
                }
            }
            guard !inside.isEmpty else { continue }
            indices.append(feature)
            local.append(inside)
        }
        return Part(features: TextFeatures(text: bytes, places: local), indices: indices)
    }

    /// Sentences that partition the text, at most `limit` in what one part reads: neighbours are
    /// joined only inside one part, or inside what is not read. A sentence belongs to the first
    /// part that reads some of it, and takes a place in each.
    private static func sentences(
        _ text: [UInt8], _ reading: Reading, atMost limit: Int
    ) -> [Range<Int>] {
        let whole = SentenceSplitter().features(of: text, atMost: Limits.explainFeatures)
        let readers = whole.map { sentence in
            reading.ranges.firstIndex { $0.contains { $0.overlaps(sentence) } }
        }
        var joined: [Range<Int>] = []
        var start = 0
        while start < whole.count {
            let reader = readers[start]
            let end = readers[start...].firstIndex { $0 != reader } ?? whole.count
            var share = limit
            if let reader {
                let own = readers.count { $0 == reader }
                let reaching = zip(whole, readers).count { sentence, first in
                    first != reader && reading.ranges[reader].contains { $0.overlaps(sentence) }
                }
                share = (limit - reaching) * (end - start) / own
            }
            joined += SentenceSplitter.joined(Array(whole[start..<end]), atMost: max(1, share))
            start = end
        }
        return joined
    }
}

// A text as its sentences: the units of an explanation.
//
// Written for reviews: `<br />` and line ends separate sentences, and so does "word.Word"; nothing
// inside brackets does, nor do abbreviations, initials, decimals and dots before small letters.
//
// Invariant: the ranges partition the text, so joined they give it back byte for byte; blanks and
// line ends belong to the sentence before them. Any bytes are taken, valid UTF-8 or not: a range
// never begins inside a scalar. Of other languages than English it knows the marks that only end
// sentences, such as "。" and "।"; it knows no grammar.

package struct SentenceSplitter: Sendable {
    package init() {}

    /// The sentences, in bytes of the text; none of an empty text.
    package func ranges(of text: [UInt8]) -> [Range<Int>] {
        var walk = SentenceWalk(text)
        return walk.ranges()
    }

    /// Sentences as an explanation removes them: one of fewer than three words joins a neighbour,
    /// and there are at most `limit`, since the shortest neighbours are joined until it holds.
    package func features(of text: [UInt8], atMost limit: Int = 64) -> [Range<Int>] {
        Self.joined(joinFragments(ranges(of: text), text), atMost: limit)
    }

    /// Ranges that follow each other, the shortest neighbours joined until there are at most so
    /// many.
    package static func joined(_ ranges: [Range<Int>], atMost limit: Int) -> [Range<Int>] {
        precondition(limit > 0, "at least one feature")
        var ranges = ranges
        // Far too many: first join by pairs, which is linear, without looking for the shortest.
        while ranges.count > 8 * limit {
            ranges = stride(from: 0, to: ranges.count, by: 2).map {
                ranges[$0].lowerBound..<ranges[min($0 + 1, ranges.count - 1)].upperBound
            }
        }
        var lengths = zip(ranges, ranges.dropFirst()).map { $0.count + $1.count }
        while ranges.count > limit {
            let first = lengths.indices.min { lengths[$0] < lengths[$1] }!
            ranges[first] = ranges[first].lowerBound..<ranges[first + 1].upperBound
            ranges.remove(at: first + 1)
            lengths.remove(at: first)
            for pair in first - 1...first where lengths.indices.contains(pair) {
                lengths[pair] = ranges[pair].count + ranges[pair + 1].count
            }
        }
        return ranges
    }

    /// A range without the blanks and line ends around it.
    package static func trimmed(_ range: Range<Int>, in text: [UInt8]) -> Range<Int> {
        var content: Range<Int>?
        var offset = range.lowerBound
        while offset < range.upperBound {
            if let end = TextMarks.gap(in: text, at: offset) {
                offset = end
            } else {
                offset += 1
                content = (content?.lowerBound ?? offset - 1)..<offset
            }
        }
        return content ?? range.lowerBound..<range.lowerBound
    }

    /// To the sentence before; the first to the one after it.
    private func joinFragments(_ ranges: [Range<Int>], _ text: [UInt8]) -> [Range<Int>] {
        var joined: [Range<Int>] = []
        // Of the first ones, while they are too few to stand alone.
        var words = 0
        for range in ranges {
            let isFirst = joined.isEmpty || words < Self.fragmentWords
            let own = TextMarks.wordCount(in: text, range, atMost: Self.fragmentWords)
            if !joined.isEmpty, isFirst || own < Self.fragmentWords {
                joined[joined.count - 1] = joined.last!.lowerBound..<range.upperBound
                if isFirst { words += own }
            } else {
                joined.append(range)
                if isFirst { words = own }
            }
        }
        return joined
    }

    /// A sentence has at least so many words to be a feature of its own.
    private static let fragmentWords = 3
}

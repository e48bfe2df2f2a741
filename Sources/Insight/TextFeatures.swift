// A text as the features that an explanation scores: its sentences, or its distinct words.
//
// Invariant: the byte ranges of all features are disjoint and ascend within a feature; what lies
// between them (spaces, punctuation between words) always stays. A sentence is one range; a word is
// every place where it stands, as in the reference's bag-of-words form, compared byte by byte.
// It does not split sentences: their ranges come from the caller.

package struct TextFeatures: Sendable {
    package let text: [UInt8]
    /// The places of each feature, in bytes of `text`.
    package let places: [[Range<Int>]]
    private let order: [(range: Range<Int>, feature: Int)]
    /// The bytes of each feature, in all its places.
    private let lengths: [Int]

    package var count: Int { places.count }

    package init(text: [UInt8], sentences: [Range<Int>]) {
        self.init(text: text, places: sentences.map { [$0] })
    }

    /// The distinct words of a text, in the order of their first places; a word is a run of
    /// letters, numbers and underscores, the complement of the reference's `\W+`; a line break of
    /// HTML is not a word.
    package init(wordsOf text: [UInt8]) {
        var indices: [ArraySlice<UInt8>: Int] = [:]
        var places: [[Range<Int>]] = []
        for range in Self.wordRanges(in: text) {
            if let known = indices[text[range]] {
                places[known].append(range)
            } else {
                indices[text[range]] = places.count
                places.append([range])
            }
        }
        self.init(text: text, places: places)
    }

    /// Features that the caller knows; their ranges are disjoint and ascend within each.
    package init(text: [UInt8], places: [[Range<Int>]]) {
        self.text = text
        self.places = places
        order = places.enumerated()
            .flatMap { feature, ranges in ranges.map { ($0, feature) } }
            .sorted { $0.0.lowerBound < $1.0.lowerBound }
        lengths = places.map { $0.reduce(0) { $0 + $1.count } }
    }

    /// How long `text(keeping:)` is, without making it.
    package func byteCount(keeping mask: Mask) -> Int {
        precondition(mask.count == count, "a mask of another text")
        return mask.complement.kept.reduce(text.count) { $0 - lengths[$1] }
    }

    /// The text without the features that the mask does not keep.
    package func text(keeping mask: Mask) -> [UInt8] {
        precondition(mask.count == count, "a mask of another text")
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count)
        var copied = 0
        for (range, feature) in order where !mask[feature] {
            bytes.append(contentsOf: text[copied..<range.lowerBound])
            copied = range.upperBound
        }
        bytes.append(contentsOf: text[copied...])
        return bytes
    }

    private static func wordRanges(in text: [UInt8]) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        var start: Int?
        var offset = 0
        var breakEnd = 0
        for scalar in String(decoding: text, as: UTF8.self).unicodeScalars {
            if scalar == "<", let tag = lineBreaks.first(where: text[offset...].starts(with:)) {
                breakEnd = offset + tag.count
            }
            if isWord(scalar), offset >= breakEnd {
                start = start ?? offset
            } else if let begun = start {
                ranges.append(begun..<offset)
                start = nil
            }
            offset += UTF8.width(scalar)
        }
        if let begun = start { ranges.append(begun..<offset) }
        return ranges
    }

    private static let lineBreaks = ["<br />", "<br/>", "<br>"].map { Array($0.utf8) }

    private static func isWord(_ scalar: Unicode.Scalar) -> Bool {
        if scalar == "_" { return true }
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter,
            .decimalNumber, .letterNumber, .otherNumber:
            return true
        default: return false
        }
    }
}

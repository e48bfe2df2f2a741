// How a text becomes n-grams, and how they are weighed: the declarative part of a linear baseline.
//
// Two recipes have names. `report` is the 2019 report's: words of two or more characters, stop
// words out, stemmed, uni- and bigrams. `better` keeps what that throws away ("not" is a stop word,
// "!" is no word, "10" says much in a review): words of any length and every mark, weighed by
// tf-idf.

package struct NGramRecipe: Sendable, Equatable {
    package enum Weighting: String, Sendable, CaseIterable {
        /// 1 for an n-gram that is there.
        case binary
        /// ln((1 + texts) / (1 + texts with it)) + 1, scaled so that a text has length 1.
        case inverseFrequency = "idf"
        /// The mean over all tokens, a repeated one counted again: averaged word vectors.
        case mean
    }

    /// Characters that a word has at the least, in scripts with blanks.
    package var minimumWordLength: Int
    package var keepsMarks: Bool
    package var removesStopWords: Bool
    package var stems: Bool
    /// The longest n-gram, in tokens: 1...`Limits.order`.
    package var order: Int
    package var weighting: Weighting
    /// Whether words are those of all scripts: see `WordScalars`. A model whose file does not say
    /// so was trained without.
    package var knowsScripts: Bool

    package enum Limits {
        package static let order = 5
    }

    package static let report = NGramRecipe(
        minimumWordLength: 2, keepsMarks: false, removesStopWords: true, stems: true, order: 2,
        weighting: .binary)

    package static let better = NGramRecipe(
        minimumWordLength: 1, keepsMarks: true, removesStopWords: false, stems: false, order: 2,
        weighting: .inverseFrequency)

    package init(
        minimumWordLength: Int, keepsMarks: Bool, removesStopWords: Bool, stems: Bool, order: Int,
        weighting: Weighting, knowsScripts: Bool = true
    ) {
        self.minimumWordLength = minimumWordLength
        self.keepsMarks = keepsMarks
        self.removesStopWords = removesStopWords
        self.stems = stems
        self.order = order
        self.weighting = weighting
        self.knowsScripts = knowsScripts
    }
}

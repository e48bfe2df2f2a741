// How a text is normalised before it is cut into pieces, and which pieces are special.
//
// The defaults are those of bert-base-uncased. The names follow the reference's files: the BERT
// normaliser of `tokenizer.json`, and `tokenizer_config.json` beside a `vocab.txt`.

package struct TokenizerSettings: Sendable, Equatable {
    /// Drop controls and format characters, make every white space a space.
    package var cleanText = true
    /// Make every Chinese character a word of its own.
    package var handleChineseCharacters = true
    /// Decompose (NFD) and drop nonspacing marks; nil means as `lowercase`.
    package var stripAccents: Bool?
    package var lowercase = true

    /// What a piece inside a word begins with in the vocabulary.
    package var continuingPrefix: [UInt8] = Array("##".utf8)
    /// A word of more scalars than this, after normalising, is unknown.
    package var maxWordScalars = 100
    package var names = SpecialTokenNames()
    /// Whether an added token's offsets leave out the white space that its match includes.
    package var trimsOffsets = false

    package init() {}

    /// Neither cleaned, spaced, stripped nor lower-cased: a `tokenizer.json` without a normaliser.
    package static var plain: TokenizerSettings {
        var settings = TokenizerSettings()
        settings.cleanText = false
        settings.handleChineseCharacters = false
        settings.stripAccents = false
        settings.lowercase = false
        return settings
    }

    var stripsAccents: Bool { stripAccents ?? lowercase }
}

/// The special tokens by name, as the vocabulary spells them.
package struct SpecialTokenNames: Sendable, Equatable {
    package var unknown = "[UNK]"
    /// The first token of every input.
    package var classification = "[CLS]"
    /// The last token of every input.
    package var separator = "[SEP]"
    package var padding = "[PAD]"
    package var mask = "[MASK]"

    package init() {}

    /// MPNet's, where they differ.
    static var mpnet: SpecialTokenNames {
        var names = SpecialTokenNames()
        names.classification = "<s>"
        names.separator = "</s>"
        names.padding = "<pad>"
        names.mask = "<mask>"
        return names
    }

    var all: [String] { [unknown, classification, separator, padding, mask] }

    /// What no text may say: the names in use, and those that either family has by custom.
    var structural: Set<String> {
        Set(all + SpecialTokenNames().all + SpecialTokenNames.mpnet.all + ["<unk>"])
    }
}

/// What a structural name means where it stands in a text, say "[SEP]".
package enum SpecialTokenReading: Sendable {
    /// Text like any other: what a server wants, as the opposite lets a text forge its own end.
    case text
    /// The special token, as the reference reads it unless told otherwise.
    case token
}

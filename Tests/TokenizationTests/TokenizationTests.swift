// The tokenizer on a vocabulary small enough to read: pieces, offsets, special tokens.

import JSONText
import Testing

@testable import Tokenization

/// Ids by line: 0 [PAD], 1 [UNK], 2 [CLS], 3 [SEP], then the pieces of the tests.
func tinyTokenizer(
    _ pieces: [String] = ["un", "##believ", "##able", "good", ",", "cafe", "##s", "film"],
    settings: TokenizerSettings = TokenizerSettings(), special: SpecialTokenReading = .text
) throws -> WordPiece {
    let lines = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"] + pieces
    return try WordPiece(
        vocabularyText: Array(lines.joined(separator: "\n").utf8), settings: settings,
        specialTokens: special)
}

extension TokenizerSettings {
    init(lowercase: Bool, stripAccents: Bool? = nil) {
        self.init()
        self.lowercase = lowercase
        self.stripAccents = stripAccents
    }

    /// Those of a `tokenizer_config.json`.
    init(tokenizerConfig json: [UInt8]) throws(TokenizationError) {
        try self.init(TokenizerConfig.parse(json), names: SpecialTokenNames())
    }
}

@Suite struct TokenizationTests {
    @Test func piecesAndOffsets() throws {
        let model = try tinyTokenizer()
        var buffer = TokenBuffer()
        let count = try model.tokenize(Array("Unbelievable, Cafés zzz".utf8), into: &buffer)
        #expect(buffer.ids == [2, 4, 5, 6, 8, 9, 10, 1, 3])
        #expect(buffer.starts == [0, 0, 2, 8, 12, 14, 19, 21, 0])
        #expect(buffer.ends == [0, 2, 8, 12, 13, 19, 20, 24, 0])
        #expect(count == TokenCount(used: 9, total: 9, truncated: false))
    }

    @Test func aMissAnywhereMakesTheWholeWordUnknown() throws {
        let model = try tinyTokenizer()
        var buffer = TokenBuffer()
        _ = try model.tokenize(
            Array("unbelievableX good".utf8), specialTokens: false, into: &buffer)
        #expect(buffer.ids == [1, 7])
        #expect(buffer.ends == [13, 18])
    }

    @Test func anEmptyTextIsOnlyTheSpecialTokens() throws {
        var buffer = TokenBuffer()
        let count = try tinyTokenizer().tokenize([], into: &buffer)
        #expect(buffer.ids == [2, 3])
        #expect(count == TokenCount(used: 2, total: 2, truncated: false))
    }

    /// A text must not be able to end itself; whoever wants the reference's reading asks for it.
    @Test func aSpecialTokensNameIsTextUnlessAskedFor() throws {
        var buffer = TokenBuffer()
        let text = Array("good[SEP]film".utf8)
        _ = try tinyTokenizer().tokenize(text, specialTokens: false, into: &buffer)
        #expect(buffer.ids == [7, 1, 1, 1, 11])
        _ = try tinyTokenizer(special: .token).tokenize(text, specialTokens: false, into: &buffer)
        #expect(buffer.ids == [7, 3, 11])
        #expect(buffer.starts == [0, 4, 9])
    }

    @Test func piecesAreBytesNotStrings() throws {
        // "é" composed and decomposed: equal as String, two pieces in a vocabulary.
        var settings = TokenizerSettings(lowercase: false)
        settings.stripAccents = false
        let model = try tinyTokenizer(["\u{E9}", "e\u{301}"], settings: settings)
        var buffer = TokenBuffer()
        _ = try model.tokenize(
            Array("e\u{301} \u{E9}".utf8), specialTokens: false, into: &buffer)
        #expect(buffer.ids == [5, 4])
        #expect(model.vocabularyCount == 6)
        #expect(model.piece(5) == Array("e\u{301}".utf8))
    }

    @Test func aCopyOfABufferIsItsOwn() throws {
        let model = try tinyTokenizer()
        var first = TokenBuffer()
        _ = try model.tokenize(Array("good".utf8), into: &first)
        var second = first
        _ = try model.tokenize(Array("film film".utf8), into: &second)
        #expect(first.ids == [2, 7, 3])
        #expect(second.ids == [2, 11, 11, 3])
    }
}

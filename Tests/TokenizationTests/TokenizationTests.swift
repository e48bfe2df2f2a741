// The tokenizer on a vocabulary small enough to read: pieces, offsets, truncation, errors.

import Testing

@testable import Tokenization

/// Ids by line: 0 [PAD], 1 [UNK], 2 [CLS], 3 [SEP], then the pieces of the tests.
func tinyTokenizer(
    _ pieces: [String] = ["un", "##believ", "##able", "good", ",", "cafe", "##s", "film"],
    settings: TokenizerSettings = TokenizerSettings()
) throws -> WordPiece {
    let lines = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"] + pieces
    return try WordPiece(
        vocabularyText: Array(lines.joined(separator: "\n").utf8), settings: settings)
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
}

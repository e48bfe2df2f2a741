// Texts split into windows: the tokens are those of the text, whatever it holds and wherever it is
// cut.

import Testing

@testable import Tokenization

@Suite struct WindowTests {
    private static let words = [
        "[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "b", "camp", "##iness", "in", "##ess", "good", ".",
        "!", "ᄒ", "##ᅡ", "##ᆫ", "電", "##s", "e", "##\u{301}",
    ]

    private static func model(
        lowercase: Bool = true, stripAccents: Bool = false
    ) throws -> WordPiece {
        try WordPiece(
            vocabularyText: Array((words.joined(separator: "\n") + "\n").utf8),
            settings: TokenizerSettings(lowercase: lowercase, stripAccents: stripAccents))
    }

    private func windows(
        _ text: String, maxTokens: Int, atMost limit: Int = 64, _ model: WordPiece
    ) throws -> (windows: [TokenWindow], parts: [String], buffer: TokenBuffer) {
        var buffer = TokenBuffer()
        let bytes = Array(text.utf8)
        let windows = try model.windows(
            bytes, maxTokens: maxTokens, atMost: limit, into: &buffer)
        let parts = windows.map { String(decoding: bytes[$0.bytes], as: UTF8.self) }
        return (windows, parts, buffer)
    }

    @Test func sentencesStayTogether() throws {
        let model = try Self.model()
        let found = try windows(
            "A good a. B b good b! A a a a a a a. Good.", maxTokens: 10, model)
        #expect(found.parts == ["A good a. ", "B b good b! ", "A a a a a a a. ", "Good."])
        #expect(found.windows.map(\.tokens.count) == [4, 5, 8, 2])
        let both = try windows("A good a. B b!", maxTokens: 9, model)
        #expect(both.parts == ["A good a. B b!"])
    }

    /// A window that begins inside a word would have other tokens than the text.
    @Test func wordsStayTogether() throws {
        let model = try Self.model()
        let text =
            String(repeating: "a ", count: 5) + "campiness" + String(repeating: " a", count: 5)
        let found = try windows(text, maxTokens: 8, model)
        #expect(found.parts == ["a a a a a ", "campiness a a a a ", "a"])
        // Taken apart, a syllable is one word of three pieces, which share its bytes.
        let jamo = try windows("a 한 한 한", maxTokens: 6, Self.model(stripAccents: true))
        #expect(jamo.parts == ["a 한 ", "한 ", "한"] && jamo.buffer.count == 10)
    }

    @Test func aWordLongerThanAWindowIsCut() throws {
        let model = try Self.model()
        let found = try windows("good" + String(repeating: "s", count: 9), maxTokens: 5, model)
        #expect(found.windows.map(\.tokens.count) == [3, 3, 3, 1])
        #expect(found.parts == ["goodss", "sss", "sss", "s"])
    }

    /// Random texts, random limits: the invariant, and as many tokens as in the whole text.
    @Test func theTokensAreTheTexts() throws {
        var generator = SplitMix(seed: 12)
        let pieces = [
            "a", " ", "b", "campiness", ". ", "!", "\n", "한", "電", "é", "e\u{301}", "x", "goods",
            "<br />", "(", "A", "  ", "Mr. ", "\u{0}", "\u{AD}",
        ]
        for round in 0..<4000 {
            let model = try Self.model(lowercase: round % 2 == 0, stripAccents: round % 3 == 0)
            let text = (0..<generator.below(61))
                .map { _ in pieces[generator.below(pieces.count)] }.joined()
            let room = 1 + generator.below(12)
            var alone = TokenBuffer()
            _ = try model.tokenize(Array(text.utf8), specialTokens: false, into: &alone)
            let found = try windows(text, maxTokens: room + 2, atMost: 1000, model)
            #expect(found.buffer.ids == alone.ids && found.buffer.starts == alone.starts)
            #expect(found.parts.joined().utf8.elementsEqual(text.utf8), "\(text)")
            #expect(found.windows.flatMap { Array($0.tokens) } == Array(0..<alone.count))
            #expect(found.windows.allSatisfy { $0.tokens.count <= room })
        }
    }

    @Test func moreThanTheLimitIsRefused() throws {
        let model = try Self.model()
        let text = String(repeating: "a ", count: 30)
        #expect(try windows(text, maxTokens: 5, atMost: 10, model).windows.count == 10)
        #expect(throws: TokenizationError.tooManyWindows(limit: 9)) {
            try windows(text, maxTokens: 5, atMost: 9, model)
        }
        // Room for the tokens, and not for the sentences.
        #expect(throws: TokenizationError.tooManyWindows(limit: 2)) {
            try windows("A a a. B b. A a a.", maxTokens: 8, atMost: 2, model)
        }
        #expect(throws: TokenizationError.invalidUTF8(offset: 1)) {
            var buffer = TokenBuffer()
            _ = try model.windows([0x61, 0xFF], maxTokens: 5, atMost: 2, into: &buffer)
        }
    }
}

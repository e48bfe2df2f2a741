// Hostile texts: invalid UTF-8, random bytes, words and runs of marks without end.

import Testing

@testable import Tokenization

@Suite struct HostileTextTests {
    @Test(
        arguments: [
            ([0x80], 0), ([0x61, 0xC3], 1), ([0x61, 0xC0, 0x80], 1), ([0xE0, 0x80, 0x80], 0),
            ([0xED, 0xA0, 0x80], 0), ([0xF0, 0x80, 0x80, 0x80], 0), ([0xF4, 0x90, 0x80, 0x80], 0),
            ([0xF5, 0x80, 0x80, 0x80], 0), ([0xC3, 0xA9, 0xE2, 0x82], 2), ([0xE2, 0x82, 0x41], 0),
            ([0xF0, 0x9F, 0x98], 0), (Array(repeating: 0x61, count: 40) + [0xFF], 40),
        ] as [([UInt8], Int)])
    func invalidUTF8IsRefusedWithItsPlace(_ text: [UInt8], _ offset: Int) throws {
        let model = try tinyTokenizer()
        var buffer = TokenBuffer()
        #expect(throws: TokenizationError.invalidUTF8(offset: offset)) {
            try model.tokenize(text, into: &buffer)
        }
    }

    /// What is not used is validated all the same: the answer must not depend on the limit.
    @Test func invalidUTF8BehindTheLimitIsRefusedToo() throws {
        let text = Array("good good good ".utf8) + [0xFF]
        var buffer = TokenBuffer()
        #expect(throws: TokenizationError.invalidUTF8(offset: 15)) {
            try tinyTokenizer().tokenize(text, maxTokens: 3, into: &buffer)
        }
    }

    /// The validator says what Swift's own says, on random bytes that are nearly UTF-8.
    @Test func validationAgreesWithSwift() {
        var generator = SplitMix(seed: 3)
        let bytes: [UInt8] = [
            0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC2, 0xDF, 0xE0, 0xED, 0xEF, 0xF0,
            0xF4,
        ]
        for _ in 0..<200_000 {
            let text = (0..<generator.below(7)).map { _ in bytes[generator.below(bytes.count)] }
            let isValid =
                text.withUnsafeBufferPointer { UTF8Validation.firstInvalidByte($0) } == nil
            #expect(isValid == (String(validating: text, as: UTF8.self) != nil), "\(text)")
        }
    }

    /// Whatever the bytes: no trap, and offsets that lie on scalars, ascend and end in the text.
    @Test func randomBytes() throws {
        let models = [
            try tinyTokenizer(), try tinyTokenizer(settings: TokenizerSettings(lowercase: false)),
            try WordPiece(
                tokenizerJSON: Golden.file("added.tokenizer.json"), specialTokens: .token),
            try WordPiece(vocabularyText: Golden.file("uncased.txt")),
        ]
        let ranges = [
            0x20...0x7E, 0x300...0x36F, 0x1D15E...0x1D172, 0x8D3...0x8E2, 0xAC00...0xACFF,
        ]
        var generator = SplitMix(seed: 4)
        var buffer = TokenBuffer()
        var accepted = 0
        for round in 0..<20_000 {
            var text = generator.text(from: ranges)
            if round % 4 == 0, !text.isEmpty {
                text[generator.below(text.count)] = UInt8(generator.below(256))
            }
            for model in models {
                guard (try? model.tokenize(text, specialTokens: false, into: &buffer)) != nil else {
                    continue
                }
                accepted += 1
                expectOrderly(buffer, in: text)
            }
        }
        // Every text that no byte was changed in.
        #expect(accepted >= models.count * 15_000)
    }

    private func expectOrderly(_ buffer: TokenBuffer, in text: [UInt8]) {
        var last: UInt32 = 0
        for i in 0..<buffer.count {
            let (start, end) = (buffer.starts[i], buffer.ends[i])
            #expect(last <= start && start < end && Int(end) <= text.count)
            #expect(isBoundary(Int(start), in: text) && isBoundary(Int(end), in: text))
            last = start
        }
    }

    private func isBoundary(_ offset: Int, in text: [UInt8]) -> Bool {
        offset == text.count || text[offset] & 0xC0 != 0x80
    }

    /// 4 MB of the worst: each must come back (quadratic work would take hours), with the answer
    /// that its form makes plain, and with no more scratch memory than any other text.
    @Test(arguments: [
        ("x", "", 1), ("\u{E9}", "", 1), ("e\u{301}", "", 1), ("\u{301}", "", 0),
        ("\u{8DC}", "", 1), ("\u{8DC}\u{301}\u{302E}", "", 1), ("\u{AD}", "", 0), (" ", "", 0),
        ("\u{1D15E}", "", 1), ("\u{8DC}", "a", 1), ("\u{301}", "film", 1), ("\u{AC01}", "", 1),
    ])
    func fourMegabytes(_ unit: String, _ before: String, _ tokens: Int) throws {
        let unit = Array(unit.utf8)
        var text = Array(before.utf8)
        text.reserveCapacity(4 << 20)
        while text.count + unit.count <= 4 << 20 { text += unit }
        var buffer = TokenBuffer()
        let count = try tinyTokenizer().tokenize(
            text, truncation: .headAndTail(head: 100), maxTokens: 512, specialTokens: false,
            into: &buffer)
        #expect(count.total == tokens)
        if tokens == 1, before.isEmpty {
            #expect(buffer.ids == [1])
            #expect(buffer.starts == [0])
            // A stripped mark at the very end is not part of the word.
            #expect(text.count - Int(buffer.ends[0]) < unit.count)
        }
    }

    /// The longest match walks at most the longest piece for each byte, also where every walk but
    /// the last step succeeds.
    @Test func greedyWorkIsBoundedByTheLongestPiece() throws {
        let longest = 50
        let model = try tinyTokenizer([
            "a", "##a", "##" + String(repeating: "a", count: longest) + "b",
        ])
        let text = Array(
            Array(repeating: String(repeating: "a", count: 100), count: 400)
                .joined(separator: " ").utf8)
        var buffer = TokenBuffer()
        let count = try model.tokenize(text, truncation: .none, specialTokens: false, into: &buffer)
        #expect(count.used == 40_000)
    }
}

// Sentences, split as people split them, and the invariants that hold for any bytes.
//
// The texts lie in Tests/Golden/sentences, one a line with its sentences marked; what is expected
// there is stated by hand, so a failing line is either a fault here or a wrong label there.

import Syscalls
import TestSupport
import Testing

@testable import Tokenization

private enum Sentences {
    private static let folder = Checkout.root + "/Tests/Golden/sentences"

    /// The lines of a file but for its remarks, each as its sentences.
    static func cases(_ name: String) -> [[String]] {
        let bytes = (try? readFile("\(folder)/\(name)", limit: 1 << 20)) ?? []
        return String(decoding: bytes, as: UTF8.self)
            .split(separator: "\n").filter { !$0.hasPrefix("# ") }
            .map { line in
                line.split(separator: "¦", omittingEmptySubsequences: false).map(unescaped)
            }
    }

    private static func unescaped(_ text: Substring) -> String {
        var result = ""
        var rest = text
        while let backslash = rest.firstIndex(of: "\\") {
            result += rest[..<backslash]
            rest = rest[backslash...].dropFirst()
            for (name, value) in [("n", "\n"), ("t", "\t"), ("u2028", "\u{2028}")]
            where rest.hasPrefix(name) {
                result += value
                rest = rest.dropFirst(name.count)
                break
            }
        }
        return result + rest
    }

    static func split(_ text: String) -> [String] {
        let bytes = Array(text.utf8)
        return SentenceSplitter().ranges(of: bytes)
            .map { String(decoding: bytes[$0], as: UTF8.self) }
    }
}

@Suite struct SentenceTests {
    @Test func theLabelledTextsAreThere() {
        #expect(Sentences.cases("rules.txt").count == 48)
        #expect(Sentences.cases("reviews.txt").count == 76)
    }

    @Test(arguments: Sentences.cases("rules.txt"))
    func aRuleHolds(_ sentences: [String]) {
        let text = sentences.joined(separator: " ")
        let spaced = sentences.dropLast().map { $0 + " " } + [sentences[sentences.count - 1]]
        #expect(Sentences.split(text) == spaced)
    }

    @Test(arguments: Sentences.cases("reviews.txt"))
    func aReviewIsPartedAsByHand(_ sentences: [String]) {
        #expect(Sentences.split(sentences.joined()) == sentences)
    }

    /// Random rows of the marks that decide, broken UTF-8 among them.
    @Test func theRangesPartitionAnyBytes() {
        var generator = SplitMix(seed: 11)
        let pieces: [[UInt8]] =
            [
                ". ", "!", "?", "...", " . . .", "(", ")", "[", "]", "\"", "<br />", "<", "\n",
                "Mr",
                "A", "b", " The", " 1", "2.", "3)", "•", "…", "”", "U.S", "\u{85}", "\u{2028}", "É",
                "@", "www.", ":)", " ", "。", "」", "！", "।", "日", "؟",
            ].map { Array($0.utf8) } + [[0xE2], [0xFF], [0xC2]]
        for _ in 0..<20_000 {
            let text = (0..<generator.below(24)).flatMap { _ in
                pieces[generator.below(pieces.count)]
            }
            let limit = 1 + generator.below(6)
            for ranges in [
                SentenceSplitter().ranges(of: text),
                SentenceSplitter().features(of: text, atMost: limit),
            ] {
                #expect(ranges.flatMap { Array(text[$0]) } == text)
                #expect(ranges.allSatisfy { !$0.isEmpty })
            }
            #expect(SentenceSplitter().features(of: text, atMost: limit).count <= limit)
        }
    }

    /// Marks of other scripts need neither a gap nor a capital.
    @Test(arguments: [
        ["この映画は素晴らしい。", "もう一度見たい！", "なぜだろう？"],
        ["他说：「很好看。」", "我也喜欢。"],
        ["यह फ़िल्म अच्छी है। ", "मैं फिर देखूँगा।"],
        ["هل أعجبك الفيلم؟ ", "نعم، أعجبني كثيرا."],
        ["یہ فلم اچھی ہے۔ ", "دوبارہ دیکھوں گا۔"],
    ])
    func marksOfOtherScriptsEndSentences(_ sentences: [String]) {
        #expect(Sentences.split(sentences.joined()) == sentences)
        let bytes = Array(sentences.joined().utf8)
        #expect(SentenceSplitter().features(of: bytes).count == sentences.count)
    }

    @Test func fragmentsJoinANeighbour() {
        let text = Array("No. Just no. It was really bad. 2/10. Avoid it like me. The end.".utf8)
        let features = SentenceSplitter().features(of: text)
            .map { String(decoding: text[$0], as: UTF8.self) }
        #expect(
            features == [
                "No. Just no. ", "It was really bad. 2/10. ", "Avoid it like me. The end.",
            ])
        #expect(SentenceSplitter().features(of: Array("Hm. ".utf8)).count == 1)
        #expect(SentenceSplitter().features(of: []).isEmpty)
    }

    @Test func theShortestNeighboursAreJoined() {
        let text = Array(
            "A long sentence of words. One two three. Four five six. Another one.".utf8)
        let features = SentenceSplitter().features(of: text, atMost: 2)
        #expect(features.count == 2)
        // 26, 15, 15 and 12 bytes: the last two first, then the first two.
        #expect(features[0].upperBound == 26 + 15)
    }

    /// A megabyte of sentences: what a large text costs is linear.
    @Test func manySentencesAreJoinedToFew() {
        let text = Array(String(repeating: "It is so good. ", count: 70_000).utf8)
        let features = SentenceSplitter().features(of: text, atMost: 64)
        #expect(features.count == 64 && features.last?.upperBound == text.count)
    }

    /// Fragments alone: each joins the first, whose words are not counted again.
    @Test func fragmentsAloneAreLinear() {
        for piece in [",\n", "a. ", "No. "] {
            let text = Array(String(repeating: piece, count: 500_000).utf8)
            let features = SentenceSplitter().features(of: text, atMost: 1024)
            #expect(features.last?.upperBound == text.count && features.count <= 1024)
        }
    }

    @Test func trimmingTakesGapsAlone() {
        let text = Array(" <br />\u{A0}Yes, <br /> really.<br>\n".utf8)
        let trimmed = SentenceSplitter.trimmed(0..<text.count, in: text)
        #expect(String(decoding: text[trimmed], as: UTF8.self) == "Yes, <br /> really.")
        #expect(SentenceSplitter.trimmed(0..<1, in: text).isEmpty)
    }
}

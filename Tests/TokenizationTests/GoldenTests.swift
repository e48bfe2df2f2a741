// The tokenizer against the reference, token for token and offset for offset.
//
// Everything expected comes from Tests/Golden/tokenization/make_golden.py; when a test here fails
// because a file changed, that script says what the reference makes of it. Thousands of random
// texts are made here again, by the same generator, and compared by digest.

import JSONText
import Syscalls
import TestSupport
import Testing

@testable import Tokenization

enum Golden {
    static let folder = Checkout.root + "/Tests/Golden/tokenization"
    static let script = "see Tests/Golden/tokenization/make_golden.py"

    static func file(_ name: String) throws -> [UInt8] {
        try readFile("\(folder)/\(name)", limit: 1 << 20)
    }

    static func document() throws -> JSONNode { try JSONDocument.parse(try file("golden.json")) }

    static func strings(_ node: JSONNode?) throws -> [[UInt8]] {
        try #require(node?.array).map { try #require($0.utf8) }
    }
}

/// One setting of the golden file.
struct GoldenSetting: CustomTestStringConvertible {
    let name: String
    let model: WordPiece
    let tokens: [[UInt8]]
    let digest: String
    var testDescription: String { name }

    init(_ node: JSONNode) throws {
        var settings = TokenizerSettings()
        settings.lowercase = node["lowercase"]?.bool ?? true
        settings.stripAccents = node["strip_accents"]?.bool
        settings.cleanText = node["clean_text"]?.bool ?? true
        settings.handleChineseCharacters = node["handle_chinese_chars"]?.bool ?? true
        model = try WordPiece(
            vocabularyText: Golden.file(try #require(node["vocabulary"]?.string)),
            settings: settings,
            specialTokens: node["special"]?.string == "token" ? .token : .text)
        name = try #require(node["name"]?.string)
        tokens = try Golden.strings(node["tokens"])
        digest = try #require(node["digest"]?.string)
    }

    static let count = 8

    static func load(_ index: Int) throws -> GoldenSetting {
        let settings = try #require(try Golden.document()["settings"]?.array)
        #expect(settings.count == count)
        return try GoldenSetting(settings[index])
    }
}

/// The generator of the script (SplitMix64), step for step.
struct SplitMix {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func below(_ bound: Int) -> Int {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return Int((z ^ z >> 31) % UInt64(bound))
    }

    /// A text of scalars out of the ranges, as `random_text` of the script makes it.
    mutating func text(from ranges: [ClosedRange<Int>]) -> [UInt8] {
        var text = String.UnicodeScalarView()
        for _ in 0..<below(25) {
            let range = ranges[below(ranges.count)]
            let scalar = Unicode.Scalar(UInt32(range.lowerBound + below(range.count)))
            let times = below(16) == 0 ? 30 : 1
            if let scalar { text.append(contentsOf: repeatElement(scalar, count: times)) }
            if below(6) == 0 { text.append(" ") }
        }
        return Array(String(text).utf8)
    }
}

/// FNV-1a over 32-bit words, as `digest` of the script.
struct Digest {
    private var value: UInt64 = 0xCBF2_9CE4_8422_2325

    private mutating func add(_ word: UInt32) { value = (value ^ UInt64(word)) &* 0x100_0000_01B3 }

    mutating func add(_ buffer: TokenBuffer) {
        add(UInt32(buffer.count))
        for i in 0..<buffer.count {
            add(buffer.ids[i])
            add(buffer.starts[i])
            add(buffer.ends[i])
        }
    }

    var text: String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

extension TokenBuffer {
    /// As the golden file writes tokens.
    var written: String {
        (0..<count).map { "\(ids[$0]):\(starts[$0]):\(ends[$0])" }.joined(separator: " ")
    }
}

@Suite struct GoldenTests {
    @Test(arguments: 0..<GoldenSetting.count)
    func texts(_ index: Int) throws {
        let setting = try GoldenSetting.load(index)
        var buffer = TokenBuffer()
        for (text, expected) in zip(
            try Golden.strings(try Golden.document()["texts"]), setting.tokens)
        {
            _ = try setting.model.tokenize(text, into: &buffer)
            #expect(
                buffer.written == String(decoding: expected, as: UTF8.self),
                "\(setting.name): \(String(decoding: text, as: UTF8.self)): \(Golden.script)")
        }
    }

    @Test(arguments: 0..<GoldenSetting.count)
    func randomTexts(_ index: Int) throws {
        let setting = try GoldenSetting.load(index)
        let random = try #require(try Golden.document()["random"])
        let ranges = try #require(random["ranges"]?.array).map { pair in
            let ends = try #require(pair.array).map { try #require($0.int) }
            return ends[0]...ends[1]
        }
        var generator = SplitMix(seed: UInt64(try #require(random["seed"]?.int)))
        var digest = Digest()
        var buffer = TokenBuffer()
        for _ in 0..<(try #require(random["count"]?.int)) {
            _ = try setting.model.tokenize(generator.text(from: ranges), into: &buffer)
            digest.add(buffer)
        }
        #expect(digest.text == setting.digest, "\(setting.name): \(Golden.script)")
    }

    @Test(
        arguments: [("text", SpecialTokenReading.text), ("token", .token)],
        ["added", "blank", "mpnet"])
    func addedTokens(_ how: (key: String, reading: SpecialTokenReading), _ name: String) throws {
        let key = how.key
        let model = try WordPiece(
            tokenizerJSON: Golden.file(name + ".tokenizer.json"), specialTokens: how.reading)
        let cases = try #require(try Golden.document()[name])
        var buffer = TokenBuffer()
        for (text, expected) in zip(
            try Golden.strings(cases["texts"]), try Golden.strings(cases[key]))
        {
            _ = try model.tokenize(text, into: &buffer)
            #expect(
                buffer.written == String(decoding: expected, as: UTF8.self),
                "\(String(decoding: text, as: UTF8.self)): \(Golden.script)")
        }
    }

    @Test func specialTokensOfMPNet() throws {
        let json = try WordPiece(tokenizerJSON: Golden.file("mpnet.tokenizer.json"))
        var words: [UInt8] = []
        for id in 0..<json.vocabularyCount { words += json.piece(UInt32(id)) + [0x0A] }
        let settings = try TokenizerSettings(
            tokenizerConfig: Array(#"{"tokenizer_class": "MPNetTokenizer"}"#.utf8))
        for model in [json, try WordPiece(vocabularyText: words, settings: settings)] {
            #expect(model.classification == 0 && model.padding == 1 && model.separator == 2)
            #expect(model.mask == UInt32(model.vocabularyCount - 1))
            #expect(model.piece(model.unknown) == Array("[UNK]".utf8))
        }
    }
}

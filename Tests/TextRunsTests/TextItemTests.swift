// Lines out of bytes, texts out of lines, and what is carried beside them.

import Syscalls
import TestSupport
import Testing
import TextflixProtocol

@testable import TextRuns

@Suite struct LineSplitterTests {
    private static let sample = "one\ntwo\r\n\nfour\u{85}\u{2028}still four\r\r\nlast"
    private static let expected = [
        "one", "two", "", "four\u{85}\u{2028}still four\r", "last",
    ]

    private func lines(_ pieces: [[UInt8]], limit: Int = 1000) -> [LineSplitter.Line] {
        var splitter = LineSplitter(limit: limit)
        var lines: [LineSplitter.Line] = []
        for piece in pieces {
            splitter.append(piece)
            while let line = splitter.next() { lines.append(line) }
        }
        if let line = splitter.finish() { lines.append(line) }
        return lines
    }

    @Test func everySplitGivesTheSameLines() {
        let bytes = Array(Self.sample.utf8)
        for first in 0...bytes.count {
            for second in first...bytes.count {
                let got = lines([
                    Array(bytes[..<first]), Array(bytes[first..<second]), Array(bytes[second...]),
                ])
                #expect(
                    got.map { String(decoding: $0.bytes ?? [], as: UTF8.self) } == Self.expected)
                #expect(got.map(\.number) == [1, 2, 3, 4, 5])
            }
        }
    }

    @Test func aFinalLineEndMakesNoLine() {
        #expect(lines([Array("a\n".utf8)]).count == 1)
        #expect(lines([Array("\n\n".utf8)]).count == 2)
        #expect(lines([[]]).isEmpty)
    }

    @Test(arguments: [1, 3, 7, 100])
    func aLineThatIsTooLongIsOneBadLine(pieceBytes: Int) {
        let bytes = Array("ab\n\(String(repeating: "x", count: 50))\ncd\n".utf8)
        let pieces = stride(from: 0, to: bytes.count, by: pieceBytes).map {
            Array(bytes[$0..<min($0 + pieceBytes, bytes.count)])
        }
        let got = lines(pieces, limit: 10)
        #expect(got.map(\.number) == [1, 2, 3])
        #expect(got.map { $0.bytes == nil } == [false, true, false])
    }
}

@Suite struct TextItemTests {
    private func object(_ line: String, field: String = "text") throws(BadLine) -> TextItem {
        try TextItem(object: 7, Array(line.utf8), fields: ObjectFields(text: field))
    }

    @Test func fieldsAreCarriedAsTheyWereWritten() throws {
        let item = try object(
            #"{ "rating" : 7.50, "id":"\u0030", "text":"a \"b\"", "x": {"y": [1,  2]}, "n":null }"#
        )
        #expect(item.text == "a \"b\"")
        #expect(item.identity == Array(#""\u0030""#.utf8))
        #expect(
            item.carried.map { String(decoding: $0.name, as: UTF8.self) } == ["rating", "x", "n"])
        #expect(
            item.carried.map { String(decoding: $0.json, as: UTF8.self) }
                == ["7.50", #"{"y": [1,  2]}"#, "null"])
        #expect(item.givenLabel == nil)
    }

    @Test func anIdentityForEyesHasNoQuotes() throws {
        for (written, plain) in [
            (#""\u0030a""#, "0a"), ("12", "12"), ("null", "null"), (#"{"a": 1}"#, #"{"a": 1}"#),
        ] {
            let item = try object(#"{"id":\#(written),"text":""}"#)
            #expect(item.plainIdentity == Array(plain.utf8))
        }
    }

    @Test func anotherTextFieldAndNoId() throws {
        let item = try object(#"{"body":"hello","text":3}"#, field: "body")
        #expect(item.text == "hello")
        #expect(item.identity == Array("7".utf8))
        #expect(item.carried.count == 1)
    }

    @Test func ourNamesAreNotTakenAway() throws {
        let item = try object(#"{"text":"t","label":"positive","input_label":1,"scores":{}}"#)
        #expect(
            item.carried.map { String(decoding: $0.name, as: UTF8.self) }
                == ["input_input_label", "input_label", "input_scores"])
        #expect(item.givenLabel == "positive")
    }

    @Test func aFieldIsFoundByItsNameInTheFile() throws {
        let item = try object(#"{"text":"t","label":"positive","input_label":"x","id":7}"#)
        #expect(item.field("label") == "positive" && item.field("input_label") == "x")
        #expect(item.field("id") == "7" && item.field("input_input_label") == nil)
        #expect(try object(#"{"text":"t"}"#).field("id") == nil)
    }

    @Test(arguments: [
        (#"{"id":1}"#, "no field \"text\""),
        (#"{"text":null}"#, "field \"text\" is null, not a string"),
        (#"["text"]"#, "an array, not an object"),
        (#"{"text":"x""#, "column 12: expected ',' or '}'"),
        (#"{"text":"x","text":"y"}"#, "column 13: the key \"text\" stands twice"),
    ])
    func badLinesSayWhy(line: String, reason: String) {
        #expect(throws: BadLine(number: 7, reason: reason)) { try object(line) }
    }

    @Test func invalidUTF8IsNamedByItsByte() {
        let broken: [UInt8] = [0x61, 0x62, 0xC3, 0x28]
        let reason = BadLine(number: 3, reason: "invalid UTF-8 at byte 2")
        #expect(throws: reason) { try TextItem(line: 3, broken) }
        #expect(throws: reason) {
            try TextItem(object: 3, broken, fields: ObjectFields(text: "text"))
        }
    }
}

@Suite struct SurveyTests {
    private let folder: TemporaryFolder
    private var path: String { folder("f") }

    init() throws { folder = try TemporaryFolder("survey") }

    private func numbers(_ bytes: [UInt8]) throws -> [Int] {
        try writeFileAtomically(path, bytes: bytes)
        var numbers: [Int] = []
        try TextInput.survey(path, .objects(ObjectFields())) { numbers.append($0.number) }
        return numbers
    }

    @Test func allTextsAreLookedAt() throws {
        let lines = [#"{"text":"a"}"#, "", "no object", #"{"text":"b"}"#]
        #expect(try numbers(Array(lines.joined(separator: "\n").utf8)) == [1, 4])
        #expect(try numbers([]) == [])
    }

    @Test func whatIsPackedIsNoText() throws {
        let failure = #expect(throws: Failure.self) { try numbers([0x1F, 0x8B, 0x08, 0x00]) }
        #expect(failure?.status == .data && failure?.message.contains("zcat") == true)
    }

    @Test func aPipeIsReadOnce() throws {
        try writeFileAtomically(path, bytes: [])
        #expect(TextInput.canBeReadTwice(path) && TextInput.canBeReadTwice(path + "/none"))
        #expect(!TextInput.canBeReadTwice("-") && !TextInput.canBeReadTwice("/dev/null"))
    }
}

@Suite struct FlowWindowTests {
    @Test func itGrowsWhileAnswersComeSoonAndShrinksWhenLate() {
        var window = FlowWindow()
        for _ in 0..<40 {
            window.answered(window.texts, after: .milliseconds(5), attempts: 1)
        }
        #expect(window.texts == FlowWindow.mostTexts)
        #expect(window.group == FlowWindow.mostTextsAtOnce)
        window.refused()
        #expect(window.texts == FlowWindow.mostTexts / 2)
        for _ in 0..<60 {
            window.answered(window.texts, after: .seconds(10), attempts: 1)
        }
        #expect(window.texts == 2)
        #expect(window.group == 1)
    }

    @Test func oneTextIsAlwaysAllowed() {
        let window = FlowWindow()
        #expect(window.hasRoom(texts: 0, bytes: 100 << 20))
        #expect(!window.hasRoom(texts: 1, bytes: 100 << 20))
        #expect(!window.hasRoom(texts: window.texts, bytes: 0))
    }
}

// Answers that are kept in a file: found again for the same text, refused for another model.

import Syscalls
import TestSupport
import Testing
import TextflixProtocol

@testable import TextRuns

@Suite struct AnswerJournalTests {
    private let folder: TemporaryFolder
    private var path: String { folder("kept") }
    private let key = JournalKey(question: "classify", model: "m", revision: "1", options: "")
    private let answer = Classification(
        label: "positive", probability: 0.75,
        scores: [
            Score(label: "negative", probability: 0.25),
            Score(label: "positive", probability: 0.75),
        ], tokens: 7, truncated: true, abstained: true, labelSet: ["negative", "positive"])

    init() throws { folder = try TemporaryFolder("journal") }

    private func item(_ number: Int, _ text: String) -> TextItem {
        TextItem(number: number, text: Text(text))
    }

    private func journal() throws -> AnswerJournal<Classification> {
        try AnswerJournal(path, key: key)
    }

    @Test func aSecondRunKnowsThem() throws {
        try journal().keep(answer, of: item(3, "text"))
        let again = try journal()
        #expect(again.known(item(3, "text")) == answer)
        #expect(again.known(item(3, "another text")) == nil)
        #expect(again.known(item(4, "text")) == answer, "wherever it stands")
        #expect(try FileStatus(path: path).mode == 0o600)
    }

    @Test func whatIsKnownIsNotWrittenTwice() throws {
        try journal().keep(answer, of: item(1, "text"))
        let size = try FileStatus(path: path).size
        try journal().keep(answer, of: item(1, "text"))
        #expect(try FileStatus(path: path).size == size)
    }

    @Test func aLineThatWasCutShortIsDropped() throws {
        try journal().keep(answer, of: item(1, "one"))
        let whole = try readFile(path, limit: 1 << 20)
        try writeFileAtomically(path, bytes: whole + Array(#"{"text":"2f0"#.utf8))
        do {
            let again = try journal()
            #expect(again.known(item(1, "one")) == answer)
            try again.keep(answer, of: item(2, "two"))
        }
        #expect(try journal().known(item(2, "two")) == answer)
    }

    /// A run that was killed at once is begun anew.
    @Test func aFirstLineThatWasCutShortIsNone() throws {
        #expect(try journal().count == 0)
        let header = try readFile(path, limit: 1 << 20)
        for length in 0..<header.count {
            try writeFileAtomically(path, bytes: Array(header.prefix(length)))
            try journal().keep(answer, of: item(1, "one"))
            #expect(try journal().known(item(1, "one")) == answer, "\(length) bytes")
            #expect(try readFile(path, limit: 1 << 20).starts(with: header))
        }
    }

    @Test func twoRunsDoNotShareAFile() throws {
        let first = try journal()
        let failure = #expect(throws: Failure.self) { try journal() }
        #expect(failure?.status == .tryAgain)
        try first.keep(answer, of: item(1, "one"))
    }

    @Test func anotherModelsAnswersAreRefused() throws {
        try journal().keep(answer, of: item(1, "one"))
        var other = key
        other.revision = "2"
        #expect(throws: Failure.self) { try AnswerJournal<Classification>(path, key: other) }
        try writeFileAtomically(path, bytes: Array("something else\n".utf8))
        #expect(throws: Failure.self) { try journal() }
        #expect(try readFile(path, limit: 100) == Array("something else\n".utf8))
    }
}

// The text of an explanation between the words that are weighed, and what is asked for it.

import CommandLineTable
import Presentation
import Testing
import TextflixProtocol

@testable import TextRuns
@testable import textflixctl

@Suite struct ExplanationTests {
    @Test func anySpacePartsTheWordsOfARunningText() {
        let text = "good\u{A0}film\u{A0}. \u{A0}Yes"
        let places: [(UInt32, UInt32)] = [(0, 4), (6, 10), (16, 19)]
        let page = ExplanationLines(
            explained: Explained(
                response: ExplainResponse(
                    classification: Classification(label: "positive"),
                    features: places.map { Feature(start: $0.0, end: $0.1) })),
            item: TextItem(number: 1, text: Text(utf8: Array(text.utf8))), unit: .word,
            screen: plainScreen, inks: LabelInk())
        #expect(page.lines.contains("  good film . Yes"))
    }

    /// What was cut for the label must be cut for its explanation.
    @Test func aComparisonExplainsWhatWasRead() throws {
        let line = ["compare", "--models", "a,b", "--jsonl", "f", "--truncation", "head"]
        guard case .run(let call) = try Program.textflixctl.parse(line) else {
            Issue.record("a page of help")
            return
        }
        let text = Text(utf8: Array("long".utf8))
        let request = CompareCommand.request(text, "a", label: "x", call)
        #expect(request.truncation == .head && request.priority == .bulk)
        #expect(request.model == "a" && request.label == "x" && request.text == text)
    }
}

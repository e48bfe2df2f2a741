// What each command writes for an answer, letter by letter.

import Insight
import JSONText
import Presentation
import Testing
import TextflixProtocol

@testable import TextRuns
@testable import textflixctl

private let answer = Classification(
    label: "positive", probability: 0.9716,
    scores: [
        Score(label: "negative", probability: 0.0284),
        Score(label: "positive", probability: 0.9716),
    ],
    tokens: 231, truncated: false)

private func shown<Task: TextTask>(_ task: Task, _ answer: Task.Answer, _ item: TextItem) -> String
{
    var task = task
    var lines: [UInt8] = []
    try? task.show(answer, of: item, to: &lines)
    return String(decoding: lines, as: UTF8.self)
}

@Suite struct ClassifyTaskTests {
    private let item = TextItem(number: 7, text: "A fun\tmovie,\nreally.")

    @Test func jsonLines() throws {
        let task = ClassifyTask(format: .jsonl, screen: plainScreen)
        #expect(
            shown(task, answer, item) == """
                {"id":7,"label":"positive","probability":0.9716,\
                "scores":{"negative":0.0284,"positive":0.9716},"tokens":231,"truncated":false}

                """)
        var long = answer
        long.truncated = true
        long.tokensTotal = 900
        long.abstained = true
        let line = #"{"id":"x","text":"t","rating":[1, 2]}"#
        let carrying = try TextItem(object: 1, Array(line.utf8), fields: ObjectFields(text: "text"))
        #expect(
            shown(task, long, carrying) == """
                {"id":"x","label":"positive","probability":0.9716,\
                "scores":{"negative":0.0284,"positive":0.9716},"tokens":231,"truncated":true,\
                "tokens_total":900,"abstained":true,"rating":[1, 2]}

                """)
    }

    /// What the model promises to be among is told, in JSON and, where it is more than the label
    /// that won, in the table.
    @Test func labelSets() {
        let task = ClassifyTask(format: .jsonl, screen: plainScreen)
        var sure = answer
        sure.labelSet = ["positive"]
        #expect(
            shown(task, sure, item).hasSuffix(
                #""truncated":false,"label_set":["positive"]}"# + "\n"))
        var unsure = answer
        unsure.labelSet = ["negative", "positive"]
        unsure.abstained = true
        #expect(
            shown(task, unsure, item).hasSuffix(
                #""abstained":true,"label_set":["negative","positive"]}"# + "\n"))
        let table = ClassifyTask(format: .table, screen: plainScreen)
        #expect(shown(table, sure, item) == shown(table, answer, item))
        #expect(
            shown(table, unsure, item)
                == "positive? 97.1 % █████████▊  A fun movie, rea… [or negative]\n")
    }

    /// Whatever of ours a field of the input is called, it is written under a name of its own.
    @Test func noKeyStandsTwice() throws {
        let task = ClassifyTask(format: .jsonl, screen: plainScreen)
        var full = answer
        full.truncated = true
        full.tokensTotal = 900
        full.abstained = true
        full.labelSet = ["positive"]
        func names(_ item: TextItem) throws -> [String] {
            let object = try JSONDocument.parse(Array(shown(task, full, item).utf8)).object
            return (object ?? []).map(\.nameText)
        }
        let own = try names(item)
        #expect(own.contains("label_set"))
        let fields = [#""text":"t""#] + own.map { "\"\($0)\":1" }
        let line = "{\(fields.joined(separator: ","))}"
        let all = try names(
            TextItem(object: 1, Array(line.utf8), fields: ObjectFields(text: "text")))
        #expect(all == own + own.dropFirst().map { "input_\($0)" })
    }

    @Test func labelSetsAreCounted() {
        var figures = LabelSetFigures()
        figures.record([], truth: "a")
        #expect(figures.isEmpty)
        for (set, truth) in [(["a"], "a"), (["a", "b"], "b"), (["a"], "b"), (["b"], "b")] {
            figures.record(set, truth: truth)
        }
        #expect(figures.coverage.value == 0.75 && figures.meanSize == 1.25)
        #expect(figures.coverage.low < 0.75 && figures.coverage.high > 0.75)
    }

    @Test func tabsAndLineEndsAreEscaped() {
        let task = ClassifyTask(format: .tsv, screen: plainScreen)
        #expect(shown(task, answer, item) == "7\tpositive\t0.9716\tA fun\\tmovie,\\nreally.\n")
    }

    @Test func controlsAreShownOnATerminalAndKeptInAPipe() {
        let hostile = TextItem(number: 7, text: "a\u{1B}[2Jb\r\u{9B}c\u{202E}")
        let screen = Screen(isTerminal: true, isColoured: false)
        #expect(
            shown(ClassifyTask(format: .tsv, screen: screen), answer, hostile)
                == "7\tpositive\t0.9716\ta\\x1b[2Jb\\r\\x9bc\\u{202e}\n")
        #expect(
            shown(ClassifyTask(format: .tsv, screen: plainScreen), answer, hostile)
                == "7\tpositive\t0.9716\ta\u{1B}[2Jb\\r\u{9B}c\u{202E}\n")
    }

    @Test func theTable() {
        var task = ClassifyTask(format: .table, screen: plainScreen)
        #expect(shown(task, answer, item) == "positive  97.1 % █████████▊  A fun movie, really.\n")
        task.isNumbered = true
        var long = answer
        long.truncated = true
        long.tokensTotal = 900
        #expect(
            shown(task, long, item)
                == "   7  positive  97.1 % █████████▊  A fun movie, re… [231 of 900 tokens]\n")
    }

    @Test func certaintyIsNotRoundedUp() {
        #expect(certaintyText(0.99999) == "99.9 %")
        #expect(certaintyText(1) == "100.0 %")
    }

    @Test func agreement() throws {
        let task = ClassifyTask(format: .jsonl, screen: plainScreen)
        func item(_ label: String) throws -> TextItem {
            try TextItem(
                object: 1, Array(#"{"text":"t","label":"\#(label)"}"#.utf8),
                fields: ObjectFields(text: "text"))
        }
        #expect(try task.agrees(answer, with: item("positive")) == true)
        #expect(try task.agrees(answer, with: item("negative")) == false)
        #expect(try task.agrees(answer, with: item("other")) == nil)
    }
}

@Suite struct OtherTaskTests {
    private let item = TextItem(number: 1, text: "Ada met Bob.")

    @Test func tags() {
        let spans = [
            Tags.Span(start: 0, end: 3, text: "Ada", label: "PER", probability: 0.5),
            Tags.Span(start: 8, end: 11, text: "Bob", label: "PER", probability: 0.25),
        ]
        let tags = Tags(spans: spans, tokens: 6)
        #expect(
            shown(TagTask(format: .table, screen: plainScreen), tags, item)
                == "Ada[PER] met Bob[PER].\n")
        #expect(
            shown(TagTask(format: .tsv, screen: plainScreen), tags, item)
                == "1\t0\t3\tPER\t0.5\tAda\n1\t8\t11\tPER\t0.25\tBob\n")
        #expect(
            shown(TagTask(format: .jsonl, screen: plainScreen), Tags(spans: [spans[0]]), item)
                == """
                {"id":1,"spans":[{"start":0,"end":3,"text":"Ada","label":"PER","probability":0.5}],\
                "tokens":0,"truncated":false}

                """)
    }

    @Test func spansThatLieAreLeftOut() {
        let tags = Tags(spans: [
            Tags.Span(start: 8, end: 99, label: "X"), Tags.Span(start: 3, end: 1, label: "X"),
        ])
        #expect(
            shown(TagTask(format: .table, screen: plainScreen), tags, item) == "Ada met Bob.\n")
    }

    @Test func tokens() {
        let tokens = Tokens(ids: [101, 8000, 102], starts: [0, 0, 12], ends: [0, 3, 12])
        func text(_ format: TokenFormat) -> String {
            shown(TokenizeTask(format: format, screen: plainScreen), tokens, item)
        }
        #expect(text(.ids) == "101 8000 102\n")
        #expect(text(.table) == "∅·101  Ada·8000  ∅·102\n")
        #expect(text(.tsv) == "1\t101\t0\t0\t\n1\t8000\t0\t3\tAda\n1\t102\t12\t12\t\n")
        #expect(
            text(.jsonl)
                == "{\"id\":1,\"ids\":[101,8000,102],\"starts\":[0,0,12],\"ends\":[0,3,12]}\n")
    }

    @Test func vectors() {
        let vector = Embedding(values: [0.6, -0.8], tokens: 5)
        #expect(
            shown(EmbedTask(format: .table, screen: plainScreen), vector, item)
                == "2 dimensions, length 1.00  [ 0.600 -0.800]  Ada met Bob.\n")
        #expect(
            shown(EmbedTask(format: .tsv, screen: plainScreen), vector, item) == "1\t0.6\t-0.8\n")
    }
}

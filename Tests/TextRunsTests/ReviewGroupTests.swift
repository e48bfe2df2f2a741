// Reviews of one film: equal texts count once, equal sentences are one line.

import Testing
import TextflixProtocol

@testable import TextRuns

@Suite struct ReviewGroupTests {
    /// A review of one sentence that supports its label.
    private func add(
        _ text: String, weight: Float, probability: Float, _ number: Int,
        to group: inout ReviewGroup
    ) {
        let classification = Classification(
            label: "positive", probability: probability,
            scores: [Score(label: "positive", probability: probability)])
        let feature = Feature(start: 0, end: UInt32(text.utf8.count), weight: weight)
        group.add(
            TextItem(number: number, text: Text(text)),
            Explained(
                response: ExplainResponse(classification: classification, features: [feature])))
    }

    @Test func whatHasNoLettersIsItself() {
        var group = ReviewGroup(name: "tt1", title: nil)
        for (number, text) in ["★★★★★", "👍👍", "!!!", "!!! "].enumerated() {
            add(text, weight: 0.3, probability: 0.8, number, to: &group)
        }
        #expect(group.lines(of: "positive").map(\.reviews).sorted() == [1, 1, 2])
    }

    @Test func verdictsThatDifferAreLinesOfTheirOwn() {
        var group = ReviewGroup(name: "tt1", title: nil)
        let verdicts = [
            "Grade: B+", "Grade: B-", "Grade: B", "Final score: 8.5", "Final score: 85",
            "I give it 3 1/2 of 5", "I give it 31/2 of 5", "A masterpiece!", "A masterpiece?",
        ]
        for (number, text) in verdicts.enumerated() {
            add(text, weight: 0.3, probability: 0.8, number, to: &group)
        }
        #expect(group.lines(of: "positive").count == verdicts.count)
    }

    /// What speaks against the label least still was read.
    @Test func whatWasNotReadSaysNothing() {
        var group = ReviewGroup(name: "tt1", title: nil)
        let classification = Classification(
            label: "positive", probability: 0.6,
            scores: [Score(label: "positive", probability: 0.6)],
            truncated: true)
        let features = [
            Feature(start: 0, end: 4, weight: -0.1), Feature(start: 5, end: 9, weight: 0),
        ]
        group.add(
            TextItem(number: 1, text: Text("Dull Else")),
            Explained(response: ExplainResponse(classification: classification, features: features))
        )
        #expect(group.lines(of: "positive").map(\.text) == [Array("Dull".utf8)])
    }

    @Test func equalSentencesAreOneLine() {
        var group = ReviewGroup(name: "tt1", title: nil)
        add("So good!", weight: 0.3, probability: 0.8, 1, to: &group)
        add("so good", weight: 0.4, probability: 0.7, 2, to: &group)
        add("So, good.", weight: 0.1, probability: 0.9, 3, to: &group)
        add("Fine.", weight: 0.2, probability: 0.6, 4, to: &group)
        add("Fine.", weight: 0.2, probability: 0.6, 5, to: &group)
        #expect(group.reviewCount == 4 && group.duplicates == 1)
        let lines = group.lines(of: "positive")
        #expect(lines.map(\.reviews) == [3, 1])
        // The strongest one's words, and the surest one's probability.
        #expect(lines[0].text == Array("so good".utf8) && lines[0].identity == Array("2".utf8))
        #expect(lines[0].weight == Double(Float(0.4)) && lines[0].probability == 0.9)
        #expect(group.share(of: "positive") == 1 && group.lines(of: "negative").isEmpty)
    }
}

// What a reader is told before trusting an explanation, and what of a text was not read.

import Testing
import TextflixProtocol

@testable import TextRuns

@Suite struct ExplainedTests {
    private func explained(
        _ weights: [Float], fidelity: Float, truncated: Bool = false
    ) -> Explained {
        let features = weights.enumerated().map { index, weight in
            Feature(start: UInt32(2 * index), end: UInt32(2 * index + 1), weight: weight)
        }
        return Explained(
            response: ExplainResponse(
                classification: Classification(label: "positive", truncated: truncated),
                features: features, fidelityR2: fidelity, evaluations: 1))
    }

    @Test func aPoorAccountIsSaidToBeOne() {
        #expect(explained([0.3, 0.1], fidelity: 0.9).caution(of: .word) == nil)
        let poor = explained([0.3, 0.1], fidelity: 0.11).caution(of: .word)
        #expect(poor?.hasPrefix("R² 0.11: the parts hardly add up") == true)
        let single = explained([0.3], fidelity: 1)
        #expect(single.caution(of: .sentence)?.contains("--unit word") == true)
        #expect(single.caution(of: .word) == nil)
    }

    /// As many scores as weights: they always add up.
    @Test func leaveOneOutHasNoFidelity() {
        var answer = explained([0.3, 0.1], fidelity: 1)
        #expect(answer.fidelity == 1)
        answer.response.method = .leaveOneOut
        #expect(answer.fidelity == nil && answer.caution(of: .word) == nil)
    }

    @Test(arguments: [(0.9, "90.0 %"), (0.99999, "99.9 %"), (1, "100.0 %"), (0, "0.0 %")])
    func certaintyIsCutAndNotRounded(_ probability: Float, _ text: String) {
        #expect(certaintyText(Double(probability)) == text)
    }

    @Test func whatMovesNothingOfACutTextWasNotRead() {
        for truncated in [true, false] {
            let answer = explained([0.3, 0], fidelity: 1, truncated: truncated)
            let parts = answer.parts(of: Array("a b".utf8))
            #expect(parts.map(answer.isUnread) == [false, truncated])
        }
        #expect(explained([], fidelity: 1).evaluationsText == "1 evaluation")
    }
}

// Which of two pairs (C, β) cross-validation takes.

import Testing
import Training

@Suite struct BaselineTrialTests {
    private func trial(_ margins: [Double]) -> BaselineTrial {
        BaselineTrial(
            cost: 1, interpolation: 1, margins: margins, positive: [false, false, false, true])
    }

    /// It answers the label that three of the four texts have, the other is right twice.
    @Test func aFitThatDivergedLosesWhateverItAnswers() {
        let diverged = trial([.nan, .nan, .nan, .nan])
        let converged = trial([2, 2, -0.1, 0.5])
        #expect(converged.isBetter(than: diverged) && !diverged.isBetter(than: converged))
        #expect(!diverged.isBetter(than: diverged))
    }

    @Test func theMoreAccurateOneWins() {
        let right = trial([-1, -1, -1, 1])
        let wrong = trial([2, 2, -0.1, 0.5])
        #expect(right.isBetter(than: wrong) && !wrong.isBetter(than: right))
    }
}

// Figures of an evaluation: the same numbers as the functions they stand for, and intervals that
// depend on the seed alone.

import Randomness
import Testing

@testable import Insight

@Suite struct EvaluationTests {
    /// A classifier that is right as often as it says.
    private func predictions(_ count: Int, seed: UInt64) -> [Prediction] {
        var random = RandomSource(seed: seed)
        return (0..<count).map { _ in
            let p = 0.5 + random.unit() / 2
            let given = random.below(2)
            let truth = random.unit() < p ? given : 1 - given
            return Prediction(probabilities: given == 0 ? [p, 1 - p] : [1 - p, p], truth: truth)
        }
    }

    @Test func figuresAreThoseOfTheirFunctions() {
        let predictions = predictions(500, seed: 3)
        let evaluation = Evaluation(predictions, labelCount: 2, resamples: 10)
        let ece = Calibration.expectedError(of: Calibration.bins(predictions))
        let area = SelectiveAnswers.areaUnderRiskCoverage(predictions)
        #expect(abs(evaluation.calibrationError.value - ece) < 1e-12)
        #expect(abs(evaluation.brier.value - Calibration.brier(predictions)) < 1e-12)
        #expect(abs(evaluation.riskCoverage.value - area) < 1e-12)
        #expect(
            abs(evaluation.balancedAccuracy.value - evaluation.confusion.balancedAccuracy) < 1e-12)
        #expect(evaluation.accuracy.value == evaluation.confusion.accuracy)
    }

    @Test func intervalsHoldTheirValueAndTheSeed() {
        let predictions = predictions(400, seed: 5)
        let first = Evaluation(predictions, labelCount: 2, resamples: 200, seed: 1)
        let again = Evaluation(predictions, labelCount: 2, resamples: 200, seed: 1)
        let other = Evaluation(predictions, labelCount: 2, resamples: 200, seed: 2)
        #expect(first.brier == again.brier)
        #expect(first.brier != other.brier)
        for estimate in [first.balancedAccuracy, first.brier, first.riskCoverage] {
            #expect(estimate.low < estimate.value && estimate.value < estimate.high)
        }
    }

    /// 95 of 100 intervals hold the truth; of 60 files fewer than 50 would be a fault of chance
    /// once in ten thousand (binomial).
    @Test func intervalsCoverTheTruth() {
        let truth = Evaluation(predictions(100_000, seed: 99), labelCount: 2, resamples: 0)
        let held = (0..<60).filter { seed in
            let brier = Evaluation(
                predictions(300, seed: UInt64(seed)), labelCount: 2, resamples: 200
            ).brier
            return brier.low <= truth.brier.value && truth.brier.value <= brier.high
        }
        #expect(held.count >= 50)
    }

    @Test func oneTextIsEnough() {
        let evaluation = Evaluation(
            [Prediction(probabilities: [0.9, 0.1], truth: 0)], labelCount: 2)
        #expect(evaluation.accuracy.value == 1)
        #expect(evaluation.brier.low == evaluation.brier.high)
    }

    @Test func pairedDifferences() {
        var paired = PairedComparison()
        for index in 0..<100 {
            paired.record(firstIsRight: index % 2 == 0, secondIsRight: index % 4 != 3)
        }
        // Right alone: the second on 1, 5, 9, …: 25 texts, the first never.
        #expect(paired.onlySecond == 25 && paired.onlyFirst == 0)
        #expect(paired.total == 100)
        let difference = paired.difference(seed: 4)
        #expect(difference.value == 0.25)
        #expect(difference.low > 0.1 && difference.high < 0.4)
        #expect(paired.p < 1e-6)
    }
}

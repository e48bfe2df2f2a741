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
        #expect(abs(evaluation.calibrationError.value - ece) < 1e-12)
        #expect(abs(evaluation.brier.value - Calibration.brier(predictions)) < 1e-12)
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
        #expect(abs(evaluation.logLoss.value - 0.10536051565782628) < 1e-12)
        // Wilson's of one right answer of one: resampling a single text changes nothing.
        #expect(evaluation.balancedAccuracy == evaluation.accuracy)
    }

    /// However the file is sorted: with one confidence for all, the mean of all orders counts.
    @Test(arguments: [[true, false], [true, true], [false, true]])
    func equalConfidencesHaveNoOrder(_ halves: [Bool]) {
        let predictions = (0..<200).map { place in
            let isFirst = halves == [true, true] ? place % 2 == 0 : (place < 100) == halves[0]
            return Prediction(probabilities: [0.586, 0.414], truth: isFirst ? 0 : 1)
        }
        let evaluation = Evaluation(predictions, labelCount: 2, resamples: 100)
        #expect(abs(evaluation.riskCoverage.value - 0.5) < 1e-12)
        #expect(abs(evaluation.equalMassError - 0.086) < 1e-12)
    }

    @Test func pairedDifferences() {
        var paired = PairedComparison()
        for index in 0..<100 {
            paired.record(firstIsRight: index % 2 == 0, secondIsRight: index % 4 != 3)
        }
        // Right alone: the second on 1, 5, 9, …: 25 texts, the first never.
        #expect(paired.onlySecond == 25 && paired.onlyFirst == 0)
        #expect(paired.total == 100)
        let difference = paired.difference
        #expect(difference.value == 0.25)
        #expect(difference.low > 0.1 && difference.high < 0.4)
        #expect(paired.p.exact < 1e-6 && paired.p.mid < paired.p.exact)
    }

    /// Newcombe (1998), table III, method 10: 0.0569 to 0.3404; and where nothing differs.
    @Test func differencesHaveNewcombesInterval() {
        func difference(_ both: Int, _ first: Int, _ second: Int, _ none: Int) -> Estimate {
            var paired = PairedComparison()
            for (count, rights) in [
                (both, (true, true)), (first, (true, false)), (second, (false, true)),
                (none, (false, false)),
            ] {
                for _ in 0..<count {
                    paired.record(firstIsRight: rights.0, secondIsRight: rights.1)
                }
            }
            return paired.difference
        }
        let published = difference(36, 2, 12, 0)
        #expect(abs(published.low - 0.0569) < 5e-5 && abs(published.high - 0.3404) < 5e-5)
        let same = difference(5, 0, 0, 0)
        #expect(same.value == 0 && same.low < -0.43 && same.high > 0.43)
    }
}

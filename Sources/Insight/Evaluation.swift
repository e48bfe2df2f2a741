// A labelled file's predictions as figures of quality, each with an interval.
//
// Accuracy has Wilson's interval, balanced accuracy that of the recalls' Wilson intervals; what is
// no share of texts has a bootstrap percentile interval (Efron 1979): the texts are drawn anew with
// replacement, so often, from a seed. Every such figure is a sum over texts in the order of falling
// confidence, so a resample is the same walk with other multiplicities. Where confidences tie, each
// text counts by the mean of its group: the file's order changes nothing.
//
// It does not read texts and knows no label's name.

internal import Randomness

/// A figure and where it would lie in 95 of 100 files of this kind.
package struct Estimate: Sendable, Equatable {
    package let value: Double
    package let low: Double
    package let high: Double

    package init(value: Double, low: Double, high: Double) {
        self.value = value
        self.low = low
        self.high = high
    }
}

package struct Evaluation: Sendable {
    package let confusion: Confusion
    package let accuracy: Estimate
    package let balancedAccuracy: Estimate
    package let calibrationError: Estimate
    /// Over bins of equal mass; it has no interval of its own.
    package let equalMassError: Double
    package let brier: Estimate
    /// The mean of -log p(truth), in nats.
    package let logLoss: Estimate
    /// The mean error over all shares of texts that could be answered, surest first.
    package let riskCoverage: Estimate
    package let points: [SelectiveAnswers.Point]
    /// Bins of equal width.
    package let bins: [Calibration.Bin]

    package static let thresholds = [0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99]

    /// - Parameters:
    ///   - predictions: at least one.
    ///   - resamples: how often the bootstrap draws the texts.
    package init(
        _ predictions: [Prediction], labelCount: Int, resamples: Int = 1000, seed: UInt64 = 0
    ) {
        var confusion = Confusion(labelCount: labelCount)
        for each in predictions { confusion.record(truth: each.truth, given: each.label) }
        self.confusion = confusion
        bins = Calibration.bins(predictions)
        equalMassError = Calibration.expectedError(of: Calibration.equalMassBins(predictions))
        points = SelectiveAnswers.points(predictions, thresholds: Self.thresholds)

        let right = confusion.rightCount
        let share = wilsonInterval(successes: right, of: predictions.count)
        accuracy = Estimate(
            value: confusion.accuracy, low: share.lowerBound, high: share.upperBound)
        let sample = Sample(predictions)
        let estimates = sample.estimates(resamples: resamples, seed: seed)
        balancedAccuracy = confusion.balancedAccuracyEstimate
        calibrationError = estimates[0]
        brier = estimates[1]
        riskCoverage = estimates[2]
        logLoss = estimates[3]
    }
}

/// Texts in the order of falling confidence, each as the few numbers that the figures need.
private struct Sample {
    private struct Text {
        let isRight: Bool
        let bin: Int
        let confidence: Double
        let squaredError: Double
        let logLoss: Double
    }

    private let texts: [Text]
    /// The places of texts with equal confidence.
    private let groups: [Range<Int>]

    init(_ predictions: [Prediction]) {
        let texts = predictions.map { each in
            Text(
                isRight: each.isRight,
                bin: Calibration.binIndex(of: each.confidence),
                confidence: each.confidence, squaredError: Calibration.brier([each]),
                logLoss: Calibration.logLoss(each))
        }.sorted { $0.confidence > $1.confidence }
        self.texts = texts
        groups = runs(of: texts.map(\.confidence))
    }

    func estimates(resamples: Int, seed: UInt64) -> [Estimate] {
        let values = figures(Array(repeating: 1, count: texts.count))
        var random = RandomSource(seed: seed)
        var draws = values.map { _ in [Double]() }
        for _ in 0..<resamples {
            var times = Array(repeating: 0, count: texts.count)
            for _ in texts { times[random.below(texts.count)] += 1 }
            for (index, value) in figures(times).enumerated() { draws[index].append(value) }
        }
        return values.indices.map { index in
            let value = values[index]
            let interval = percentileInterval(draws[index]) ?? value...value
            let bias = index == Self.biased ? mean(draws[index]) - value : 0
            return Estimate(
                value: value, low: min(value, max(0, interval.lowerBound - bias)),
                high: max(value, interval.upperBound - bias))
        }
    }

    /// The calibration error: chance adds to each gap, and drawing anew adds it once more, so the
    /// draws lie about a larger value and are moved back.
    private static let biased = 0

    private func mean(_ draws: [Double]) -> Double {
        draws.reduce(0, +) / Double(max(1, draws.count))
    }

    /// Calibration error, Brier, area under risk-coverage, log loss.
    private func figures(_ times: [Int]) -> [Double] {
        var gaps = Array(repeating: 0.0, count: Calibration.binCount)
        var (brier, loss) = (0.0, 0.0)
        var risk = RiskCoverage()
        for group in groups {
            var (count, wrong) = (0, 0)
            for place in group where times[place] > 0 {
                let text = texts[place]
                let times = times[place]
                count += times
                wrong += text.isRight ? 0 : times
                gaps[text.bin] += Double(times) * (text.confidence - (text.isRight ? 1 : 0))
                brier += Double(times) * text.squaredError
                loss += Double(times) * text.logLoss
            }
            risk.add(count, wrong: wrong)
        }
        let total = Double(max(1, risk.seen))
        return [gaps.reduce(0) { $0 + abs($1) } / total, brier / total, risk.area, loss / total]
    }
}

/// The middle 95 % of the draws; nil without any.
package func percentileInterval(_ draws: [Double]) -> ClosedRange<Double>? {
    guard !draws.isEmpty else { return nil }
    let sorted = draws.sorted()
    let cut = Int((0.025 * Double(sorted.count)).rounded(.down))
    return sorted[cut]...sorted[sorted.count - 1 - cut]
}

// A labelled file's predictions as figures of quality, each with an interval.
//
// Accuracy has Wilson's interval; what is no share of texts has a bootstrap percentile interval
// (Efron 1979): the texts are drawn anew with replacement, so often, from a seed. Every figure is a
// sum over texts in the order of falling confidence, so a resample is the same walk with other
// multiplicities, and no figure is computed in two ways.
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
        let sample = Sample(predictions, labelCount: labelCount)
        let estimates = sample.estimates(resamples: resamples, seed: seed)
        balancedAccuracy = estimates[0]
        calibrationError = estimates[1]
        brier = estimates[2]
        riskCoverage = estimates[3]
    }
}

/// Texts in the order of falling confidence, each as the few numbers that the figures need.
private struct Sample {
    private struct Text {
        let isRight: Bool
        let truth: Int
        let bin: Int
        let confidence: Double
        let squaredError: Double
    }

    private let texts: [Text]
    private let labelCount: Int

    init(_ predictions: [Prediction], labelCount: Int) {
        self.labelCount = labelCount
        texts = predictions.map { each in
            Text(
                isRight: each.isRight, truth: each.truth,
                bin: min(
                    Calibration.binCount - 1, Int(each.confidence * Double(Calibration.binCount))),
                confidence: each.confidence, squaredError: Calibration.brier([each]))
        }.sorted { $0.confidence > $1.confidence }
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
    private static let biased = 1

    private func mean(_ draws: [Double]) -> Double {
        draws.reduce(0, +) / Double(max(1, draws.count))
    }

    /// Balanced accuracy, calibration error, Brier, area under risk-coverage.
    private func figures(_ times: [Int]) -> [Double] {
        var texts = Array(repeating: 0, count: labelCount)
        var right = Array(repeating: 0, count: labelCount)
        var gaps = Array(repeating: 0.0, count: Calibration.binCount)
        var brier = 0.0
        var seen = 0
        var wrong = 0
        var risk = 0.0
        for (text, count) in zip(self.texts, times) where count > 0 {
            texts[text.truth] += count
            right[text.truth] += text.isRight ? count : 0
            gaps[text.bin] += Double(count) * (text.confidence - (text.isRight ? 1 : 0))
            brier += Double(count) * text.squaredError
            for _ in 0..<count {
                seen += 1
                wrong += text.isRight ? 0 : 1
                risk += Double(wrong) / Double(seen)
            }
        }
        let known = texts.indices.filter { texts[$0] > 0 }
        let recalls = known.reduce(0.0) { $0 + Double(right[$1]) / Double(texts[$1]) }
        let total = Double(max(1, seen))
        return [
            recalls / Double(max(1, known.count)), gaps.reduce(0) { $0 + abs($1) } / total,
            brier / total, risk / total,
        ]
    }
}

/// The middle 95 % of the draws; nil without any.
package func percentileInterval(_ draws: [Double]) -> ClosedRange<Double>? {
    guard !draws.isEmpty else { return nil }
    let sorted = draws.sorted()
    let cut = Int((0.025 * Double(sorted.count)).rounded(.down))
    return sorted[cut]...sorted[sorted.count - 1 - cut]
}

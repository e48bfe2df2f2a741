// The texts of an evaluation in the order of falling confidence, each as the few numbers that the
// figures need, and the bootstrap over them (Efron 1979): texts are drawn with replacement, from a
// seed, as many as there are.
//
// Every figure is a sum over texts in that order, so a resample is the same walk with other
// multiplicities. Where confidences tie, each text counts by the mean of its group: the order of
// the file changes nothing.

internal import Randomness

struct EvaluationSample {
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

    /// The calibration error: chance adds to each gap, and resampling adds it once more, so the
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

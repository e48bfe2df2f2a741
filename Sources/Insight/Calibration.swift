// Whether a probability means what it says, and the one number that makes it so.
//
// Expected calibration error: the mean gap between confidence and accuracy over bins of confidence,
// weighted by their texts (Guo 2017: 15 bins of equal width; bins of equal mass beside it, which do
// not hide a crowd in one bin). Brier: the mean squared distance to the truth, summed over labels.
// Temperature: the one scale of the logits that makes the negative log-likelihood least.

internal import func Glibc.exp
internal import func Glibc.log

package enum Calibration {
    package static let binCount = 15

    package struct Bin: Sendable, Equatable {
        package var count = 0
        package var confidence = 0.0
        package var accuracy = 0.0
    }

    /// The bin of equal width over 0...1. A confidence of 1 is in the last, and so is NaN, which
    /// makes the error NaN.
    static func binIndex(of confidence: Double, count: Int = binCount) -> Int {
        let place = confidence * Double(count)
        return place < Double(count) ? Int(place) : count - 1
    }

    /// Bins of equal width over 0...1; the means of each, 0 in an empty one.
    package static func bins(_ predictions: [Prediction], count: Int = binCount) -> [Bin] {
        var groups = Array(repeating: [Prediction](), count: count)
        for prediction in predictions {
            groups[binIndex(of: prediction.confidence, count: count)].append(prediction)
        }
        return groups.map { group in
            bin(group.map(\.confidence), group.map { $0.isRight ? 1 : 0 })
        }
    }

    /// Bins of equally many texts, by rising confidence. Texts of one confidence may fall into
    /// several: each counts as right as they are on average.
    package static func equalMassBins(
        _ predictions: [Prediction], count: Int = binCount
    ) -> [Bin] {
        let sorted = predictions.sorted { $0.confidence < $1.confidence }
        let confidences = sorted.map(\.confidence)
        var rightness: [Double] = []
        for run in runs(of: confidences) {
            let share = Double(sorted[run].count(where: \.isRight)) / Double(run.count)
            rightness += Array(repeating: share, count: run.count)
        }
        return (0..<count).map { index in
            let places = index * sorted.count / count..<(index + 1) * sorted.count / count
            return bin(confidences[places], rightness[places])
        }
    }

    private static func bin(
        _ confidences: some Collection<Double>, _ rightness: some Collection<Double>
    ) -> Bin {
        guard !confidences.isEmpty else { return Bin() }
        let count = Double(confidences.count)
        return Bin(
            count: confidences.count, confidence: confidences.reduce(0, +) / count,
            accuracy: rightness.reduce(0, +) / count)
    }

    package static func expectedError(of bins: [Bin]) -> Double {
        let total = Double(bins.reduce(0) { $0 + $1.count })
        return bins.reduce(0) { $0 + Double($1.count) * abs($1.confidence - $1.accuracy) } / total
    }

    package static func brier(_ predictions: [Prediction]) -> Double {
        let sum = predictions.reduce(0.0) { sum, prediction in
            prediction.probabilities.enumerated().reduce(sum) { sum, entry in
                let gap = entry.element - (entry.offset == prediction.truth ? 1 : 0)
                return sum + gap * gap
            }
        }
        return sum / Double(predictions.count)
    }

    /// The mean of -log p(truth), in nats.
    package static func logLoss(_ predictions: [Prediction]) -> Double {
        predictions.reduce(0) { $0 + logLoss($1) } / Double(predictions.count)
    }

    /// Of one text, in nats. A truth that the model gives probability 0 counts as the least
    /// probability that single precision can tell from 0 beside 1.
    static func logLoss(_ prediction: Prediction) -> Double {
        -log(max(prediction.probabilities[prediction.truth], Double(Float.ulpOfOne)))
    }

    /// - Parameters:
    ///   - logits: out-of-fold, [texts, C].
    ///   - shrinkage: the prior's weight for T = 1, in texts: few texts move T little.
    /// - Returns: T in 0.05...20.
    package static func temperature(
        logits: [[Double]], truths: [Int], shrinkage: Double = 20
    ) -> Double {
        // One term is convex in 1/T, the other in log T, but their sum may have two minima: a grid
        // finds the lower one, golden-section search on log T its exact place.
        let penalty = shrinkage / 2
        func loss(_ logT: Double) -> Double {
            let scale = exp(-logT)
            return zip(logits, truths).reduce(penalty * logT * logT) { sum, entry in
                sum + logSumExp(entry.0, scale) - entry.0[entry.1] * scale
            }
        }
        let (lowest, highest, steps) = (log(0.05), log(20.0), 30)
        let width = (highest - lowest) / Double(steps)
        let grid = (0...steps).map { lowest + width * Double($0) }
        let best = grid.min { loss($0) < loss($1) } ?? 0
        let valley = max(lowest, best - width)...min(highest, best + width)
        return exp(goldenSection(from: valley.lowerBound, to: valley.upperBound, loss))
    }

    private static func logSumExp(_ logits: [Double], _ scale: Double) -> Double {
        let peak = (logits.max() ?? 0) * scale
        return peak + log(logits.reduce(0) { $0 + exp($1 * scale - peak) })
    }
}

/// The minimum of a function with only one on an interval, to 1e-6 of the interval.
func goldenSection(from: Double, to: Double, _ value: (Double) -> Double) -> Double {
    let ratio = (5.0.squareRoot() - 1) / 2
    var lower = from
    var upper = to
    var left = upper - ratio * (upper - lower)
    var right = lower + ratio * (upper - lower)
    var leftValue = value(left)
    var rightValue = value(right)
    while upper - lower > 1e-6 * (to - from) {
        if leftValue < rightValue {
            (upper, right, rightValue) = (right, left, leftValue)
            left = upper - ratio * (upper - lower)
            leftValue = value(left)
        } else {
            (lower, left, leftValue) = (left, right, rightValue)
            right = lower + ratio * (upper - lower)
            rightValue = value(right)
        }
    }
    return (lower + upper) / 2
}

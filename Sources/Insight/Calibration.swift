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

    /// Bins of equal width over 0...1; the means of each, 0 in an empty one. A confidence of 1 is
    /// in the last, and so is what is no number: the error then is none either.
    package static func bins(_ predictions: [Prediction], count: Int = binCount) -> [Bin] {
        var groups = Array(repeating: [Prediction](), count: count)
        for prediction in predictions {
            let place = prediction.confidence * Double(count)
            groups[place < Double(count) ? Int(place) : count - 1].append(prediction)
        }
        return groups.map(bin)
    }

    /// Bins of equally many texts, by rising confidence.
    package static func equalMassBins(
        _ predictions: [Prediction], count: Int = binCount
    ) -> [Bin] {
        let sorted = predictions.sorted { $0.confidence < $1.confidence }
        return (0..<count).map { index in
            let lower = index * sorted.count / count
            return bin(Array(sorted[lower..<(index + 1) * sorted.count / count]))
        }
    }

    private static func bin(_ group: [Prediction]) -> Bin {
        guard !group.isEmpty else { return Bin() }
        let count = Double(group.count)
        return Bin(
            count: group.count,
            confidence: group.reduce(0) { $0 + $1.confidence } / count,
            accuracy: Double(group.filter(\.isRight).count) / count)
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

    /// - Parameters:
    ///   - logits: out-of-fold, [texts, C].
    ///   - shrinkage: how many texts' worth of belief that 1 is right: few texts move T little.
    /// - Returns: T in 0.05...20.
    package static func temperature(
        logits: [[Double]], truths: [Int], shrinkage: Double = 20
    ) -> Double {
        // The loss is convex in 1/T, and smooth in log T: golden-section search on log T, in which
        // the prior is a parabola around T = 1.
        let penalty = shrinkage / 2
        func loss(_ logT: Double) -> Double {
            let scale = exp(-logT)
            return zip(logits, truths).reduce(penalty * logT * logT) { sum, entry in
                sum + logSumExp(entry.0, scale) - entry.0[entry.1] * scale
            }
        }
        return exp(goldenSection(from: log(0.05), to: log(20.0), loss))
    }

    private static func logSumExp(_ logits: [Double], _ scale: Double) -> Double {
        let peak = (logits.max() ?? 0) * scale
        return peak + log(logits.reduce(0) { $0 + exp($1 * scale - peak) })
    }
}

/// Where a function with one valley on an interval is least, to 1e-6 of the interval.
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

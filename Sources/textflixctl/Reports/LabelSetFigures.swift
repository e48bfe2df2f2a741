// Whether a model's label sets keep their promise: how often the right label is among them, and at
// what price, the labels in a set. It knows nothing of the promised share: the model's maker does.

import Insight

struct LabelSetFigures: Sendable, Equatable {
    private var sets = 0
    private var holding = 0
    private var labels = 0

    var isEmpty: Bool { sets == 0 }

    /// - Parameter labelSet: empty where the model gave none, which counts for nothing.
    mutating func record(_ labelSet: [String], truth: String) {
        guard !labelSet.isEmpty else { return }
        sets += 1
        labels += labelSet.count
        holding += labelSet.contains(truth) ? 1 : 0
    }

    /// The share of sets that hold the right label.
    var coverage: Estimate {
        let interval = wilsonInterval(successes: holding, of: sets)
        return Estimate(
            value: Double(holding) / Double(max(1, sets)), low: interval.lowerBound,
            high: interval.upperBound)
    }

    var meanSize: Double { Double(labels) / Double(max(1, sets)) }
}

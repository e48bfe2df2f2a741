// A classifier's answer and the truth: what every measure of quality here is computed from.

/// One text: the probabilities of C labels, and which label was right.
package struct Prediction: Sendable {
    package let probabilities: [Double]
    package let truth: Int

    package init(probabilities: [Double], truth: Int) {
        precondition(probabilities.indices.contains(truth), "the truth is one of the labels")
        self.probabilities = probabilities
        self.truth = truth
    }

    /// The label with the highest probability, the first of equals.
    package var label: Int { probabilities.argmax }

    package var confidence: Double { probabilities[label] }

    package var isRight: Bool { label == truth }
}

extension [Double] {
    /// Whether these may be the probabilities of labels of which exactly one is right: they sum to
    /// 1, but for rounding. Where each label is judged on its own they do by chance alone.
    package var isDistribution: Bool { abs(reduce(0, +) - 1) <= 1e-3 }
}

// Answering only when sure: what it costs to abstain, and label sets that keep a promise.
//
// Risk-coverage: answers sorted by falling confidence; the error among those that are kept.
// Split conformal (Vovk; Angelopoulos & Bates 2021): with scores s = 1 - p(truth) of n held-out
// texts, every label whose s is at most the ⌈(n+1)(1-α)⌉-th smallest belongs to the set; the truth
// is in it with probability at least 1 - α, whatever the model.

package enum SelectiveAnswers {
    package struct Point: Sendable, Equatable {
        /// The confidence from which on an answer is given.
        package let threshold: Double
        /// The share of texts that is answered.
        package let coverage: Double
        /// The share of the answers that is right.
        package let accuracy: Double
    }

    /// What each threshold would give; nothing is answered: accuracy 1.
    package static func points(_ predictions: [Prediction], thresholds: [Double]) -> [Point] {
        thresholds.map { threshold in
            let kept = predictions.filter { $0.confidence >= threshold }
            let right = kept.filter(\.isRight).count
            return Point(
                threshold: threshold,
                coverage: Double(kept.count) / Double(max(1, predictions.count)),
                accuracy: kept.isEmpty ? 1 : Double(right) / Double(kept.count))
        }
    }

    /// The area under the risk-coverage curve: the mean error over all coverages; 0 is best.
    package static func areaUnderRiskCoverage(_ predictions: [Prediction]) -> Double {
        let sorted = predictions.sorted { $0.confidence > $1.confidence }
        var wrong = 0.0
        let sum = sorted.enumerated().reduce(0.0) { sum, entry in
            wrong += entry.element.isRight ? 0 : 1
            return sum + wrong / Double(entry.offset + 1)
        }
        return sum / Double(max(1, sorted.count))
    }

    /// The least probability that puts a label into the set; 0 (all labels) where the held-out
    /// texts are too few for the promise.
    package static func conformalThreshold(heldOut: [Prediction], alpha: Double) -> Double {
        let scores = heldOut.map { 1 - $0.probabilities[$0.truth] }.sorted()
        let rank = Int((Double(scores.count + 1) * (1 - alpha)).rounded(.up))
        return rank > scores.count ? 0 : 1 - scores[max(1, rank) - 1]
    }
}

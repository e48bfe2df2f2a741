// Answering only when sure: what abstaining costs, and label sets with guaranteed coverage.
//
// Risk-coverage: answers sorted by falling confidence; the error among those that are kept.
// Split conformal (Vovk; Angelopoulos & Bates 2021): with scores s = 1 - p(truth) of n held-out
// texts, every label whose s is at most the ⌈(n+1)(1-α)⌉-th smallest belongs to the set; the truth
// is in it with probability at least 1 - α, whatever the model.

package enum SelectiveAnswers {
    package struct Point: Sendable, Equatable {
        /// The least confidence at which an answer is given.
        package let threshold: Double
        /// The share of texts that is answered.
        package let coverage: Double
        /// The share of the answers that is right.
        package let accuracy: Double
    }

    /// What each threshold would give, as a daemon compares it: in single precision. Where nothing
    /// is answered the accuracy is NaN.
    package static func points(_ predictions: [Prediction], thresholds: [Double]) -> [Point] {
        thresholds.map { threshold in
            let kept = predictions.filter { Float($0.confidence) >= Float(threshold) }
            let right = kept.filter(\.isRight).count
            return Point(
                threshold: threshold,
                coverage: Double(kept.count) / Double(max(1, predictions.count)),
                accuracy: kept.isEmpty ? .nan : Double(right) / Double(kept.count))
        }
    }

    /// The least probability that puts a label into the set; 0 (all labels) where the held-out
    /// texts are too few for the promise.
    package static func conformalThreshold(heldOut: [Prediction], alpha: Double) -> Double {
        let scores = heldOut.map { 1 - $0.probabilities[$0.truth] }.sorted()
        let rank = Int((Double(scores.count + 1) * (1 - alpha)).rounded(.up))
        return rank > scores.count ? 0 : 1 - scores[max(1, rank) - 1]
    }
}

/// The area under the risk-coverage curve as texts come in, by falling confidence: the mean error
/// over all coverages; 0 is best.
struct RiskCoverage {
    private(set) var seen = 0
    private var wrong = 0.0
    private var sum = 0.0

    /// Texts of equal confidence: the mean of all orders counts.
    mutating func add(_ count: Int, wrong errors: Int) {
        let share = Double(errors) / Double(max(1, count))
        for _ in 0..<count {
            seen += 1
            wrong += share
            sum += wrong / Double(seen)
        }
    }

    var area: Double { sum / Double(max(1, seen)) }
}

/// The places of equal neighbours.
func runs(of values: [Double]) -> [Range<Int>] {
    var runs: [Range<Int>] = []
    var start = 0
    for place in values.indices.dropFirst() where values[place] != values[start] {
        runs.append(start..<place)
        start = place
    }
    return values.isEmpty ? [] : runs + [start..<values.count]
}

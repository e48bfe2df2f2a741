// How well probabilities put texts in order, whatever the threshold.
//
// The area under the ROC curve is the share of pairs of one text of either label in which the text
// of the second label has the higher probability of it; a tie counts half (Mann and Whitney's U
// over the number of pairs). 0.5 is chance.

package enum RankStatistics {
    /// nil where there are not two labels, or only one of them occurs.
    package static func rocArea(_ predictions: [Prediction]) -> Double? {
        guard let first = predictions.first, first.probabilities.count == 2 else { return nil }
        let sorted = predictions.sorted { $0.probabilities[1] < $1.probabilities[1] }
        var (below, pairs) = (0.0, 0.0)
        for run in runs(of: sorted.map { $0.probabilities[1] }) {
            let positives = Double(sorted[run].count { $0.truth == 1 })
            let negatives = Double(run.count) - positives
            pairs += positives * (below + negatives / 2)
            below += negatives
        }
        let all = below * (Double(predictions.count) - below)
        return all > 0 ? pairs / all : nil
    }
}

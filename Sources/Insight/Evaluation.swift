// A labelled file's predictions as figures of quality, each with an interval.
//
// Accuracy has Wilson's interval, balanced accuracy that of the recalls' Wilson intervals; what is
// not a share of texts has a bootstrap percentile interval: see `EvaluationSample`.
//
// It does not read texts and knows no label's name.

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
    /// Of two labels; nil where only one of them occurs. It has no interval of its own.
    package let rocArea: Double?
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
        rocArea = RankStatistics.rocArea(predictions)

        let right = confusion.rightCount
        let share = wilsonInterval(successes: right, of: predictions.count)
        accuracy = Estimate(
            value: confusion.accuracy, low: share.lowerBound, high: share.upperBound)
        let sample = EvaluationSample(predictions)
        let estimates = sample.estimates(resamples: resamples, seed: seed)
        balancedAccuracy = confusion.balancedAccuracyEstimate
        calibrationError = estimates[0]
        brier = estimates[1]
        riskCoverage = estimates[2]
        logLoss = estimates[3]
    }
}

// One pair (C, β) in cross-validation: what the folds say of texts that they did not learn.
//
// Invariant: a text counts as the model would answer it, by the probability that Platt's scaling
// makes of its margin. The margin's sign alone is no answer: where labels are uneven, all margins
// may have the same.

internal import Baselines
internal import Insight

package struct BaselineTrial {
    let cost: Double
    let interpolation: Double
    let margins: [Double]
    /// nil: the margins do not rise with the labels; they stand for log-odds as they are.
    let platt: PlattScaling?
    let heldOut: [Prediction]

    package init(cost: Double, interpolation: Double, margins: [Double], positive: [Bool]) {
        self.cost = cost
        self.interpolation = interpolation
        self.margins = margins
        let fitted = PlattScaling(margins: margins, positive: positive)
        platt = fitted
        let scaling = fitted ?? .identity
        heldOut = zip(margins, positive).map { margin, isPositive in
            let p = scaling.probability(margin)
            return Prediction(probabilities: [1 - p, p], truth: isPositive ? 1 : 0)
        }
    }

    var accuracy: Double {
        Double(heldOut.count(where: \.isRight)) / Double(heldOut.count)
    }

    /// Of a fit that diverged, infinite.
    var logLoss: Double {
        let loss = Calibration.logLoss(heldOut)
        return loss.isNaN ? .infinity : loss
    }

    /// By accuracy, of equals by the log loss; but any is better than one that diverged, whose
    /// answers are all the first label.
    package func isBetter(than other: BaselineTrial) -> Bool {
        guard logLoss.isFinite, other.logLoss.isFinite else { return logLoss < other.logLoss }
        let (mine, its) = (accuracy, other.accuracy)
        return mine != its ? mine > its : logLoss < other.logLoss
    }
}

// One pair (C, β) in cross-validation: what the folds say of texts that they did not learn.
//
// Invariant: a text counts as the model would answer it, by the probability that Platt's scaling
// makes of its margin. The margin's sign alone is no answer: where labels are uneven, all margins
// may have the same.

internal import Baselines
internal import Insight

struct BaselineTrial {
    let cost: Double
    let interpolation: Double
    let margins: [Double]
    /// nil: the margins do not rise with the labels; they stand for log-odds as they are.
    let platt: PlattScaling?
    let heldOut: [Prediction]

    init(cost: Double, interpolation: Double, margins: [Double], positive: [Bool]) {
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

    /// Of a fit that diverged, infinite: it wins over none.
    var logLoss: Double {
        let loss = Calibration.logLoss(heldOut)
        return loss.isNaN ? .infinity : loss
    }

    /// By accuracy, of equals by the log loss.
    func isBetter(than other: BaselineTrial) -> Bool {
        let (mine, its) = (accuracy, other.accuracy)
        return mine != its ? mine > its : logLoss < other.logLoss
    }
}

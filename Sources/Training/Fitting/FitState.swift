// The progress of a fit: what a checkpoint holds beside the weights, and what its curve is drawn
// from.

internal import Gradients

package struct FitState: Sendable, Equatable {
    /// A stretch of updates.
    package struct CurvePoint: Sendable, Equatable {
        package var update: Int
        /// Means over the stretch.
        package var loss: Double
        package var accuracy: Double
        package var rate: Double
        package var gradient: Double
    }

    /// The held-out texts after an update.
    package struct Evaluation: Sendable, Equatable {
        package var update: Int
        package var loss: Double
        package var accuracy: Double

        /// More of them right, or as many and surer.
        func isBetter(than other: Evaluation) -> Bool {
            (accuracy, -loss) > (other.accuracy, -other.loss)
        }
    }

    package internal(set) var updates = 0
    package internal(set) var curve: [CurvePoint] = []
    package internal(set) var evaluations: [Evaluation] = []
    package internal(set) var best: Evaluation?
    /// Tokens that were learned from, and the time that it took.
    package internal(set) var tokens = 0
    package internal(set) var seconds = 0.0
    /// Spent on the held-out texts.
    package internal(set) var heldOutSeconds = 0.0
    /// Of the stretch that is not a point of the curve yet.
    var open = Stretch()

    package init() {}

    /// Evaluations since the best one.
    var staleEvaluations: Int {
        guard let best else { return 0 }
        return evaluations.count { $0.update > best.update }
    }

    struct Stretch: Sendable, Equatable {
        var updates = 0
        var loss = 0.0
        var count = 0
        var right = 0
        var gradient = 0.0
    }
}

extension FitState {
    /// Takes an update in; every `stretch` of them are a point of the curve.
    mutating func record(_ loss: Loss, rate: Double, gradient: Double, stretch: Int) {
        updates += 1
        open.updates += 1
        open.loss += loss.sum
        open.count += loss.count
        open.right += loss.right
        open.gradient += gradient
        guard open.updates >= stretch, open.count > 0 else { return }
        let count = Double(open.count)
        curve.append(
            CurvePoint(
                update: updates, loss: open.loss / count, accuracy: Double(open.right) / count,
                rate: rate, gradient: open.gradient / Double(open.updates)))
        open = Stretch()
    }
}

// Who watches a run: progress is reported to it, and it may ask the run to stop.

package struct FitProgress: Sendable {
    package let step: String
    package let update: Int
    package let updates: Int
    package let epoch: Double
    /// Of this update.
    package let loss: Double
    package let accuracy: Double
    package let rate: Double
    package let tokensPerSecond: Double
    package let secondsLeft: Double
}

package struct TrainingWatch {
    /// A line for a person.
    package var tell: (String) -> Void
    package var progress: (FitProgress) -> Void
    /// Asked between updates.
    package var asksToStop: () -> Bool

    package init(
        tell: @escaping (String) -> Void = { _ in },
        progress: @escaping (FitProgress) -> Void = { _ in },
        asksToStop: @escaping () -> Bool = { false }
    ) {
        self.tell = tell
        self.progress = progress
        self.asksToStop = asksToStop
    }

    func evaluated(
        _ step: String, _ evaluation: FitState.Evaluation, of updates: Int, isBest: Bool
    ) {
        let accuracy = (evaluation.accuracy * 1000).rounded() / 10
        let loss = (evaluation.loss * 10_000).rounded() / 10_000
        tell(
            "\(step): update \(evaluation.update) of \(updates): held-out accuracy \(accuracy) %, "
                + "loss \(loss)\(isBest ? ", the best so far" : "")")
    }
}

/// It was asked to stop, and its checkpoint is written.
package struct TrainingInterruption: Error {
    package let checkpoint: String
}

package enum TrainingError: Error, Sendable, CustomStringConvertible {
    /// A loss or gradient diverged (NaN or infinite).
    case diverged(step: String, update: Int)
    /// The texts do not give what a step needs.
    case unfit(String)

    package var description: String {
        switch self {
        case .diverged(let step, let update):
            "\(step): the loss of update \(update) is not finite: lower rate, or set clip"
        case .unfit(let reason): reason
        }
    }
}

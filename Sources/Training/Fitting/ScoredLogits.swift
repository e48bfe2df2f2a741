// Logits beside the truth: accuracy and loss of held-out texts, and their temperature.

package import Insight

internal import func Glibc.exp
internal import func Glibc.log

package struct ScoredLogits: Sendable {
    /// [texts][C]
    package let logits: [[Double]]
    package let truths: [Int]

    package init(logits: [[Double]], truths: [Int]) {
        self.logits = logits
        self.truths = truths
    }

    package func predictions(temperature: Double = 1) -> [Prediction] {
        zip(logits, truths).map {
            Prediction(probabilities: Self.softmax($0, temperature: temperature), truth: $1)
        }
    }

    package var accuracy: Double {
        Double(predictions().count(where: \.isRight)) / Double(max(1, truths.count))
    }

    /// The mean negative logarithm of the right label's probability.
    package var meanLoss: Double {
        let sum = predictions().reduce(0.0) {
            $0 - log(max($1.probabilities[$1.truth], 1e-300))
        }
        return sum / Double(max(1, truths.count))
    }

    /// 1 where there is nothing to learn it from.
    package var temperature: Double {
        truths.isEmpty ? 1 : Calibration.temperature(logits: logits, truths: truths)
    }

    static func softmax(_ logits: [Double], temperature: Double = 1) -> [Double] {
        let top = logits.max() ?? 0
        let powers = logits.map { exp(($0 - top) / temperature) }
        let sum = powers.reduce(0, +)
        return powers.map { $0 / sum }
    }
}

// Logits to probabilities, by the model's own rule and temperature.
//
// Computed in f64 and shifted by the largest logit, so no finite logit overflows; equal logits give
// exactly equal probabilities.

internal import Weights

internal import func Glibc.exp

extension BERTModel {
    /// One probability a label.
    /// - Parameter logits: finite, one a label.
    package func probabilities(of logits: UnsafeBufferPointer<Float>) -> [Float] {
        let scaled = logits.map { Double($0) / settings.temperature }
        switch scoreRule {
        case .sigmoid: return scaled.map { Float(1 / (1 + exp(-$0))) }
        case .softmax:
            let top = scaled.max() ?? 0
            let powers = scaled.map { exp($0 - top) }
            let sum = powers.reduce(0, +)
            return powers.map { Float($0 / sum) }
        }
    }
}

// What a step will cost, by arithmetic: floating-point operations and memory, before it starts.
//
//     forward, a layer and text of n tokens    n (8 H² + 4 H F) + 4 n² H
//     backward                                 twice that where weights learn; once where only
//                                              adapters do, and nothing below what is frozen,
//                                              epoch by epoch where layers thaw
//     memory                                   4 bytes each: weights, mapped and learned;
//                                              gradient, two moments and the best point, if kept,
//                                              of what learns; a token of a part
//                                              (9 H + F) L + 13 H + 3 F, a masked one V
//
// Letters: H hidden, F feed-forward, L layers, V words. Heads, embeddings and the optimiser are
// left out of the operations, in the count as in the measured speed: they are under 1 %, except the
// masked-word head, about 1/6 in a small encoder.

internal import Gradients
package import Weights

package struct EncoderShape: Sendable {
    let hidden: Int
    let feedForward: Int
    let layers: Int
    package let weights: Int

    package init(_ configuration: BERTConfiguration) {
        hidden = configuration.hiddenSize
        feedForward = configuration.feedForwardSize
        layers = configuration.layerCount
        let shapes = configuration.tensorShapes.filter {
            $0.name.hasPrefix("embeddings.") || $0.name.hasPrefix("encoder.")
        }
        weights = shapes.reduce(0) { $0 + $1.shape.reduce(1, *) }
    }

    /// Operations of the forward pass of texts of those lengths.
    package func forward(_ lengths: some Sequence<Int>) -> Double {
        let (h, f) = (Double(hidden), Double(feedForward))
        return lengths.reduce(0.0) { sum, length in
            let n = Double(length)
            return sum + Double(layers) * (n * (8 * h * h + 4 * h * f) + 4 * n * n * h)
        }
    }
}

extension FitSettings.Extent {
    /// Forward and backward together, in forward passes.
    package var passes: Double {
        switch self {
        case .full: 3
        case .lora: 2
        case .head: 1
        }
    }
}

package struct TrainingCost: Sendable {
    /// Floating-point operations: of updates, and of passes that only answer.
    package let learning: Double
    package let answering: Double
    package let updates: Int
    package let tokens: Int
    package let bytes: Int

    /// - Parameters:
    ///   - lengths: tokens of the texts that are learned.
    ///   - answered: tokens of the texts that are answered: held-out ones, each evaluation.
    ///   - keepsBest: whether the best weights are kept beside the last.
    ///   - masked: of a step with masked words, which share of a part's tokens has a row of logits
    ///     over how many words.
    package init(
        _ fit: FitSettings, _ shape: EncoderShape, lengths: [Int], answered: [Int],
        keepsBest: Bool, masked: (share: Double, words: Int)? = nil
    ) {
        updates = fit.updates(texts: lengths.count)
        let inEpoch = fit.updatesInEpoch(texts: lengths.count)
        let epochs = Double(updates) / Double(inEpoch)
        tokens = Int(epochs * Double(lengths.reduce(0, +)))
        learning = Self.passes(fit, shape, epochs: epochs) * shape.forward(lengths)
        // At most one after each update.
        answering = Double(min(inEpoch, fit.evaluations)) * epochs * shape.forward(answered)
        let longest = lengths.max() ?? 0
        let part = min(max(fit.microTokens, longest), min(fit.batch, lengths.count) * longest)
        let logits = masked.map { Int($0.share * Double(part)) * $0.words } ?? 0
        bytes = Self.bytes(fit, shape, part: part, keepsBest: keepsBest) + 4 * logits
    }

    /// Of all epochs together, forward and backward.
    private static func passes(
        _ fit: FitSettings, _ shape: EncoderShape, epochs: Double
    ) -> Double {
        // By then nothing is frozen any more.
        let thawed = fit.unfreeze == nil ? 0 : shape.layers + 2
        let backward = fit.extent.passes - 1
        let thawing = (0..<min(thawed, Int(epochs.rounded(.up)))).reduce(0.0) { sum, epoch in
            let lowest = fit.lowestTrained(epoch: epoch, depths: shape.layers + 2)
            // The embeddings are the lowest depth, the head is the highest.
            let learned = shape.layers + 1 - max(1, lowest)
            let share = Double(learned) / Double(shape.layers)
            return sum + min(1, epochs - Double(epoch)) * (1 + backward * share)
        }
        return thawing + fit.extent.passes * max(0, epochs - Double(thawed))
    }

    private static func bytes(
        _ fit: FitSettings, _ shape: EncoderShape, part: Int, keepsBest: Bool
    ) -> Int {
        let (h, f, layers) = (shape.hidden, shape.feedForward, shape.layers)
        let learned = learnedWeights(fit, shape)
        let copies = keepsBest ? 4 : 3
        let kept = fit.extent == .head ? 0 : layers
        let activations = part * ((9 * h + f) * kept + 13 * h + 3 * f)
        // Adapters are merged into copies of the weights that they change.
        let merged =
            fit.adapter.map { adapter in
                adapter.targets.reduce(0) { sum, target in
                    switch target {
                    case .query, .key, .value, .attentionOutput: sum + layers * h * h
                    case .intermediate, .output: sum + layers * h * f
                    }
                }
            } ?? 0
        // The base's file stays mapped. A network has gradients for its encoder even when only the
        // head learns.
        return 4 * (2 * shape.weights + copies * learned + activations + merged)
    }

    private static func learnedWeights(_ fit: FitSettings, _ shape: EncoderShape) -> Int {
        guard let adapter = fit.adapter else { return shape.weights }
        let (h, f) = (shape.hidden, shape.feedForward)
        return adapter.targets.reduce(0) { sum, target in
            let sides =
                switch target {
                case .query, .key, .value, .attentionOutput: 2 * h
                case .intermediate, .output: h + f
                }
            return sum + shape.layers * adapter.rank * sides
        }
    }
}

// A student small enough to be read: logistic regression on bags of piece ids, by plain gradient
// descent with momentum. It has what a network has for the loop: depths, dropout, moments, state.

import Encoder
import Gradients
import Insight
import Randomness
import Training
import Weights

private import func Glibc.log

final class WordBagStudent: Student {
    let labelCount: Int
    let depthCount = 3
    var lowestTrained = 0
    var updateCounts = [0, 0, 0]
    private let vocabulary: Int
    private let weights: UnsafeMutableBufferPointer<Float>  // [C, V]
    private let gradients: UnsafeMutableBufferPointer<Float>
    private let momentum: UnsafeMutableBufferPointer<Float>

    init(vocabulary: Int, labelCount: Int) {
        self.vocabulary = vocabulary
        self.labelCount = labelCount
        func zeros() -> UnsafeMutableBufferPointer<Float> {
            let floats = UnsafeMutableBufferPointer<Float>.allocate(
                capacity: vocabulary * labelCount)
            floats.initialize(repeating: 0)
            return floats
        }
        (weights, gradients, momentum) = (zeros(), zeros(), zeros())
    }

    deinit { for floats in [weights, gradients, momentum] { floats.deallocate() } }

    func learn(
        _ batch: RaggedBatch, _ targets: LessonTargets, scale: Float, draw: UInt64
    ) throws -> Loss {
        guard case .labels(let rows) = targets else { return Loss() }
        var loss = Loss()
        var random = RandomSource(seed: draw)
        for text in 0..<batch.textCount {
            let kept = batch.ids[batch.range(ofText: text)].filter { _ in random.unit() >= 0.1 }
            let logits = self.logits(kept[...])
            let probabilities = ScoredLogits(logits: [logits.map(Double.init)], truths: [0])
                .predictions()[0].probabilities
            let target = rows[text * labelCount..<(text + 1) * labelCount].map(Double.init)
            loss.count += 1
            for label in 0..<labelCount {
                loss.sum -= target[label] * log(max(probabilities[label], 1e-30))
                let slope = Float(probabilities[label] - target[label]) * scale
                for id in kept { gradients[label * vocabulary + Int(id)] += slope }
            }
            let best = logits.indices.max { logits[$0] < logits[$1] }
            loss.right += best == target.indices.max { target[$0] < target[$1] } ? 1 : 0
        }
        return loss
    }

    private func logits(_ ids: ArraySlice<UInt32>) -> [Float] {
        (0..<labelCount).map { label in
            ids.reduce(0) { $0 + weights[label * vocabulary + Int($1)] }
        }
    }

    func update(rates: [Float?], clip: Float?) -> Float {
        let norm = gradients.reduce(0) { $0 + $1 * $1 }.squareRoot()
        for depth in rates.indices where rates[depth] != nil { updateCounts[depth] += 1 }
        for at in weights.indices {
            momentum[at] = 0.9 * momentum[at] + gradients[at]
            weights[at] -= (rates[2] ?? 0) * momentum[at]
            gradients[at] = 0
        }
        return norm
    }

    func logits(_ batch: RaggedBatch) throws -> [Float] {
        (0..<batch.textCount).flatMap { logits(batch.ids[batch.range(ofText: $0)]) }
    }

    var buffers: [LearnerBuffer] {
        [
            LearnerBuffer(name: "weights", floats: weights, isWeight: true),
            LearnerBuffer(name: "momentum", floats: momentum, isWeight: false),
        ]
    }

    func buffersChanged() {}

    var tensors: [WrittenTensor] { [] }
}

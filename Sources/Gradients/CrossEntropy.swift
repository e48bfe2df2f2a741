// The loss: cross-entropy between a row of logits and its target, and the gradient.
//
//     p = softmax(logits)      loss = - Σ t log p      d = (p Σt - t) · scale
//
// Sums are taken in double. A target is a distribution: one label, a smoothed one, or a teacher's.

internal import Numerics

internal import func Glibc.exp
internal import func Glibc.log

/// What a batch cost.
package struct Loss: Sendable, Equatable {
    /// Of all rows, in nats.
    package var sum = 0.0
    package var count = 0
    /// Rows whose largest logit is the target's largest.
    package var right = 0

    package init() {}

    package var mean: Double { sum / Double(max(1, count)) }

    package static func += (left: inout Loss, right: Loss) {
        left.sum += right.sum
        left.count += right.count
        left.right += right.right
    }
}

enum CrossEntropy {
    /// Replaces a row of logits by their gradient.
    static func replace(
        _ logits: UnsafeMutableBufferPointer<Float>, _ target: UnsafeBufferPointer<Float>,
        scale: Float
    ) -> Loss {
        let top = Double(logits.max() ?? 0)
        var total = 0.0
        for value in logits { total += exp(Double(value) - top) }
        let shift = top + log(total)
        var loss = Loss()
        loss.count = 1
        loss.right = index(of: logits) == index(of: target) ? 1 : 0
        var mass = 0.0
        for (value, t) in zip(logits, target) {
            loss.sum -= Double(t) * (Double(value) - shift)
            mass += Double(t)
        }
        for (at, t) in zip(logits.indices, target) {
            let p = exp(Double(logits[at]) - shift)
            logits[at] = Float((p * mass - Double(t)) * Double(scale))
        }
        return loss
    }

    /// The same for one right column.
    static func replace(
        _ logits: UnsafeMutableBufferPointer<Float>, right: Int, scale: Float, _ kernels: Kernels
    ) -> Loss {
        var loss = Loss()
        loss.count = 1
        let best = index(of: logits)
        loss.right = best == right ? 1 : 0
        let (top, own) = (logits[best], logits[right])
        kernels.softmax(
            MutableMatrixView(logits.baseAddress!, rows: 1, columns: logits.count))
        // p(best) = 1 / Σ exp(l - top), so the logarithm of the sum is at hand.
        loss.sum = -(Double(own) - Double(top) + log(Double(logits[best])))
        logits[right] -= 1
        kernels.scale(logits.baseAddress!, count: logits.count, by: scale)
        return loss
    }

    private static func index(of row: some Collection<Float>) -> Int {
        var best = 0
        var top = -Float.infinity
        for (index, value) in row.enumerated() where value > top {
            best = index
            top = value
        }
        return best
    }
}

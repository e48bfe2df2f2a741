// AdamW with bias correction (Kingma and Ba 2015; Loshchilov and Hutter 2019), a step at a time.
//
//     m = β1 m + (1 - β1) g     v = β2 v + (1 - β2) g²
//     w = w - rate · decay · w - rate · m̂ / (√v̂ + ε)     m̂ = m / (1 - β1^t), v̂ = v / (1 - β2^t)
//
// Gradients are first scaled so that their common norm is at most `clip`. A parameter whose rate is
// nil is frozen in this step: weight, moments and step count stay, its gradient is cleared. Each
// depth counts its own steps, so that layers that thaw late are corrected as if they began then.
//
// Invariant: moments lie as the gradients do; a step touches each number once, on any lane.

package import Numerics
internal import Syscalls

internal import func Glibc.pow

package final class AdamW {
    package var beta1: Float = 0.9
    package var beta2: Float = 0.999
    package var epsilon: Float = 1e-8
    package var decay: Float

    private let parameters: ParameterSet
    private let kernels: Kernels
    private let pool: WorkerPool
    private let memory: AlignedMemory
    /// Steps taken, by depth.
    package var steps: [Int]

    package init(
        _ parameters: ParameterSet, decay: Float, kernels: Kernels, pool: WorkerPool
    ) throws(NetworkError) {
        self.parameters = parameters
        self.decay = decay
        self.kernels = kernels
        self.pool = pool
        steps = Array(repeating: 0, count: 1 + (parameters.entries.map(\.depth).max() ?? 0))
        let byteCount = 2 * parameters.gradientCount * MemoryLayout<Float>.stride
        do {
            memory = try AlignedMemory(byteCount: byteCount, hugePages: byteCount >= 2 << 20)
        } catch { throw .noMemory(bytes: byteCount) }
    }

    /// First and second moments, `gradientCount` floats each: what a checkpoint keeps.
    package var moments: UnsafeMutableBufferPointer<Float> {
        memory.bytes.bindMemory(to: Float.self)
    }

    /// Floats that one lane takes at a time.
    private static let pieceCount = 1 << 16

    /// The root of the summed squares of all gradients.
    package func gradientNorm() -> Float {
        let count = parameters.gradientCount
        let pieces = (count + Self.pieceCount - 1) / Self.pieceCount
        let base = parameters.gradients
        var sums = [Double](repeating: 0, count: pieces)
        sums.withUnsafeMutableBufferPointer { sums in
            let sums = SharedSums(values: sums)
            pool.forEach(pieces) { piece in
                let start = piece * Self.pieceCount
                let length = min(Self.pieceCount, count - start)
                sums.values[piece] = kernels.sumOfSquares(base + start, count: length)
            }
        }
        return Float(sums.reduce(0, +).squareRoot())
    }

    /// Changes every parameter, and clears the gradients.
    /// - Parameters:
    ///   - rates: the learning rate by depth; nil: frozen.
    ///   - clip: the largest norm of all gradients together; nil: any.
    /// - Returns: the norm before clipping.
    @discardableResult
    package func step(rates: [Float?], clip: Float?) -> Float {
        precondition(rates.count == steps.count)
        // What is frozen may have gradients (a bias of all layers), but no part in the norm.
        for entry in parameters.entries where entry.isTrained && rates[entry.depth] == nil {
            parameters.gradient(entry)?.update(repeating: 0)
        }
        let norm = gradientNorm()
        var scale: Float = 1
        if let clip, norm > clip { scale = clip / norm }
        for depth in rates.indices where rates[depth] != nil { steps[depth] += 1 }
        for entry in parameters.entries where entry.isTrained {
            guard let rate = rates[entry.depth] else { continue }
            update(entry, step(entry, rate, scale))
        }
        parameters.markChanged()
        return norm
    }

    private func step(_ entry: ParameterSet.Entry, _ rate: Float, _ scale: Float) -> AdamWStep {
        let count = Double(steps[entry.depth])
        return AdamWStep(
            scale: scale, rate: rate, decay: entry.decays ? decay : 0, beta1: beta1, beta2: beta2,
            epsilon: epsilon, correction1: Float(1 / (1 - pow(Double(beta1), count))),
            correction2: Float(1 / (1 - pow(Double(beta2), count))))
    }

    private func update(_ entry: ParameterSet.Entry, _ step: AdamWStep) {
        guard let gradient = parameters.gradient(entry)?.baseAddress else { return }
        let weights = parameters.values(entry).baseAddress!
        let offset = gradient - parameters.gradients
        let moments = self.moments.baseAddress!
        let place = AdamWPlace(
            weights: weights, gradients: gradient, moments: moments + offset,
            squares: moments + parameters.gradientCount + offset)
        pool.forEach((entry.count + Self.pieceCount - 1) / Self.pieceCount) { piece in
            let start = piece * Self.pieceCount
            kernels.adamw(
                step, place.advanced(by: start), count: min(Self.pieceCount, entry.count - start))
        }
    }
}

private struct SharedSums: @unchecked Sendable {
    // Safe to share: each piece has a place of its own.
    let values: UnsafeMutableBufferPointer<Double>
}

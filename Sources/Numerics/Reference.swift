// The operations of the encoder in their plainest form: the oracle that fast kernels are tested
// against, and the way that works everywhere.
//
// Sums are taken in f64 and rounded once, so a result is the f32 nearest to the exact one but for
// the last bits. Nothing here is fast, and nothing allocates.

internal import func Glibc.erf
internal import func Glibc.exp
internal import func Glibc.tanh

package enum Reference {
    package static func dot(
        _ left: UnsafeBufferPointer<Float>, _ right: UnsafeBufferPointer<Float>
    ) -> Double {
        var sum = 0.0
        for index in left.indices { sum += Double(left[index]) * Double(right[index]) }
        return sum
    }

    /// Row by row: e^(x - max) / Σ e^(x - max)
    package static func softmax(_ row: UnsafeMutableBufferPointer<Float>) {
        guard let top = row.max() else { return }
        var sum = 0.0
        for index in row.indices {
            let power = exp(Double(row[index] - top))
            row[index] = Float(power)
            sum += power
        }
        let scale = Float(1 / sum)
        for index in row.indices { row[index] *= scale }
    }

    /// y = (x - mean) / sqrt(variance + epsilon) · weight + bias, over one row of H values.
    package static func layerNorm(
        _ x: UnsafeBufferPointer<Float>, weight: UnsafeBufferPointer<Float>,
        bias: UnsafeBufferPointer<Float>, epsilon: Double,
        into y: UnsafeMutableBufferPointer<Float>
    ) {
        var sum = 0.0
        for value in x { sum += Double(value) }
        let mean = sum / Double(x.count)
        var squares = 0.0
        for value in x { squares += (Double(value) - mean) * (Double(value) - mean) }
        let scale = 1 / (squares / Double(x.count) + epsilon).squareRoot()
        for index in x.indices {
            let normal = (Double(x[index]) - mean) * scale
            y[index] = Float(normal * Double(weight[index]) + Double(bias[index]))
        }
    }

    /// x Φ(x) = x/2 · (1 + erf(x / √2))
    package static func gelu(_ x: Float) -> Float {
        Float(0.5 * Double(x) * (1 + erf(Double(x) * 0.5.squareRoot())))
    }

    /// x/2 · (1 + tanh(√(2/π) (x + 0.044715 x³)))
    package static func geluTanh(_ x: Float) -> Float {
        let x = Double(x)
        return Float(
            0.5 * x * (1 + tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x))))
    }
}

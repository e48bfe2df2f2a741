// The operations that only training needs, each one thread's part.
//
// Invariant: as for every kernel, a part's results do not depend on how the whole was cut.

internal import CKernels

/// Which elements a dropout zeroes: a function of the keys and the element's number alone, so the
/// backward pass draws the same ones again instead of keeping them.
package struct DropoutMask: Sendable {
    private let probability: Float
    private let key: UInt32
    private let secondKey: UInt32

    package init(probability: Float, key: UInt64) {
        self.probability = probability
        self.key = UInt32(truncatingIfNeeded: key)
        secondKey = UInt32(truncatingIfNeeded: key >> 32)
    }

    package var isEmpty: Bool { probability == 0 }

    fileprivate func request(_ x: UnsafeMutablePointer<Float>, _ count: Int, _ first: Int)
        -> tf_dropout
    {
        tf_dropout(
            x: x, count: Int64(count), first: UInt32(truncatingIfNeeded: first), key: key,
            second_key: secondKey, threshold: UInt32(Double(probability) * 0x1p32),
            scale: 1 / (1 - probability))
    }
}

extension Kernels {
    private var learning: tf_learning { table.pointee.learning.pointee }

    /// Zeroes some elements of rows `rows` of x and scales the others; element (r, c) has the
    /// number r · columns + c.
    package func drop(_ mask: DropoutMask, _ x: MutableMatrixView, rows: Range<Int>) {
        guard !mask.isEmpty else { return }
        for row in rows {
            var request = mask.request(x.base + row * x.stride, x.columns, row * x.columns)
            learning.dropout(&request)
        }
    }

    /// sum += x, `count` floats.
    package func accumulate(
        _ x: UnsafePointer<Float>, count: Int, into sum: UnsafeMutablePointer<Float>
    ) {
        learning.accumulate(sum, x, Int64(count))
    }

    /// sum[c] += every row's x[c], for those columns.
    package func sumDown(
        _ x: MatrixView, columns: Range<Int>, into sum: UnsafeMutablePointer<Float>
    ) {
        learning.sum_down(
            x.base + columns.lowerBound, Int64(x.stride), Int32(x.rows), Int32(columns.count),
            sum + columns.lowerBound)
    }

    /// x *= factor, `count` floats.
    package func scale(_ x: UnsafeMutablePointer<Float>, count: Int, by factor: Float) {
        learning.scale(x, Int64(count), factor)
    }

    /// Rows of a layer norm backwards: dx from dy. x is what went into the norm.
    package func normBackward(
        _ x: MatrixView, _ norm: RowNorm, _ dy: MatrixView, into dx: MutableMatrixView,
        rows: Range<Int>, statistics: RowStatistics
    ) {
        var request = tf_norm_backward(
            x: x.base, dy: dy.base, dx: dx.base, x_stride: Int64(x.stride),
            dy_stride: Int64(dy.stride), dx_stride: Int64(dx.stride),
            first_row: Int32(rows.lowerBound), end_row: Int32(rows.upperBound),
            width: Int32(x.columns), gamma: norm.gamma, epsilon: norm.epsilon,
            mean: statistics.mean, inverse: statistics.inverse)
        learning.norm_backward(&request)
    }

    /// Adds the gradients of gamma and beta, of those columns.
    package func normSums(
        _ x: MatrixView, _ dy: MatrixView, columns: Range<Int>, statistics: RowStatistics,
        gamma: UnsafeMutablePointer<Float>, beta: UnsafeMutablePointer<Float>
    ) {
        var request = tf_norm_sums(
            x: x.base, dy: dy.base, x_stride: Int64(x.stride), dy_stride: Int64(dy.stride),
            rows: Int32(x.rows), first_column: Int32(columns.lowerBound),
            end_column: Int32(columns.upperBound), mean: statistics.mean,
            inverse: statistics.inverse, gamma: gamma, beta: beta)
        learning.norm_sums(&request)
    }

    /// d *= the activation's derivative at x.
    package func activateBackward(
        _ x: MatrixView, _ d: MutableMatrixView, _ epilogue: Epilogue, rows: Range<Int>
    ) {
        for row in rows {
            learning.activate_backward(
                x.base + row * x.stride, d.base + row * d.stride, Int64(x.columns),
                epilogue.rawValue)
        }
    }

    /// d = p (d - Σ d p) · factor, row by row: a softmax backwards.
    package func softmaxBackward(_ p: MatrixView, _ d: MutableMatrixView, factor: Float = 1) {
        precondition(p.stride == d.stride)
        learning.softmax_backward(
            p.base, d.base, Int64(p.stride), Int32(p.rows), Int32(p.columns), factor)
    }

    /// Σ x², in double.
    package func sumOfSquares(_ x: UnsafePointer<Float>, count: Int) -> Double {
        learning.sum_squares(x, Int64(count))
    }

    /// One step of AdamW over `count` parameters; see learning.h.
    package func adamw(_ step: AdamWStep, _ place: AdamWPlace, count: Int) {
        var request = tf_adamw(
            w: place.weights, gradient: place.gradients, moment: place.moments,
            square: place.squares, count: Int64(count), scale: step.scale, rate: step.rate,
            decay: step.decay, beta1: step.beta1, beta2: step.beta2, epsilon: step.epsilon,
            correction1: step.correction1, correction2: step.correction2)
        learning.adamw(&request)
    }
}

/// Mean and inverse deviation of every row, from `normBackward` to `normSums`.
package struct RowStatistics: @unchecked Sendable {
    // Safe to share: lanes write disjoint rows, and read after a barrier.
    fileprivate let mean: UnsafeMutablePointer<Float>
    fileprivate let inverse: UnsafeMutablePointer<Float>

    package init(rows: Int, in scratch: inout Scratch) {
        mean = scratch.values(Float.self, rows)
        inverse = scratch.values(Float.self, rows)
    }
}

/// What a step of AdamW does to every parameter alike.
package struct AdamWStep: Sendable {
    /// Gradients are multiplied by it first: clipping.
    package var scale: Float
    package var rate: Float
    package var decay: Float
    package var beta1: Float
    package var beta2: Float
    package var epsilon: Float
    /// 1 / (1 - β^t)
    package var correction1: Float
    package var correction2: Float

    package init(
        scale: Float, rate: Float, decay: Float, beta1: Float, beta2: Float, epsilon: Float,
        correction1: Float, correction2: Float
    ) {
        self.scale = scale
        self.rate = rate
        self.decay = decay
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon
        self.correction1 = correction1
        self.correction2 = correction2
    }
}

/// Where parameters, gradients and moments lie.
package struct AdamWPlace {
    let weights: UnsafeMutablePointer<Float>
    let gradients: UnsafeMutablePointer<Float>
    let moments: UnsafeMutablePointer<Float>
    let squares: UnsafeMutablePointer<Float>

    package init(
        weights: UnsafeMutablePointer<Float>, gradients: UnsafeMutablePointer<Float>,
        moments: UnsafeMutablePointer<Float>, squares: UnsafeMutablePointer<Float>
    ) {
        self.weights = weights
        self.gradients = gradients
        self.moments = moments
        self.squares = squares
    }

    package func advanced(by count: Int) -> AdamWPlace {
        AdamWPlace(
            weights: weights + count, gradients: gradients + count, moments: moments + count,
            squares: squares + count)
    }
}

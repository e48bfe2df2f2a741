// The operations on rows of floats: layer norm, sums of embeddings, softmax, activations.

internal import CKernels

extension Kernels {
    /// Normalises every row of x in place.
    package func layerNorm(_ x: MutableMatrixView, _ norm: RowNorm) {
        var request = rows(x)
        request.gamma = norm.gamma
        request.beta = norm.beta
        request.epsilon = norm.epsilon
        table.pointee.layer_norm(&request)
    }

    /// out = a + b + c, `count` floats each; c may be missing.
    package func sum(
        _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ c: UnsafePointer<Float>?,
        count: Int, into out: UnsafeMutablePointer<Float>
    ) {
        table.pointee.sum_rows(out, a, b, c, Int64(count))
    }

    /// Softmax of every row of x in place.
    package func softmax(_ x: MutableMatrixView) {
        var request = rows(x)
        table.pointee.softmax(&request)
    }

    /// An activation of every value, in place.
    package func activate(_ x: MutableMatrixView, _ epilogue: Epilogue) {
        for row in 0..<x.rows {
            table.pointee.activate(x.base + row * x.stride, Int64(x.columns), epilogue.rawValue)
        }
    }

    private func rows(_ x: MutableMatrixView) -> tf_rows {
        tf_rows(
            x: x.base, stride: Int64(x.stride), rows: Int32(x.rows), width: Int32(x.columns),
            gamma: nil, beta: nil, epsilon: 0)
    }
}

// The arithmetic that the forward pass is written in: products, norms and activations over matrices
// of f32.
//
// Products run on OpenBLAS; where its choice of kernel would let a row's result depend on the
// number of rows (see OpenBLAS), the rows are padded or the plain product is taken, by shape of the
// weights alone. So a row's result depends on that row and the weights only.

internal import Numerics
internal import Weights

struct Compute: Sendable {
    let threads = 1
    private let blas: OpenBLAS

    init() throws(EncoderError) {
        guard let blas = OpenBLAS.shared else {
            throw .unavailable("libopenblas.so.0 is not installed (Debian: libopenblas0)")
        }
        self.blas = blas
    }

    /// y [T, N] = x [T, K] · W [N, K]ᵀ + b [N]
    /// - Precondition: x and y have memory for `OpenBLAS.mostPaddedRows` rows.
    func affine(_ x: MatrixView, _ dense: Dense, into y: MutableMatrixView) {
        if dense.weight.rows < OpenBLAS.leastColumns {
            Reference.affine(x, dense.weight, bias: dense.bias, into: y)
            return
        }
        let rows = max(x.rows, OpenBLAS.leastRows(columns: y.columns))
        blas.product(
            MatrixView(x.base, rows: rows, columns: x.columns, stride: x.stride),
            transposed: dense.weight,
            into: MutableMatrixView(y.base, rows: rows, columns: y.columns, stride: y.stride))
        for row in 0..<x.rows { add(dense.bias, to: y[row]) }
    }

    /// scores [m, n] = scale · q [m, D] · k [n, D]ᵀ, each row softmaxed.
    func attentionWeights(
        _ q: MatrixView, _ k: MatrixView, scale: Float, into scores: MutableMatrixView
    ) {
        blas.product(q, transposed: k, alpha: scale, into: scores)
        for row in 0..<scores.rows { Reference.softmax(scores[row]) }
    }

    /// context [m, D] = weights [m, n] · v [n, D]
    func attend(_ weights: MatrixView, _ v: MatrixView, into context: MutableMatrixView) {
        blas.product(weights, v, into: context)
    }

    /// y = norm(x + y), row by row; y may be x's successor.
    func addAndNormalize(
        _ x: MatrixView, _ sum: MutableMatrixView, _ norm: LayerNorm, into y: MutableMatrixView
    ) {
        for row in 0..<x.rows {
            add(x[row], to: sum[row])
            normalize(sum.readOnly[row], norm, into: y[row])
        }
    }

    func normalize(
        _ x: UnsafeBufferPointer<Float>, _ norm: LayerNorm,
        into y: UnsafeMutableBufferPointer<Float>
    ) {
        Reference.layerNorm(
            x, weight: norm.weight, bias: norm.bias, epsilon: norm.epsilon, into: y)
    }

    func activate(_ x: MutableMatrixView, _ activation: BERTConfiguration.Activation) {
        for row in 0..<x.rows {
            let values = x[row]
            switch activation {
            case .gelu:
                for index in values.indices { values[index] = Reference.gelu(values[index]) }
            case .geluNew, .geluTanh:
                for index in values.indices { values[index] = Reference.geluTanh(values[index]) }
            case .relu: for index in values.indices { values[index] = max(0, values[index]) }
            }
        }
    }

    func add(_ x: UnsafeBufferPointer<Float>, to y: UnsafeMutableBufferPointer<Float>) {
        for index in y.indices { y[index] += x[index] }
    }
}

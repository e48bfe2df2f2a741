// A dense layer as training sees it, y = x Wᵀ + b: forwards, backwards, and with an adapter.
//
// With an adapter the layer multiplies by W + scale · B A, which is computed again after every
// change of A and B; W itself is frozen. The chain rule then needs only thin products:
//     dB [N, r] += scale · dyᵀ (x Aᵀ)          dA [r, K] += scale · (dy B)ᵀ x
//
// Letters: T tokens, N output and K input channels, r rank.

internal import Numerics

struct Dense {
    /// [N, K], what x is multiplied with.
    let weight: MatrixView
    let bias: UnsafePointer<Float>
    /// nil: frozen.
    let weightGradient: MutableMatrixView?
    let biasGradient: UnsafeMutablePointer<Float>?
    let adapter: Adapter?

    struct Adapter {
        let base: MatrixView  // [N, K]
        let effective: MutableMatrixView  // [N, K]
        let down: MatrixView  // A [r, K]
        let up: MatrixView  // B [N, r]
        let downGradient: MutableMatrixView
        let upGradient: MutableMatrixView
        let scale: Float
    }
}

/// Runs dense layers on all lanes.
struct DenseRunner {
    let multiplier: Multiplier
    let precision: Precision

    private var pool: WorkerPool { multiplier.pool }
    private var kernels: Kernels { multiplier.kernels }

    /// y [T, N] = x [T, K] Wᵀ + b
    func forward(
        _ x: MatrixView, _ dense: Dense, into y: MutableMatrixView
    ) throws(OutOfMemory) {
        try multiplier.multiply(
            .along(x), .along(dense.weight), bias: dense.bias, precision: precision, into: y)
    }

    /// dx [T, K] = dy [T, N] W, or with `.add` dx + dy W.
    func backward(
        _ dy: MatrixView, _ dense: Dense, _ epilogue: Epilogue, into dx: MutableMatrixView
    ) throws(OutOfMemory) {
        try multiplier.multiply(
            .along(dy), .down(dense.weight), epilogue, precision: precision, into: dx)
    }

    /// Adds the gradients of weight and bias; thin: [T, r] scratch twice for an adapter.
    func learn(
        _ dy: MatrixView, _ x: MatrixView, _ dense: Dense, thin: ThinScratch?
    ) throws(OutOfMemory) {
        if let gradient = dense.biasGradient { sumDown(dy, into: gradient) }
        if let gradient = dense.weightGradient {
            try multiplier.multiply(
                .down(dy), .down(x), .add, precision: precision, into: gradient)
        }
        guard let adapter = dense.adapter, let thin else { return }
        let rank = adapter.down.rows
        let (inner, back) = (thin.inner.columns(0..<rank), thin.back.columns(0..<rank))
        try multiplier.multiply(.along(x), .along(adapter.down), precision: precision, into: inner)
        scale(inner, by: adapter.scale)
        try multiplier.multiply(
            .down(dy), .down(inner.readOnly), .add, precision: precision, into: adapter.upGradient)
        try multiplier.multiply(.along(dy), .down(adapter.up), precision: precision, into: back)
        scale(back, by: adapter.scale)
        try multiplier.multiply(
            .down(back.readOnly), .down(x), .add, precision: precision, into: adapter.downGradient)
    }

    /// effective = W + scale · B A
    func merge(_ adapter: Dense.Adapter, _ scratch: MutableMatrixView) throws(OutOfMemory) {
        let up = MutableMatrixView(
            scratch.base, rows: adapter.up.rows, columns: adapter.up.columns)
        copy(adapter.up, into: up)
        scale(up, by: adapter.scale)
        copy(adapter.base, into: adapter.effective)
        try multiplier.multiply(
            .along(up.readOnly), .down(adapter.down), .add, precision: .f32,
            into: adapter.effective)
    }

    func sumDown(_ x: MatrixView, into sum: UnsafeMutablePointer<Float>) {
        pool.run { lane in
            kernels.sumDown(x, columns: lane.columns(of: x.columns), into: sum)
        }
    }

    func copy(_ x: MatrixView, into y: MutableMatrixView) {
        pool.run { lane in
            for row in lane.share(of: x.rows) { _ = y[row].update(from: x[row]) }
        }
    }

    private func scale(_ x: MutableMatrixView, by factor: Float) {
        pool.run { lane in
            for row in lane.share(of: x.rows) {
                kernels.scale(x.base + row * x.stride, count: x.columns, by: factor)
            }
        }
    }
}

/// [T, r] twice, for the products of adapters.
struct ThinScratch {
    let inner: MutableMatrixView
    let back: MutableMatrixView
}

extension Lane {
    /// This lane's columns, a multiple of a cache line but for the last.
    func columns(of count: Int) -> Range<Int> {
        let lines = share(of: (count + 15) / 16)
        return min(lines.lowerBound * 16, count)..<min(lines.upperBound * 16, count)
    }
}

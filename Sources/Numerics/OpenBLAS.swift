// OpenBLAS's sgemm: the portable matrix product, opened only when it is needed.
//
// Its library is opened at run time for two reasons. Loading it takes about 30 ms, which a daemon
// on our own kernels need not spend. And it reads its settings from the environment while it loads
// (core type, cache size, threads): a foreign OPENBLAS_CORETYPE=Haswell halves its speed on a
// processor with AVX-512, so we take those variables away first, let it detect the processor
// itself, and tell it one thread, because the threads are ours.
//
// Determinism, as measured on its Cooperlake kernels for 16 to 4096 columns and 17 to 4096 terms:
// an output element does not depend on how the columns of the output are split among calls, nor on
// the number of rows, as long as the output has more than about 1200 elements. Smaller outputs are
// computed by kernels that add in another order. So callers pad the rows to `leastRows`; narrow
// outputs (classifiers) are computed by `Reference`.
//
// Not safe: the first use changes the environment, so it must happen before other threads read it.

internal import Syscalls

package struct OpenBLAS: Sendable {
    /// nil where the library is not installed.
    package static let shared = OpenBLAS()

    // cblas_sgemm(order, transA, transB, M, N, K, alpha, A, lda, B, ldb, beta, C, ldc)
    private typealias SGEMM =
        @convention(c) (
            Int32, Int32, Int32, Int32, Int32, Int32, Float, UnsafePointer<Float>, Int32,
            UnsafePointer<Float>, Int32, Float, UnsafeMutablePointer<Float>, Int32
        ) -> Void

    private let sgemm: SGEMM
    /// What it detected, e.g. `Cooperlake`.
    package let coreName: String

    private static let rowMajor: Int32 = 101
    private static let asIs: Int32 = 111
    private static let transposed: Int32 = 112

    private init?() {
        for name in [
            "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "OPENBLAS_BLOCK_FACTOR", "OPENBLAS_VERBOSE",
            "OPENBLAS_DEFAULT_NUM_THREADS", "OPENBLAS_THREAD_TIMEOUT", "OPENBLAS_MAIN_FREE",
            "GOTO_NUM_THREADS", "GOTOBLAS_MAIN_FREE", "OMP_NUM_THREADS", "OMP_ADAPTIVE",
        ] { removeEnvironment(name) }
        setEnvironment("OPENBLAS_NUM_THREADS", "1")
        guard let library = DynamicLibrary(["libopenblas.so.0", "libopenblas.so"]),
            let sgemm = library.symbol("cblas_sgemm")
        else { return nil }
        self.sgemm = unsafeBitCast(sgemm, to: SGEMM.self)
        typealias Name = @convention(c) () -> UnsafePointer<CChar>?
        let name = library.symbol("openblas_get_corename").flatMap {
            unsafeBitCast($0, to: Name.self)()
        }
        coreName = name.map { String(cString: $0) } ?? "unknown"
    }

    /// y [T, N] = alpha · x [T, K] · w [N, K]ᵀ
    package func product(
        _ x: MatrixView, transposed w: MatrixView, alpha: Float = 1, into y: MutableMatrixView
    ) {
        precondition(x.columns == w.columns && x.rows == y.rows && w.rows == y.columns)
        sgemm(
            Self.rowMajor, Self.asIs, Self.transposed, Int32(x.rows), Int32(w.rows),
            Int32(x.columns), alpha, x.base, Int32(x.stride), w.base, Int32(w.stride), 0, y.base,
            Int32(y.stride))
    }

    /// y [T, N] = x [T, K] · b [K, N]
    package func product(_ x: MatrixView, _ b: MatrixView, into y: MutableMatrixView) {
        precondition(x.columns == b.rows && x.rows == y.rows && b.columns == y.columns)
        sgemm(
            Self.rowMajor, Self.asIs, Self.asIs, Int32(x.rows), Int32(b.columns),
            Int32(x.columns), 1, x.base, Int32(x.stride), b.base, Int32(b.stride), 0, y.base,
            Int32(y.stride))
    }
}

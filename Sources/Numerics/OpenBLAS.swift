// OpenBLAS's sgemm: the f32 product of processors that our own kernels have no instructions for.
//
// It is `Kernels(isa: "openblas")`, and what `Kernels.best()` takes where there is no AVX2; it is
// optional: without the library the scalar kernels do the work. Everything but the f32 product is
// theirs anyway. It multiplies panels as every other table has them, a tile of 48 x 32 at a time:
//
//     activations [K][48]  transposed  x  weights [K][32]  ->  tile [48][32]  ->  epilogue
//
// Invariant: always that one shape, whatever the batch, so that an element is computed by the same
// instructions wherever it stands: 48 is a multiple of every kernel's height (4, 6, 8, 12, 16, 24),
// and rows that a batch lacks are padding. It is slower than a large sgemm and that is its price.
//
// The library is opened at run time, because loading it takes about 30 ms which nobody else need
// spend, and because it reads its settings from the environment while it loads: a foreign core type
// halves its speed, so those variables are taken away first. It is told one thread: threads are
// ours. Not safe: the first use changes the environment, so it must happen before other threads
// read it.

internal import CKernels
internal import Syscalls

struct OpenBLAS: Sendable {
    /// nil where the library is not installed.
    static let shared = OpenBLAS()

    /// Of a panel of activations.
    static let panelRows = 48

    // cblas_sgemm(order, transA, transB, M, N, K, alpha, A, lda, B, ldb, beta, C, ldc)
    private typealias SGEMM =
        @convention(c) (
            Int32, Int32, Int32, Int32, Int32, Int32, Float, UnsafePointer<Float>, Int32,
            UnsafePointer<Float>, Int32, Float, UnsafeMutablePointer<Float>, Int32
        ) -> Void

    private let sgemm: SGEMM

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
    }

    /// The panels that the request names, of packed f32 activations and weights.
    func product(_ request: inout tf_product) {
        let rows = Self.panelRows, columns = PackedMatrix.panelColumns
        precondition(Int(request.a.panel_rows) == rows)
        withUnsafeTemporaryAllocation(of: Float.self, capacity: rows * columns) { tile in
            let (units, columns) = (Int32(request.a.units), Int32(columns))
            let a = request.a.panels!.assumingMemoryBound(to: Float.self)
            let w = request.w.panels!.assumingMemoryBound(to: Float.self)
            for panel in request.first_panel..<request.end_panel {
                let b = w + Int(panel) * Int(units) * Int(columns)  // [K][32]
                for first in stride(from: 0, to: request.a.rows, by: rows) {
                    sgemm(
                        Self.rowMajor, Self.transposed, Self.asIs, Int32(rows), columns, units, 1,
                        a + Int(first) * Int(units), Int32(rows), b, columns, 0,
                        tile.baseAddress!, columns)
                    let live = min(Int32(rows), request.a.rows - first)
                    tf_finish_scalar(&request, first, live, panel, tile.baseAddress!)
                }
            }
        }
    }
}

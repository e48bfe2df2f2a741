// OpenBLAS's sgemm: the f32 product of processors that our own kernels have no instructions for.
//
// It is `Kernels(isa: "openblas")`, and what `Kernels.best()` takes where there is no AVX2; it is
// optional: without the library the scalar kernels do the work. Everything but the f32 product is
// theirs anyway. It multiplies panels as every other table has them, a tile of 48 x 32 at a time:
//
//     activations [K][48]  transposed  x  weights [K][32]  ->  tile [48][32]  ->  epilogue
//
// Invariant: every call has the same shape, whatever the batch, chosen so that equal rows give
// equal bits; rows that a batch lacks are padding. How many of the 48 rows such a call may have is
// found once, by trying: the kernel for Haswell and Zen adds up the first and the last six of
// twelve rows in different orders, but a call of eight in one order. This is slower than one large
// sgemm.
//
// The library is opened at run time, because loading it takes about 30 ms that nobody else need
// spend, and because it reads its settings from the environment while it loads: the wrong core type
// halves its speed, so those variables are removed first. It is told to use one thread: the threads
// are ours. Not safe: the first use changes the environment, so it must happen before other threads
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
    /// Rows of a call, a divisor of `panelRows`.
    private let callRows: Int

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
        callRows = Self.largestRowInvariantCall(of: self.sgemm)
    }

    /// Feed identical rows, require identical results: the most rows of a call that pass.
    private static func largestRowInvariantCall(of sgemm: SGEMM) -> Int {
        let columns = PackedMatrix.panelColumns, longest = 1025
        // Values whose sums round, so that another order gives another result.
        let value = { (at: Int) in Float((at * 7919) % 1009) / 1009 - 0.5 }
        let a = (0..<longest * panelRows).map { value($0 / panelRows) }
        let b = (0..<longest * columns).map { value($0 + 500) }
        var tile = [Float](repeating: 0, count: panelRows * columns)
        return [48, 24, 16, 8, 4, 2].first { rows in
            [3, 16, 67, longest].allSatisfy { units in
                multiply(sgemm, rows, a, b, units: units, into: &tile)
                return tile.indices.allSatisfy { tile[$0] == tile[$0 % columns] }
            }
        } ?? 1
    }

    /// tile [48][32] = a [units][48] transposed x b [units][32], some rows a call.
    private static func multiply(
        _ sgemm: SGEMM, _ rows: Int, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>,
        units: Int, into tile: UnsafeMutablePointer<Float>
    ) {
        let columns = PackedMatrix.panelColumns, width = Int32(columns)
        for row in stride(from: 0, to: panelRows, by: rows) {
            sgemm(
                rowMajor, transposed, asIs, Int32(rows), width, Int32(units), 1,
                a + row, Int32(panelRows), b, width, 0, tile + row * columns, width)
        }
    }

    /// The panels that the request names, of packed f32 activations and weights.
    func product(_ request: inout tf_product) {
        let rows = Self.panelRows, columns = PackedMatrix.panelColumns
        precondition(Int(request.a.panel_rows) == rows)
        withUnsafeTemporaryAllocation(of: Float.self, capacity: rows * columns) { tile in
            let units = Int(request.a.units)
            let a = request.a.panels!.assumingMemoryBound(to: Float.self)
            let w = request.w.panels!.assumingMemoryBound(to: Float.self)
            for panel in request.first_panel..<request.end_panel {
                let b = w + Int(panel) * units * columns  // [K][32]
                for first in stride(from: 0, to: request.a.rows, by: rows) {
                    Self.multiply(
                        sgemm, callRows, a + Int(first) * units, b, units: units,
                        into: tile.baseAddress!)
                    let live = min(Int32(rows), request.a.rows - first)
                    tf_finish_scalar(&request, first, live, panel, tile.baseAddress!)
                }
            }
        }
    }
}

// A matrix as one side of a product, and the memory in which the right side is packed.
//
//     c [M, N] = Σ over k of a(m, k) · b(n, k)
//
// A factor is `along` when k runs along its rows ([M, K], as activations and weights lie), and
// `down` when it runs down its columns ([K, M]). So a layer's three products are one operation:
//
//     y  [T, N] = along(x [T, K])  · along(w [N, K])      forward
//     dx [T, K] = along(dy [T, N]) · down(w [N, K])
//     dw [N, K] = down(dy [T, N])  · down(x [T, K])
//
// Packing makes both kinds look the same to the kernels; nothing is ever transposed in memory.

internal import CKernels

package struct Factor: Sendable {
    package let view: MatrixView
    package let isDown: Bool

    package static func along(_ view: MatrixView) -> Factor { Factor(view: view, isDown: false) }
    package static func down(_ view: MatrixView) -> Factor { Factor(view: view, isDown: true) }

    /// M or N: rows or columns of the result.
    package var count: Int { isDown ? view.columns : view.rows }
    /// K, what the sum runs over.
    package var length: Int { isDown ? view.rows : view.columns }

    /// The part of the sums that runs over those k.
    func over(_ range: Range<Int>) -> Factor {
        Factor(view: isDown ? view.rows(range) : view.columns(range), isDown: isDown)
    }

    /// The part that makes those rows or columns of the result.
    func part(_ range: Range<Int>) -> Factor {
        Factor(view: isDown ? view.columns(range) : view.rows(range), isDown: isDown)
    }
}

/// The right side in panels of 32 columns: scratch, filled anew for every product. Not for int8.
package struct PackedColumns: @unchecked Sendable {
    // Safe to share: lanes fill disjoint panels, and read after a barrier.
    package let columns: Int
    package let width: Int
    package let precision: Precision
    fileprivate let panels: UnsafeMutableRawPointer

    package var panelCount: Int {
        (columns + PackedMatrix.panelColumns - 1) / PackedMatrix.panelColumns
    }

    package init(columns: Int, width: Int, precision: Precision, in scratch: inout Scratch) {
        precondition(precision != .int8)
        self.columns = columns
        self.width = width
        self.precision = precision
        let count = PackedMatrix.byteCount(columns: columns, width: width, precision: precision)
        panels = scratch.bytes(count)
    }

    fileprivate var weights: tf_weights {
        tf_weights(
            panels: panels, scale: nil, sum: nil, units: Int64(precision.units(width)),
            columns: Int32(columns))
    }
}

extension Kernels {
    /// Packs panels of the right side.
    package func pack(_ b: Factor, into columns: PackedColumns, panels: Range<Int>) {
        precondition(b.count == columns.columns && b.length == columns.width)
        guard !b.isDown else {
            return packDown(
                b.view, height: PackedMatrix.panelColumns, columns.precision, columns.panels,
                panels)
        }
        var request = tf_pack_weights()
        request.w = b.view.base
        request.w_stride = Int64(b.view.stride)
        request.width = Int32(b.length)
        request.columns = Int32(b.count)
        request.panels = columns.panels
        request.units = Int64(columns.precision.units(b.length))
        request.first_panel = Int32(panels.lowerBound)
        request.end_panel = Int32(panels.upperBound)
        packWeights(&request, columns.precision)
    }

    /// Packs all panels of the left side.
    func pack(_ a: Factor, into rows: PackedRows) {
        precondition(a.count == rows.rows && a.length == rows.width && rows.precision != .int8)
        let all = 0..<rows.panelCount
        if a.isDown {
            let panels = rows.activations.panels!
            return packDown(a.view, height: rows.panelRows, rows.precision, panels, all)
        }
        // Without a norm, packing only reads.
        let view = MutableMatrixView(
            UnsafeMutablePointer(mutating: a.view.base), rows: a.view.rows,
            columns: a.view.columns, stride: a.view.stride)
        pack(view, into: rows, panels: all)
    }

    private func packDown(
        _ x: MatrixView, height: Int, _ precision: Precision, _ panels: UnsafeMutableRawPointer,
        _ range: Range<Int>
    ) {
        var request = tf_pack_down(
            x: x.base, x_stride: Int64(x.stride), width: Int32(x.rows), columns: Int32(x.columns),
            height: Int32(height), first_panel: Int32(range.lowerBound),
            end_panel: Int32(range.upperBound), panels: panels,
            units: Int64(precision.units(x.rows)))
        let functions = table.pointee.learning.pointee.pack_down
        if precision == .f32 { functions.0(&request) } else { functions.1(&request) }
    }

    /// c [M, N] = epilogue(a · b + bias), all of it.
    package func product(
        _ a: PackedRows, _ b: PackedColumns, bias: UnsafePointer<Float>? = nil,
        _ epilogue: Epilogue, into c: MutableMatrixView
    ) {
        precondition(c.rows == a.rows && c.columns == b.columns && a.width == b.width)
        precondition(a.precision == b.precision)
        multiply(
            a, b.weights, b.precision, bias, epilogue.rawValue, UnsafeMutableRawPointer(c.base),
            c.stride, 0..<b.panelCount)
    }
}

// Activations in the order in which the product reads them: panels of a few rows, unit by unit.
//
//     panel p: rows p * panelRows ..< (p + 1) * panelRows as [units of K][panelRows] units
//     scales [rows], zeros [rows]: int8 only, x = scale * (q - zero)
//
// It is scratch: made for some number of rows, and filled anew for every product. The
// panels are as equal in height as they can be: 16 rows are two panels of 8, not one of 14 and one
// of 2, because a low panel keeps the multipliers waiting for loads.

internal import CKernels

package struct PackedRows {
    package let precision: Precision
    package let rows: Int
    package let width: Int
    package let panelRows: Int
    private let panels: UnsafeMutableRawPointer
    private let scales: UnsafeMutablePointer<Float>
    private let zeros: UnsafeMutablePointer<Int32>

    package var panelCount: Int { (rows + panelRows - 1) / panelRows }

    package init(
        rows: Int, width: Int, precision: Precision, kernels: Kernels, in scratch: inout Scratch
    ) {
        let most = kernels.panelRows(precision)
        let count = max(1, (rows + most - 1) / most)
        self.rows = rows
        self.width = width
        self.precision = precision
        panelRows = kernels.padsPanels(precision) ? most : max(1, (rows + count - 1) / count)
        panels = scratch.bytes(count * panelRows * precision.units(width) * 4)
        scales = scratch.values(Float.self, precision == .int8 ? rows : 0)
        zeros = scratch.values(Int32.self, precision == .int8 ? rows : 0)
    }

    var activations: tf_activations {
        tf_activations(
            panels: panels, scale: scales, zero: zeros, units: Int64(precision.units(width)),
            rows: Int32(rows), panel_rows: Int32(panelRows))
    }
}

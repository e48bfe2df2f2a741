// The dispatch table as a value: what this processor can run, chosen once and passed down.
//
// Every call here is one thread's part of an operation: the caller names the panels (32 output
// columns, or a few rows) that are this thread's. No call allocates. Whatever the parts, an output
// element is computed by the same operations in the same order: results do not depend on batch,
// block or thread count.

internal import CKernels
internal import Syscalls

/// Bias comes first, always; then one of these.
package enum Epilogue: Int32, Sendable, CaseIterable {
    case store = 0
    /// Adds what stands in the output: the residual.
    case add = 1
    case geluErf = 2
    case geluTanh = 3
    case relu = 4
    case tanh = 5
}

/// Scale and shift of a layer norm [H].
package struct RowNorm: @unchecked Sendable {
    // Safe to share: constant; the model keeps the memory.
    package let gamma: UnsafePointer<Float>
    package let beta: UnsafePointer<Float>
    package let epsilon: Float

    package init(
        gamma: UnsafePointer<Float>, beta: UnsafePointer<Float>, epsilon: Float
    ) {
        self.gamma = gamma
        self.beta = beta
        self.epsilon = epsilon
    }
}

package struct Kernels: @unchecked Sendable {
    // Safe to share: the table is constant data of the program.
    let table: UnsafePointer<tf_kernels>
    /// Takes the place of the table's f32 product.
    private let blas: OpenBLAS?

    /// Every table that this processor can run, the plainest first; then OpenBLAS where it is
    /// installed, which this opens.
    package static let all = tables + [Kernels(openBLAS: .shared)].compactMap { $0 }

    private static let tables: [Kernels] = {
        var found: [Kernels] = []
        var index: Int32 = 0
        while let table = tf_table(index) {
            if tf_supported(index) { found.append(Kernels(table: table, blas: nil)) }
            index += 1
        }
        return found
    }()

    /// The richest one, or the one that `TEXTFLIX_ISA` names. Where a processor has none of our
    /// instruction sets, OpenBLAS if it is installed. Whether the name is good, `complaint` says.
    package static func best() -> Kernels {
        if let name = environment(variable), let named = Kernels(isa: name) { return named }
        if tables.count == 1, let portable = Kernels(openBLAS: .shared) { return portable }
        return tables[tables.count - 1]
    }

    /// What is wrong with `TEXTFLIX_ISA`; nil where it is not set, or `init(isa:)` finds it.
    package static func complaint(
        _ environment: (String) -> String? = environment
    ) -> String? {
        guard let name = environment(variable), Kernels(isa: name) == nil else { return nil }
        let names = tables.map(\.name).joined(separator: ", ")
        return "\(variable): '\(name)' is not to be had here; there are \(names), and \(openBLAS) "
            + "where it is installed"
    }

    /// By name: `scalar`, `avx2`, `avx512`, `avx512vnni`, `avx512bf16`, `openblas`; nil when this
    /// processor lacks it, or the system the library.
    package init?(isa: String) {
        let isBLAS = isa == Kernels.openBLAS
        let found = isBLAS ? Kernels(openBLAS: .shared) : Kernels.tables.first { $0.name == isa }
        guard let found else { return nil }
        self = found
    }

    private init(table: UnsafePointer<tf_kernels>, blas: OpenBLAS?) {
        self.table = table
        self.blas = blas
    }

    private init?(openBLAS blas: OpenBLAS?) {
        guard let blas else { return nil }
        self.init(table: Kernels.tables[0].table, blas: blas)
    }

    private static let variable = "TEXTFLIX_ISA"
    private static let openBLAS = "openblas"

    package var name: String {
        blas == nil ? String(cString: table.pointee.name) : Kernels.openBLAS
    }

    /// Whether a panel of activations has its full height whatever the rows.
    func padsPanels(_ precision: Precision) -> Bool { blas != nil && precision == .f32 }

    /// The most rows of a panel of activations.
    func panelRows(_ precision: Precision) -> Int {
        if padsPanels(precision) { return OpenBLAS.panelRows }
        let rows = table.pointee.panel_rows
        switch precision {
        case .f32: return Int(rows.0)
        case .bf16: return Int(rows.1)
        case .int8: return Int(rows.2)
        }
    }

    /// The most units of a sum that training makes in one piece.
    var partUnits: Int { Int(table.pointee.part_units) }

    func packWeights(_ request: inout tf_pack_weights, _ precision: Precision) {
        let functions = table.pointee.pack_weights
        switch precision {
        case .f32: functions.0(&request)
        case .bf16: functions.1(&request)
        case .int8: functions.2(&request)
        }
    }

    /// Packs panels of x [rows, K]; with a norm, normalises those rows of x first, in place.
    package func pack(
        _ x: MutableMatrixView, norm: RowNorm? = nil, into rows: PackedRows, panels: Range<Int>
    ) {
        precondition(x.rows == rows.rows && x.columns == rows.width)
        var request = tf_pack()
        request.x = x.base
        request.x_stride = Int64(x.stride)
        request.width = Int32(x.columns)
        request.first_panel = Int32(panels.lowerBound)
        request.end_panel = Int32(panels.upperBound)
        request.gamma = norm?.gamma
        request.beta = norm?.beta
        request.epsilon = norm?.epsilon ?? 0
        request.a = rows.activations
        let functions = table.pointee.pack
        switch rows.precision {
        case .f32: functions.0(&request)
        case .bf16: functions.1(&request)
        case .int8: functions.2(&request)
        }
    }

    /// y [T, N] = epilogue(x [T, K] Wᵀ + bias), only the panels of 32 columns given.
    package func product(
        _ x: PackedRows, _ w: PackedMatrix, bias: UnsafePointer<Float>?, _ epilogue: Epilogue,
        into y: MutableMatrixView, panels: Range<Int>
    ) {
        precondition(y.rows == x.rows && y.columns == w.columns)
        multiply(
            x, w, bias, epilogue.rawValue, UnsafeMutableRawPointer(y.base), y.stride, panels)
    }

    /// As `product` with `.store`, in bfloat16.
    package func product(
        _ x: PackedRows, _ w: PackedMatrix, bias: UnsafePointer<Float>?,
        intoHalf y: UnsafeMutablePointer<UInt16>, stride: Int, panels: Range<Int>
    ) {
        multiply(x, w, bias, Int32(TF_STORE_BF16), UnsafeMutableRawPointer(y), stride, panels)
    }

    private func multiply(
        _ x: PackedRows, _ w: PackedMatrix, _ bias: UnsafePointer<Float>?, _ epilogue: Int32,
        _ out: UnsafeMutableRawPointer, _ stride: Int, _ panels: Range<Int>
    ) {
        precondition(x.width == w.width && x.precision == w.precision)
        precondition(panels.lowerBound >= 0 && panels.upperBound <= w.panelCount)
        multiply(x, w.weights, w.precision, bias, epilogue, out, stride, panels)
    }

    func multiply(
        _ x: PackedRows, _ w: tf_weights, _ precision: Precision, _ bias: UnsafePointer<Float>?,
        _ epilogue: Int32, _ out: UnsafeMutableRawPointer, _ stride: Int, _ panels: Range<Int>
    ) {
        var request = tf_product(
            a: x.activations, w: w, bias: bias, out: out, out_stride: Int64(stride),
            first_panel: Int32(panels.lowerBound), end_panel: Int32(panels.upperBound),
            epilogue: epilogue)
        if let blas, precision == .f32 { return blas.product(&request) }
        let functions = table.pointee.product
        switch precision {
        case .f32: functions.0(&request)
        case .bf16: functions.1(&request)
        case .int8: functions.2(&request)
        }
    }
}

// What the numeric tests share: seeded numbers, matrices with canaries, products in double.

import Numerics
import Randomness
import Testing

extension RandomSource {
    /// In -1..<1.
    mutating func float() -> Float { Float.random(in: -1..<1, using: &self) }
}

/// A matrix with canaries around it and between its rows: any write outside it is found.
final class GuardedMatrix {
    static let canary: Float = -123_456
    let rows: Int
    let columns: Int
    private let stride: Int
    private let memory: UnsafeMutablePointer<Float>
    private let count: Int

    init(rows: Int, columns: Int, fill: () -> Float = { 0 }) {
        self.rows = rows
        self.columns = columns
        stride = columns + 5
        count = (rows + 2) * stride
        memory = .allocate(capacity: count)
        memory.initialize(repeating: Self.canary, count: count)
        for row in 0..<rows { for column in 0..<columns { view[row][column] = fill() } }
    }

    convenience init(rows: Int, columns: Int, seed: UInt64, scale: Float = 1) {
        var numbers = RandomSource(seed: seed)
        self.init(rows: rows, columns: columns) { numbers.float() * scale }
    }

    deinit { memory.deallocate() }

    var view: MutableMatrixView {
        MutableMatrixView(memory + stride, rows: rows, columns: columns, stride: stride)
    }

    var values: [Float] { (0..<rows).flatMap { Array(view[$0]) } }

    var isIntact: Bool {
        (0..<count).allSatisfy { index in
            let row = index / stride - 1, column = index % stride
            let isInside = row >= 0 && row < rows && column < columns
            return isInside || memory[index] == Self.canary
        }
    }
}

/// A layer's product by the kernels, over the panels that `parts` lists, on one thread.
func product(
    _ x: GuardedMatrix, _ w: GuardedMatrix, bias: [Float]?, _ epilogue: Epilogue,
    _ precision: Precision, _ kernels: Kernels, into y: GuardedMatrix, parts: Int = 1,
    norm: RowNorm? = nil
) throws {
    let pool = try WorkerPool(threads: 1)
    let packed = try PackedMatrix(
        w.view.readOnly, precision: precision, kernels: kernels, pool: pool)
    func rows(_ scratch: inout Scratch) -> PackedRows {
        PackedRows(
            rows: x.rows, width: x.columns, precision: precision, kernels: kernels, in: &scratch)
    }
    let arena = try Arena(byteCount: Scratch.measure { _ = rows(&$0) })
    var scratch = arena.scratch
    let rows = rows(&scratch)
    kernels.pack(x.view, norm: norm, into: rows, panels: 0..<rows.panelCount)
    defer { withExtendedLifetime(arena) {} }
    let count = packed.panelCount
    for part in 0..<parts {
        let panels = part * count / parts..<(part + 1) * count / parts
        if let bias {
            bias.withUnsafeBufferPointer {
                kernels.product(
                    rows, packed, bias: $0.baseAddress, epilogue, into: y.view, panels: panels)
            }
        } else {
            kernels.product(rows, packed, bias: nil, epilogue, into: y.view, panels: panels)
        }
    }
}

/// x · w in double, and the sum of the absolute products, from which tolerances are derived.
func reference(_ x: UnsafeMutableBufferPointer<Float>, _ w: UnsafeMutableBufferPointer<Float>)
    -> (sum: Double, absolute: Double)
{
    var sum = 0.0
    var absolute = 0.0
    for k in x.indices {
        let term = Double(x[k]) * Double(w[k])
        sum += term
        absolute += abs(term)
    }
    return (sum, absolute)
}

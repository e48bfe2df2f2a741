// The number format of a matrix product's operands. Everything between products is f32.

package enum Precision: String, Sendable, CaseIterable {
    /// 1 value in a unit of 4 bytes, exact.
    case f32
    /// 2 values: an f32 with 8 bits of precision; sums in f32.
    case bf16
    /// 4 values: weights scaled per output channel, activations per token with a zero point.
    case int8

    /// Values in one unit: 4 bytes of a packed row, what a lane of a dot product reads.
    package var valuesInUnit: Int {
        switch self {
        case .f32: 1
        case .bf16: 2
        case .int8: 4
        }
    }

    /// Units of a row of `width` values, the last one padded with zeros.
    package func units(_ width: Int) -> Int { (width + valuesInUnit - 1) / valuesInUnit }

    /// Whether the kernels of that name multiply it by an instruction of its own; else they widen.
    package func hasInstruction(in kernels: String) -> Bool {
        switch self {
        case .f32: true
        case .bf16: kernels == "avx512bf16"
        case .int8: ["avx512vnni", "avx512bf16"].contains(kernels)
        }
    }
}

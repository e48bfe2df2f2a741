// The element types that a safetensors file may hold, under the names that stand in its header.
//
// All are known, so that any valid file can be listed; only the three kinds of floating point that
// BERT checkpoints come in become weights.

package enum ElementType: String, Sendable, CaseIterable {
    case bool = "BOOL"
    case uint8 = "U8"
    case int8 = "I8"
    case float8e4m3 = "F8_E4M3"
    case float8e5m2 = "F8_E5M2"
    case uint16 = "U16"
    case int16 = "I16"
    case float16 = "F16"
    case bfloat16 = "BF16"
    case uint32 = "U32"
    case int32 = "I32"
    case float32 = "F32"
    case uint64 = "U64"
    case int64 = "I64"
    case float64 = "F64"

    package var byteCount: Int {
        switch self {
        case .bool, .uint8, .int8, .float8e4m3, .float8e5m2: 1
        case .uint16, .int16, .float16, .bfloat16: 2
        case .uint32, .int32, .float32: 4
        case .uint64, .int64, .float64: 8
        }
    }

    /// Can it be widened to f32 without loss?
    package var isWeight: Bool { self == .float32 || self == .float16 || self == .bfloat16 }
}

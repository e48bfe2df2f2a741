// Tensors as f32: where they lie when they are, widened or copied when they are not.
//
// F16 and BF16 widen without loss (every value of theirs is an f32). Nothing is rounded anywhere.

extension TensorView {
    /// The floats in place; nil when the tensor is of another type or lies at an odd address, as
    /// the format allows.
    package var floatsInPlace: UnsafeBufferPointer<Float>? {
        let alignment = MemoryLayout<Float>.alignment
        guard type == .float32, UInt(bitPattern: bytes.baseAddress) % UInt(alignment) == 0 else {
            return nil
        }
        return bytes.bindMemory(to: Float.self)
    }

    /// Writes all elements as f32.
    /// - Precondition: the type is a weight's, and `floats` has room for exactly `elementCount`.
    package func widen(into floats: UnsafeMutableBufferPointer<Float>) {
        precondition(type.isWeight && floats.count == elementCount)
        switch type {
        case .float32: UnsafeMutableRawBufferPointer(floats).copyMemory(from: bytes)
        case .bfloat16:
            for index in floats.indices {
                floats[index] = Float(bitPattern: UInt32(half(index)) << 16)
            }
        default:
            for index in floats.indices { floats[index] = Self.float(halfBits: half(index)) }
        }
    }

    private func half(_ index: Int) -> UInt16 {
        UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: 2 &* index, as: UInt16.self))
    }

    /// IEEE binary16: 1 sign, 5 exponent, 10 fraction bits. Shifted into f32's place the exponent
    /// is 112 too small, which one multiplication by 2^112 mends, subnormals included.
    static func float(halfBits half: UInt16) -> Float {
        let magnitude = Float(bitPattern: UInt32(half & 0x7FFF) << 13) * 0x1p112
        return half & 0x8000 == 0 ? magnitude : -magnitude
    }
}

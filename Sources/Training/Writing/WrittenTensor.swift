// A tensor on its way into a model folder: a student's, or one that stays as the base has it.

package import Weights

package struct WrittenTensor {
    package enum Values {
        /// Kept in place by their owner until the folder is written.
        case floats(UnsafeBufferPointer<Float>)
        case view(TensorView)
    }

    /// The canonical name: the reference's, without a prefix.
    package let name: String
    package let shape: [Int]
    package let values: Values

    package init(name: String, shape: [Int], values: Values) {
        self.name = name
        self.shape = shape
        self.values = values
    }

    fileprivate func withFloats(_ body: (UnsafeBufferPointer<Float>) -> Void) {
        switch values {
        case .floats(let floats): body(floats)
        case .view(let view):
            var floats = [Float](repeating: 0, count: view.elementCount)
            floats.withUnsafeMutableBufferPointer { view.widen(into: $0) }
            floats.withUnsafeBufferPointer(body)
        }
    }
}

extension SafetensorsWriter {
    /// Writes tensors under the names given, as f32 or rounded to bf16 (nearest, ties to even).
    static func write(
        _ tensors: [(name: String, tensor: WrittenTensor)], as type: ElementType, to path: String
    ) throws(WeightsError) {
        let entries = tensors.map { Tensor($0.name, type, $0.tensor.shape) }
        try SafetensorsWriter(entries).write(path) { index, bytes in
            tensors[index].tensor.withFloats { floats in
                if type == .bfloat16 {
                    round(floats, into: bytes.bindMemory(to: UInt16.self))
                } else {
                    bytes.copyMemory(from: UnsafeRawBufferPointer(floats))
                }
            }
        }
    }

    private static func round(
        _ floats: UnsafeBufferPointer<Float>, into halves: UnsafeMutableBufferPointer<UInt16>
    ) {
        for at in floats.indices {
            let bits = floats[at].bitPattern
            let rounded = (bits &+ 0x7FFF &+ (bits >> 16 & 1)) >> 16
            halves[at] = UInt16(truncatingIfNeeded: rounded).littleEndian
        }
    }
}

// Writes a safetensors file, whole or not at all.
//
// Invariant: what it writes, `SafetensorsHeader` accepts: tensors back to back in the order given,
// the data section at a multiple of 64 bytes so that a mapped f32 tensor of a width of 16 floats
// stays on cache lines. Bytes are produced by a closure one tensor at a time, or lent where they
// are, so that a model need never be in memory as a whole, nor twice.

internal import JSONText
internal import Syscalls

package struct SafetensorsWriter {
    package struct Tensor {
        package let name: String
        package let type: ElementType
        package let shape: [Int]

        package init(_ name: String, _ type: ElementType, _ shape: [Int]) {
            self.name = name
            self.type = type
            self.shape = shape
        }
    }

    private let tensors: [Tensor]
    private let metadata: [(key: String, value: String)]

    package init(_ tensors: [Tensor], metadata: [(key: String, value: String)] = [("format", "pt")])
    {
        self.tensors = tensors
        self.metadata = metadata
    }

    /// - Parameter bytes: fills the given buffer with the bytes of the tensor of that index.
    /// - Throws: when the file cannot be written, or two names are equal or shapes overflow.
    package func write(
        _ path: String, bytes fill: (Int, UnsafeMutableRawBufferPointer) -> Void
    ) throws(WeightsError) {
        var buffer: [UInt8] = []
        try write(path) { index, take in
            let tensor = tensors[index]
            let count = SafetensorsHeader.byteCount(tensor.shape, tensor.type) ?? 0
            if buffer.count != count { buffer = [UInt8](repeating: 0, count: count) }
            buffer.withUnsafeMutableBytes { fill(index, $0) }
            buffer.withUnsafeBytes(take)
        }
    }

    /// - Parameter lend: calls what it is given, once, with the bytes of the tensor of that index.
    /// - Throws: as the other does.
    package func write(
        _ path: String, lending lend: (Int, (UnsafeRawBufferPointer) -> Void) -> Void
    ) throws(WeightsError) {
        let header = try header(path)
        let file = try writing(path) { () throws(Errno) in try AtomicFile(path) }
        var failure: Errno?
        header.withUnsafeBytes { bytes in
            do throws(Errno) { try file.write(bytes) } catch { failure = error }
        }
        for index in tensors.indices where failure == nil {
            lend(index) { bytes in
                do throws(Errno) { try file.write(bytes) } catch { failure = error }
            }
        }
        if let failure { throw WeightsError(writing: path, failure) }
        do throws(Errno) {
            try file.commit()
        } catch {
            throw WeightsError(writing: path, error)
        }
    }

    /// The length and the JSON, padded with spaces to a multiple of 64 bytes.
    private func header(_ path: String) throws(WeightsError) -> [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        if !metadata.isEmpty {
            json.key("__metadata__")
            json.beginObject()
            for (key, value) in metadata { json.member(key, value) }
            json.endObject()
        }
        var names: Set<String> = ["__metadata__"]
        var offset = 0
        for tensor in tensors {
            guard let count = SafetensorsHeader.byteCount(tensor.shape, tensor.type),
                names.insert(tensor.name).inserted
            else { throw WeightsError(.malformed, path, "tensor \(tensor.name) cannot be written") }
            describe(tensor, from: offset, to: offset + count, &json)
            offset += count
        }
        json.endObject()
        let padding = (64 - (8 + json.bytes.count) % 64) % 64
        let length = UInt64(json.bytes.count + padding).littleEndian
        return withUnsafeBytes(of: length) { Array($0) } + json.bytes
            + repeatElement(UInt8(ascii: " "), count: padding)
    }

    private func describe(_ tensor: Tensor, from: Int, to: Int, _ json: inout JSONWriter) {
        json.key(tensor.name)
        json.beginObject()
        json.member("dtype", tensor.type.rawValue)
        json.member("shape", tensor.shape)
        json.member("data_offsets", [from, to])
        json.endObject()
    }
}

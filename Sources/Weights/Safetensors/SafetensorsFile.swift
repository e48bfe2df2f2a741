// One safetensors file, mapped read-only: its tensors are views into the page cache, nothing is
// copied.
//
// Invariant: the header was validated against the file's size before the first view existed. A view
// keeps its file mapped. Names are unique in a file (the header sees to it).

package import Syscalls

/// A named tensor where it lies in a mapped file.
package struct TensorView: @unchecked Sendable {
    // Safe to share: the bytes are mapped read-only for as long as `file` lives.
    package let name: String
    package let type: ElementType
    package let shape: [Int]
    /// Exactly the tensor's bytes, row-major, little-endian. Not necessarily aligned.
    package let bytes: UnsafeRawBufferPointer
    package let file: MappedFile

    package var elementCount: Int { bytes.count / type.byteCount }
}

package final class SafetensorsFile: Sendable {
    package let mapping: MappedFile
    package let header: SafetensorsHeader

    package var path: String { mapping.path }

    package init(_ path: String) throws(WeightsError) {
        let mapping = try reading(path) { () throws(Errno) in try MappedFile(path) }
        header = try SafetensorsHeader(mapping.bytes, path: path)
        self.mapping = mapping
    }

    /// In the order of their bytes.
    package var tensors: [TensorView] { header.entries.map(view) }

    package func view(_ entry: SafetensorsHeader.Entry) -> TensorView {
        TensorView(
            name: entry.name, type: entry.type, shape: entry.shape,
            bytes: UnsafeRawBufferPointer(rebasing: mapping.bytes[entry.range]), file: mapping)
    }
}

// Writes a packed file, whole or not at all: blobs as they come, the header last, then the rename.
//
// Invariant: what it writes, `PackedFile` opens. Equal blobs, revision and geometry give equal
// files, byte for byte: no time, no path, no machine is in them.

internal import Syscalls

package struct PackedFileWriter {
    private let geometry: PackedGeometry
    private let revision: Revision
    private let blobs: [PackedBlob]
    /// Where each blob goes.
    private let offsets: [Int]
    private let fileBytes: Int

    package init(_ blobs: [PackedBlob], geometry: PackedGeometry, revision: Revision) {
        let headerBytes = PackedHeader.byteCount(names: blobs.map(\.name))
        let body = blobs.reduce(0) { $0 + $1.byteCount }
        var next = PackedHeader.dataStart(headerBytes: headerBytes, bodyBytes: body)
        var offsets: [Int] = []
        var end = headerBytes
        for blob in blobs {
            next = PackedHeader.roundedUp(next, to: PackedFile.pageBytes)
            offsets.append(next)
            next += blob.byteCount
            end = next
        }
        self.geometry = geometry
        self.revision = revision
        self.blobs = blobs
        self.offsets = offsets
        fileBytes = end
    }

    /// - Parameter produce: the bytes of the blob of that index, valid until it is called again.
    package func write(
        _ path: String, produce: (Int) throws(WeightsError) -> UnsafeRawBufferPointer
    ) throws(WeightsError) {
        let file = try writing(path) { () throws(Errno) in try AtomicFile(path, owner: .directory) }
        var entries: [PackedFile.Entry] = []
        for (index, blob) in blobs.enumerated() {
            let bytes = try produce(index)
            precondition(bytes.count == blob.byteCount, "\(blob.name) is not of its stated size")
            try Self.write(bytes, at: offsets[index], file, path)
            entries.append(
                PackedFile.Entry(
                    blob: blob, offset: offsets[index], checksum: ContentHash.xxh64(bytes)))
        }
        let header = PackedHeader(
            geometry: geometry, revision: revision, entries: entries, fileBytes: fileBytes)
        var failure: WeightsError?
        header.bytes.withUnsafeBytes { bytes in
            do throws(WeightsError) {
                try Self.write(bytes, at: 0, file, path)
            } catch { failure = error }
        }
        if let failure { throw failure }
        do throws(Errno) { try file.commit() } catch { throw WeightsError(writing: path, error) }
    }

    private static func write(
        _ bytes: UnsafeRawBufferPointer, at offset: Int, _ file: borrowing AtomicFile,
        _ path: String
    ) throws(WeightsError) {
        do throws(Errno) { try file.write(bytes, at: offset) } catch {
            throw WeightsError(writing: path, error)
        }
    }
}

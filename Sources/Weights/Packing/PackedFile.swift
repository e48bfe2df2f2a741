// Weights as the kernels read them, in one mapped file. All numbers are little-endian.
//
//          0   8  magic "TFXPACK\n"
//          8   4  format version, of this drawing
//         12   4  layout version   \
//         16   4  precision         | what the kernels' packing gives: a file of another
//         20   4  columns a panel   | geometry is foreign
//         24   4  bytes a unit     /
//         28   4  entries
//         32   8  bytes of the header, its checksum included
//         40   8  bytes of the file
//         48  16  revision of the source: high, low
//         64      entries, each: u16 bytes of the name, name (UTF-8), u16 kind,
//                                u64 rows, u64 columns, u64 offset, u64 length,
//                                u64 XXH64 of the blob
//              8  XXH64 of everything before
//     ......      zeros to a page, or to 2 MiB in files where huge pages pay
//     blob 0      each at a multiple of 4096, in the order of the entries, zeros between
//     blob 1      ...
//
// Checked at every open, before any weight is used: magic, versions, geometry, revision, header
// checksum, that every blob lies inside the file, and that the file is exactly as long as it says,
// so a truncated one is found. The blobs' own checksums are not looked at then: reading 300 MB
// takes longer than the whole start may. They are computed when the file is written, and compared
// by `verifyBlobs` (textflixlab inspect and pack --verify). A file truncated while it is mapped
// raises SIGBUS, which ends the daemon with a message.
//
// Invariant: what is open has passed those checks; its blobs stay mapped as long as it lives, and
// are shared with every process that maps it. It knows nothing of what a blob means.

package import Syscalls

/// What a blob must match to be readable by this program's kernels.
package struct PackedGeometry: Sendable, Hashable {
    package enum Precision: String, Sendable, CaseIterable {
        case f32, bf16, int8
        var code: UInt32 { UInt32(Self.allCases.firstIndex(of: self)!) }
    }

    package let precision: Precision
    package let layoutVersion: UInt32
    package let panelColumns: UInt32
    package let unitBytes: UInt32

    package init(
        precision: Precision, layoutVersion: UInt32, panelColumns: UInt32, unitBytes: UInt32
    ) {
        self.precision = precision
        self.layoutVersion = layoutVersion
        self.panelColumns = panelColumns
        self.unitBytes = unitBytes
    }
}

/// A blob before it is written: its name, its meaning, its size.
package struct PackedBlob: Sendable, Equatable {
    package enum Kind: UInt16, Sendable {
        /// Row-major f32, `rows` times `columns`.
        case floats = 0
        // A packed matrix of so many output channels (rows) and terms (columns).
        case packedF32 = 1
        case packedBF16 = 2
        case packedInt8 = 3
    }

    package let name: String
    package let kind: Kind
    package let rows: Int
    package let columns: Int
    package let byteCount: Int

    package init(name: String, kind: Kind, rows: Int, columns: Int, byteCount: Int) {
        self.name = name
        self.kind = kind
        self.rows = rows
        self.columns = columns
        self.byteCount = byteCount
    }
}

package final class PackedFile: Sendable {
    static let magic: [UInt8] = Array("TFXPACK\n".utf8)
    package static let formatVersion: UInt32 = 1
    package static let pageBytes = 4096

    /// A blob and its place.
    package struct Entry: Sendable, Equatable {
        package let blob: PackedBlob
        package let offset: Int
        package let checksum: UInt64

        package var range: Range<Int> { offset..<offset + blob.byteCount }
    }

    package let mapping: MappedFile
    package let geometry: PackedGeometry
    package let revision: Revision
    package let entries: [Entry]
    private let places: [String: Int]

    package var byteCount: Int { mapping.size }

    /// Maps and checks a file.
    /// - Throws: `.unreadable`, `.malformed` (damaged, truncated, not of this format), `.mismatch`
    ///   (another format version).
    package init(_ path: String) throws(WeightsError) {
        let mapping = try reading(path) { () throws(Errno) in try MappedFile(path) }
        let header = try PackedHeader(mapping.bytes, path: path)
        self.mapping = mapping
        geometry = header.geometry
        revision = header.revision
        entries = header.entries
        places = Dictionary(
            uniqueKeysWithValues: header.entries.enumerated().map { ($1.blob.name, $0) })
    }

    /// As `init`, and it must be of that geometry and source.
    package convenience init(
        _ path: String, geometry: PackedGeometry, revision: Revision
    ) throws(WeightsError) {
        try self.init(path)
        guard self.geometry == geometry else {
            throw WeightsError(
                .mismatch, path,
                "packed as \(self.geometry.text), this program's kernels want \(geometry.text)")
        }
        guard self.revision == revision else {
            throw WeightsError(
                .mismatch, path,
                "packed from revision \(self.revision.short), the model is \(revision.short)")
        }
    }

    /// The bytes of a blob, when it is there just as described.
    package func bytes(_ blob: PackedBlob) -> UnsafeRawBufferPointer? {
        guard let place = places[blob.name], entries[place].blob == blob else { return nil }
        return bytes(entries[place])
    }

    private func bytes(_ entry: Entry) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: mapping.bytes[entry.range])
    }

    /// Reads everything and compares the blobs' checksums.
    /// - Throws: `.malformed` with the name of the first blob that is damaged.
    package func verifyBlobs() throws(WeightsError) {
        for entry in entries where ContentHash.xxh64(bytes(entry)) != entry.checksum {
            throw WeightsError(
                .malformed, mapping.path,
                "the bytes of \(entry.blob.name) are not those that were written: delete the file,"
                    + " it will be packed again")
        }
    }
}

extension PackedGeometry {
    /// For messages.
    package var text: String {
        "\(precision.rawValue), layout \(layoutVersion), panels of \(panelColumns) columns, "
            + "units of \(unitBytes) bytes"
    }
}

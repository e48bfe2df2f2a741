// The header of a packed file as bytes and back: see PackedFile for the drawing.
//
// Invariant: whatever the bytes, reading them ends in a header that is consistent with itself and
// with the file's size, or in an error: no length is used before it was compared with what is
// there.

struct PackedHeader {
    static let fixedBytes = 64
    static let checksumBytes = 8
    /// Of an entry without its name.
    private static let entryBytes = 2 + 2 + 5 * 8

    let geometry: PackedGeometry
    let revision: Revision
    let entries: [PackedFile.Entry]
    let fileBytes: Int

    /// Where the first blob of so many header bytes may start.
    static func dataStart(headerBytes: Int, bodyBytes: Int) -> Int {
        let hugePage = 2 << 20
        // Padding of 2 MiB is nothing beside 16 huge pages.
        let alignment = bodyBytes >= 16 * hugePage ? hugePage : PackedFile.pageBytes
        return roundedUp(headerBytes, to: alignment)
    }

    static func byteCount(names: [String]) -> Int {
        fixedBytes + names.reduce(0) { $0 + entryBytes + $1.utf8.count } + checksumBytes
    }

    static func roundedUp(_ count: Int, to multiple: Int) -> Int {
        (count + multiple - 1) / multiple * multiple
    }

    var bytes: [UInt8] {
        var out = PackedFile.magic
        let count = Self.byteCount(names: entries.map(\.blob.name))
        for number in [
            PackedFile.formatVersion, geometry.layoutVersion, geometry.precision.code,
            geometry.panelColumns, geometry.unitBytes, UInt32(entries.count),
        ] { out.append(littleEndian: number) }
        for number in [UInt64(count), UInt64(fileBytes), revision.high, revision.low] {
            out.append(littleEndian: number)
        }
        for entry in entries {
            let blob = entry.blob
            out.append(littleEndian: UInt16(blob.name.utf8.count))
            out += blob.name.utf8
            out.append(littleEndian: blob.kind.rawValue)
            for number in [blob.rows, blob.columns, entry.offset, blob.byteCount] {
                out.append(littleEndian: UInt64(number))
            }
            out.append(littleEndian: entry.checksum)
        }
        out.append(littleEndian: out.withUnsafeBytes { ContentHash.xxh64($0) })
        return out
    }

    init(
        geometry: PackedGeometry, revision: Revision, entries: [PackedFile.Entry], fileBytes: Int
    ) {
        self.geometry = geometry
        self.revision = revision
        self.entries = entries
        self.fileBytes = fileBytes
    }
}

// MARK: - Reading

extension PackedHeader {
    init(_ file: UnsafeRawBufferPointer, path: String) throws(WeightsError) {
        func malformed(_ message: String) -> WeightsError {
            WeightsError(.malformed, path, message)
        }
        guard file.count >= Self.fixedBytes + Self.checksumBytes,
            file.prefix(PackedFile.magic.count).elementsEqual(PackedFile.magic)
        else { throw malformed("not a packed-weights file") }
        func u32(_ offset: Int) -> UInt32 { file.littleEndian(at: offset) }
        func u64(_ offset: Int) -> UInt64 { file.littleEndian(at: offset) }
        guard u32(8) == PackedFile.formatVersion else {
            throw WeightsError(
                .mismatch, path,
                "packed in format \(u32(8)), this program has \(PackedFile.formatVersion)")
        }
        guard u64(40) == file.count else {
            throw malformed("\(file.count) bytes, but its header says \(u64(40)): truncated?")
        }
        guard let count = Int(exactly: u64(32)), count <= file.count,
            count <= Limits.packedHeaderBytes, count >= Self.fixedBytes + Self.checksumBytes
        else { throw malformed("invalid header size \(u64(32))") }
        let checked = UnsafeRawBufferPointer(rebasing: file[..<(count - Self.checksumBytes)])
        guard ContentHash.xxh64(checked) == u64(checked.count) else {
            throw malformed("the header's checksum is wrong")
        }
        guard let precision = PackedGeometry.Precision.allCases.first(where: { $0.code == u32(16) })
        else { throw malformed("precision \(u32(16)) is not known") }
        geometry = PackedGeometry(
            precision: precision, layoutVersion: u32(12), panelColumns: u32(20),
            unitBytes: u32(24))
        revision = Revision(high: u64(48), low: u64(56))
        fileBytes = file.count
        guard let entries = Self.entries(checked, count: u32(28), fileBytes: file.count) else {
            throw malformed("inconsistent entry table")
        }
        self.entries = entries
    }

    /// nil where any entry is impossible.
    private static func entries(
        _ header: UnsafeRawBufferPointer, count: UInt32, fileBytes: Int
    ) -> [PackedFile.Entry]? {
        guard count <= Limits.tensors else { return nil }
        var entries: [PackedFile.Entry] = []
        var names: Set<String> = []
        var offset = fixedBytes
        var end = header.count + checksumBytes
        for _ in 0..<count {
            guard let entry = entry(header, &offset), entry.offset >= end,
                entry.offset % PackedFile.pageBytes == 0,
                entry.blob.byteCount <= fileBytes - entry.offset,
                names.insert(entry.blob.name).inserted
            else { return nil }
            end = entry.range.upperBound
            entries.append(entry)
        }
        let isWhole = offset == header.count && (entries.isEmpty || end == fileBytes)
        return isWhole ? entries : nil
    }

    private static func entry(
        _ header: UnsafeRawBufferPointer, _ offset: inout Int
    ) -> PackedFile.Entry? {
        guard header.count - offset >= entryBytes else { return nil }
        let nameBytes = Int(header.littleEndian(at: offset) as UInt16)
        guard nameBytes <= Limits.nameBytes, header.count - offset >= entryBytes + nameBytes else {
            return nil
        }
        let bytes = header[(offset + 2)..<(offset + 2 + nameBytes)]
        offset += 2 + nameBytes
        let kind = PackedBlob.Kind(rawValue: header.littleEndian(at: offset))
        func number(_ index: Int) -> Int? {
            Int(exactly: header.littleEndian(at: offset + 2 + 8 * index) as UInt64)
        }
        guard let name = String(validating: bytes, as: UTF8.self), let kind,
            let rows = number(0), let columns = number(1), let place = number(2),
            let length = number(3), rows <= Limits.vocabulary, columns <= Limits.vocabulary,
            kind != .floats || rows * columns * MemoryLayout<Float>.size == length
        else { return nil }
        let checksum: UInt64 = header.littleEndian(at: offset + 2 + 4 * 8)
        offset += entryBytes - 2
        let blob = PackedBlob(
            name: name, kind: kind, rows: rows, columns: columns, byteCount: length)
        return PackedFile.Entry(blob: blob, offset: place, checksum: checksum)
    }
}

extension [UInt8] {
    fileprivate mutating func append(littleEndian number: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: number.littleEndian) { append(contentsOf: $0) }
    }
}

extension UnsafeRawBufferPointer {
    /// - Precondition: the number lies inside the buffer.
    fileprivate func littleEndian<Number: FixedWidthInteger & BitwiseCopyable>(
        at offset: Int
    ) -> Number {
        Number(littleEndian: loadUnaligned(fromByteOffset: offset, as: Number.self))
    }
}

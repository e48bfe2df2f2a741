// The container of packed weights: what is written comes back, and anything else is refused.

import Randomness
import Syscalls
import Testing
import Weights

@Suite struct PackedFiles {
    private static let geometry = PackedGeometry(
        precision: .int8, layoutVersion: 3, panelColumns: 32, unitBytes: 4)
    private static let revision = Revision(high: 0x0123_4567_89AB_CDEF, low: 42)
    private static let blobs = [
        PackedBlob(name: "words", kind: .floats, rows: 3, columns: 5, byteCount: 60),
        PackedBlob(name: "matrix", kind: .packedInt8, rows: 7, columns: 9, byteCount: 5000),
        PackedBlob(name: "größe", kind: .floats, rows: 1, columns: 1, byteCount: 4),
    ]

    private static func contents(_ index: Int) -> [UInt8] {
        (0..<blobs[index].byteCount).map { UInt8(truncatingIfNeeded: $0 * 7 + index) }
    }

    private static func write(_ path: String) throws {
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: 5000, alignment: 64)
        defer { bytes.deallocate() }
        let writer = PackedFileWriter(blobs, geometry: geometry, revision: revision)
        try writer.write(path) { index in
            bytes.copyBytes(from: contents(index))
            return UnsafeRawBufferPointer(rebasing: bytes[..<blobs[index].byteCount])
        }
    }

    private static func packed() throws -> [UInt8] {
        try withFolder { folder in
            try write(folder + "/a.packed")
            return try readFile(folder + "/a.packed", limit: 1 << 20)
        }
    }

    @Test func comesBackPageByPage() throws {
        try withFolder { folder in
            let path = folder + "/a.packed"
            try Self.write(path)
            let file = try PackedFile(path, geometry: Self.geometry, revision: Self.revision)
            #expect(file.entries.map(\.blob) == Self.blobs)
            #expect(file.entries.allSatisfy { $0.offset % 4096 == 0 })
            for (index, blob) in Self.blobs.enumerated() {
                let bytes = try #require(file.bytes(blob))
                #expect(bytes.elementsEqual(Self.contents(index)))
                #expect(UInt(bitPattern: bytes.baseAddress) % 4096 == 0)
            }
            try file.verifyBlobs()
            let other = PackedBlob(name: "words", kind: .floats, rows: 5, columns: 3, byteCount: 60)
            #expect(file.bytes(other) == nil)
        }
    }

    @Test func isTheSameBytesEveryTime() throws {
        #expect(try Self.packed() == Self.packed())
    }

    private static func expectError(
        _ bytes: [UInt8], _ kind: WeightsError.Kind, _ word: String,
        geometry: PackedGeometry = geometry, revision: Revision = revision,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        try withFolder { folder in
            let path = folder + "/a.packed"
            try writeFileAtomically(path, bytes: bytes)
            let error = #expect(throws: WeightsError.self, sourceLocation: sourceLocation) {
                try PackedFile(path, geometry: geometry, revision: revision)
            }
            #expect(error?.kind == kind, sourceLocation: sourceLocation)
            #expect(
                error?.description.contains(word) == true, "\(error?.description ?? "")",
                sourceLocation: sourceLocation)
        }
    }

    @Test func saysWhatIsWrong() throws {
        let bytes = try Self.packed()
        try Self.expectError([], .malformed, "not a packed-weights file")
        try Self.expectError(Array("TFXPACK\n".utf8), .malformed, "not a packed-weights file")
        try Self.expectError(bytes.dropLast(), .malformed, "truncated")
        try Self.expectError(bytes + [0], .malformed, "truncated")
        var changed = bytes
        changed[8] = 9
        try Self.expectError(changed, .mismatch, "format 9")
        changed = bytes
        changed[70] ^= 1
        try Self.expectError(changed, .malformed, "checksum")
    }

    @Test func refusesAnotherGeometryAndAnotherSource() throws {
        let bytes = try Self.packed()
        let newer = PackedGeometry(
            precision: .int8, layoutVersion: 4, panelColumns: 32, unitBytes: 4)
        try Self.expectError(bytes, .mismatch, "layout 4", geometry: newer)
        let other = Revision(high: 1, low: 1)
        try Self.expectError(bytes, .mismatch, other.short, revision: other)
    }

    @Test func findsDamagedBlobsWhenAsked() throws {
        try withFolder { folder in
            var bytes = try Self.packed()
            bytes[2 * 4096 + 17] ^= 0x20
            try writeFileAtomically(folder + "/a.packed", bytes: bytes)
            let file = try PackedFile(folder + "/a.packed")
            let error = #expect(throws: WeightsError.self) { try file.verifyBlobs() }
            #expect(error?.description.contains("matrix") == true)
        }
    }

    /// Bytes of the header set at random, with the checksum made right again in every other case:
    /// reading ends in an error or in entries inside the file, never in a crash.
    @Test func survivesAnyHeader() throws {
        let sound = try Self.packed()
        let headerBytes = Int(sound[32]) | Int(sound[33]) << 8
        var random = RandomSource(seed: 11)
        var accepted = 0
        try withFolder { folder in
            for round in 0..<600 {
                var bytes = sound
                for _ in 0...Int(random.next() % 3) {
                    let place = Int(random.next() % UInt64(headerBytes))
                    let extremes: [UInt8] = [0, 1, 0x7F, 0x80, 0xFF, UInt8(random.next() & 0xFF)]
                    bytes[place] = extremes[Int(random.next() % 6)]
                }
                if round % 5 == 0 { bytes.removeLast(Int(random.next() % UInt64(bytes.count))) }
                if round % 2 == 0, bytes.count >= headerBytes { reseal(&bytes, headerBytes) }
                let path = folder + "/fuzzed.packed"
                try writeFileAtomically(path, bytes: bytes)
                guard let file = try? PackedFile(path) else { continue }
                accepted += 1
                for entry in file.entries {
                    #expect(entry.range.upperBound <= bytes.count && entry.range.lowerBound >= 0)
                }
                try? file.verifyBlobs()
            }
        }
        #expect(accepted > 30, "headers that never pass test little")
    }

    private func reseal(_ bytes: inout [UInt8], _ headerBytes: Int) {
        let checked = headerBytes - 8
        let hash = bytes.withUnsafeBytes {
            ContentHash.xxh64(UnsafeRawBufferPointer(rebasing: $0[..<checked]))
        }
        for index in 0..<8 {
            bytes[checked + index] = UInt8(truncatingIfNeeded: hash >> UInt64(8 * index))
        }
    }
}

// The folder of packed weights: what its files are called, and what it knows of model folders.
//
//     minilm-94ab01c2d3e4-int8-1.packed     weights: model, revision, precision, layout version
//     minilm-94ab01c2d3e4-int8-1.checked    how that precision compares with f32: a CheckRecord
//     minilm-5f0c9be1a2d37788.source        which revision that folder had: a SourceRecord
//
// Invariant: every file appears whole or not at all, says what it belongs to, and is checked when
// it is read; so any of them may be deleted at any time, and a cache that cannot be written only
// costs time. A file belongs to its directory's owner: what root packs for the service, the service
// reads. When a folder has a new revision, the files of its old one go, unless another folder of
// that name has that revision too; when a folder is gone, its packed weights go likewise. What was
// found by a check stays then: it is small, and the folder may only have moved. What a running
// daemon has mapped stays mapped.

internal import Syscalls

package struct PackCache: Sendable, Equatable {
    package let directory: String

    package init(directory: String) { self.directory = directory }

    /// Where a program that was told nothing keeps packed weights: the folder that systemd gave it,
    /// else the user's.
    package static func usual(_ environment: (String) -> String? = environment) -> PackCache? {
        func set(_ name: String) -> String? { environment(name).flatMap { $0.isEmpty ? nil : $0 } }
        if let folders = set("CACHE_DIRECTORY"), let first = folders.split(separator: ":").first {
            return PackCache(directory: String(first))
        }
        let caches = set("XDG_CACHE_HOME") ?? set("HOME").map { $0 + "/.cache" }
        return caches.map { PackCache(directory: $0 + "/textflix/packed") }
    }

    package func packedPath(_ folder: ModelFolder, _ geometry: PackedGeometry) -> String {
        stem(folder, geometry) + ".packed"
    }

    package func checkPath(_ folder: ModelFolder, _ geometry: PackedGeometry) -> String {
        stem(folder, geometry) + ".checked"
    }

    private func stem(_ folder: ModelFolder, _ geometry: PackedGeometry) -> String {
        "\(directory)/\(Self.name(folder.path))-\(folder.revision.short)"
            + "-\(geometry.precision.rawValue)-\(geometry.layoutVersion)"
    }

    /// The last component of where a folder really is, as far as it is fit for a file's name.
    static func name(_ path: String) -> String {
        let last =
            realFolder(path).split(separator: "/").last { $0 != "." && $0 != ".." } ?? "model"
        let plain = last.utf8.prefix(64).map { byte in
            switch UnicodeScalar(byte) {
            case "a"..."z", "A"..."Z", "0"..."9", "_", "+": byte
            case ".": byte
            default: UInt8(ascii: "_")
            }
        }
        return String(decoding: plain, as: UTF8.self)
    }

    package func make() throws(WeightsError) {
        try writing(directory) { () throws(Errno) in try makeDirectories(directory) }
    }
}

// MARK: - What a folder's revision was

extension PackCache {
    private func sourcePath(_ folder: String) -> String {
        let hash = Array(realFolder(folder).utf8).withUnsafeBytes { ContentHash.xxh64($0) }
        let digits = String(hash, radix: 16)
        let zeros = String(repeating: "0", count: 16 - digits.count)
        return "\(directory)/\(Self.name(folder))-\(zeros)\(digits).source"
    }

    /// The revision of that folder, when it was made of this very source.
    package func revision(of source: SourceFingerprint, folder: String) -> Revision? {
        guard let record = SourceRecord(path: sourcePath(folder)),
            record.source == source.description
        else { return nil }
        return record.revision
    }

    /// Remembers what was verified, and forgets folders that are gone. A cache that cannot be
    /// written forgets, which is no error.
    package func remember(_ folder: ModelFolder) {
        let path = sourcePath(folder.path), new = SourceRecord(folder)
        let old = SourceRecord(path: path)
        if new != old {
            try? makeDirectories(directory)
            try? new.write(path)
        }
        if let old, old.revision != new.revision { sweep(Self.name(folder.path), old.revision) }
        forgetTheGone()
    }

    private func forgetTheGone() {
        for file in (try? listDirectory(directory)) ?? [] where file.hasSuffix(".source") {
            let path = "\(directory)/\(file)"
            guard let record = SourceRecord(path: path), record.isOfTheGone,
                let folder = record.folder
            else { continue }
            try? removeFile(path)
            sweep(Self.name(folder), record.revision, only: ".packed")
        }
    }

    /// Removes what is kept of a revision, in any precision and layout, when no folder of that name
    /// has it any more.
    private func sweep(_ name: String, _ revision: Revision, only ending: String = "") {
        guard let files = try? listDirectory(directory) else { return }
        let isHad = files.contains { file in
            file.hasPrefix("\(name)-") && file.hasSuffix(".source")
                && SourceRecord(path: "\(directory)/\(file)")?.revision == revision
        }
        guard !isHad else { return }
        let stem = "\(name)-\(revision.short)-"
        for file in files where file.hasPrefix(stem) && file.hasSuffix(ending) {
            try? removeFile("\(directory)/\(file)")
        }
    }
}

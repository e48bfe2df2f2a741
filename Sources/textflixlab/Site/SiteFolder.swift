// The folder a site stands in: made beside its final place, then put there in one step.
//
//     OUT.new-PID/  written whole   ->  exchanged with OUT/   ->  the old one removed
//
// Invariant: whoever looks at OUT sees the old site or the new one, never a mixture; an interrupted
// run leaves OUT as it was. A folder that holds anything but a site of ours is never replaced.

import CommandLineTable
import Syscalls
import TextRuns

struct SiteFolder: ~Copyable {
    /// What tells a site from somebody's folder.
    private static let mark = "data/site.js"

    private let path: String
    private let staging: String
    private(set) var files = 0
    private(set) var bytes = 0
    private(set) var largest = 0

    init(_ path: String) throws(Failure) {
        var path = path
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        self.path = path
        staging = "\(path).new-\(ThisProcess.identifier)"
        try Self.check(path)
        try Self.cannotCreate { () throws(Errno) in try makeDirectories("\(staging)/data") }
    }

    deinit { try? removeDirectoryTree(staging) }

    /// - Throws: where what stands at the path is not ours to replace.
    static func check(_ path: String) throws(Failure) {
        guard fileExists(path) else { return }
        let isOurs =
            isDirectory(path)
            && ((try? listDirectory(path).isEmpty) ?? false || fileExists("\(path)/\(mark)"))
        guard isOurs else {
            throw Failure(
                .cannotCreate,
                "\(path) is there already and is no site of ours; name another folder with --out")
        }
    }

    mutating func write(_ name: String, _ content: [UInt8]) throws(Failure) {
        let staging = staging
        try Self.cannotCreate { () throws(Errno) in
            let file = try openForAppending("\(staging)/\(name)", keeping: 0, mode: 0o644)
            try writeAll(file.number, content)
        }
        files += 1
        bytes += content.count
        largest = max(largest, content.count)
    }

    /// Puts the site in its place.
    consuming func commit() throws(Failure) {
        let (path, staging) = (path, staging)
        try Self.cannotCreate { () throws(Errno) in
            try syncFileSystem(of: staging)
            guard fileExists(path) else { return try renameFile(staging, to: path) }
            try exchangeFiles(staging, path)
        }
    }

    private static func cannotCreate(_ write: () throws(Errno) -> Void) throws(Failure) {
        do throws(Errno) { try write() } catch {
            throw Failure(.cannotCreate, "cannot write the site: \(error.description)")
        }
    }
}

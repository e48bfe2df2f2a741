// The folder a site stands in: made beside its final place, then put there in one step.
//
//     OUT.new-PID/  written whole   ->  exchanged with OUT/   ->  the old one removed
//
// Invariant: whoever looks at OUT sees the old site or the new one, never a mixture; an interrupted
// run leaves OUT as it was. A folder that holds anything but files of a site is never replaced. A
// link stays one: the folder that it leads to is replaced.

import Presentation
import Syscalls
import TextRuns

struct SiteFolder: ~Copyable {
    /// What tells a site from somebody's folder.
    private static let mark = "data/site.js"

    private let path: String
    private let pages: [String]
    private let staging: String
    private(set) var files = 0
    private(set) var bytes = 0
    private(set) var largest = 0

    /// - Parameter pages: the names of what stands beside the data, in an older site too.
    init(_ out: String, pages: [String]) throws(Failure) {
        let path = try Self.resolved(out)
        try Self.check(path, pages)
        let staging = "\(path).new-\(ThisProcess.identifier)"
        try Self.cannotCreate { () throws(Errno) in
            // Ctrl-C waits until a run looks for it, so that this folder is not left behind.
            SignalQueue.hold([.interrupt, .terminate])
            // A run that was killed left it, and had our number.
            if fileExists(staging) { try removeDirectoryTree(staging) }
            try makeDirectories("\(staging)/data")
        }
        try Self.checkExchange(path, staging)
        self.path = path
        self.pages = pages
        self.staging = staging
    }

    deinit { try? removeDirectoryTree(staging) }

    /// Where the path leads to: the folder itself is exchanged, and no link to it.
    private static func resolved(_ out: String) throws(Failure) -> String {
        var path = out
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        guard isDirectory(path) else {
            guard (try? readLink(path)) == nil else {
                throw Failure(
                    .cannotCreate, "\(path) is a link to no folder; name another with --out")
            }
            return path
        }
        return realFolder(path)
    }

    /// - Throws: where something stands at the path that is not ours to replace, with its name.
    private static func check(_ path: String, _ pages: [String]) throws(Failure) {
        guard fileExists(path) else { return }
        let found: String?
        do throws(Errno) { found = try foreign(in: path, pages) } catch { throw failure(error) }
        guard let found else { return }
        throw Failure(
            .cannotCreate,
            "\(path) is no site of ours, or not that alone: it holds "
                + "\(DisplayWidth.oneLine(found)), which would be lost; move it away, or name "
                + "another folder with --out")
    }

    /// A mount point cannot be exchanged, which is better known before models are asked for hours.
    /// Another file system tells one; an empty folder is tried, and put back. A site that stands
    /// there is not: whoever looks would miss it for a moment.
    private static func checkExchange(_ path: String, _ staging: String) throws(Failure) {
        guard let folder = try? FileStatus(path: path) else { return }
        do throws(Errno) {
            guard folder.device == (try FileStatus(path: staging)).device else {
                throw Errno.busy
            }
            guard try listDirectory(path).isEmpty else { return }
            try exchangeFiles(staging, path)
            try exchangeFiles(staging, path)
        } catch {
            try? removeDirectoryTree(staging)
            throw Failure(
                .cannotCreate,
                "\(path) cannot be replaced (\(error.message)), as a mount point cannot: name a "
                    + "folder inside it with --out")
        }
    }

    /// The first thing in a folder that no site has; nil: there is a site and no more, or nothing.
    private static func foreign(in path: String, _ pages: [String]) throws(Errno) -> String? {
        let names = try listDirectory(path)
        let own = Set(pages + ["data"])
        let other = names.first { name in
            !own.contains(name) || isDirectory("\(path)/\(name)") != (name == "data")
        }
        // Pages of the same names may be anybody's.
        guard other == nil, fileExists("\(path)/\(mark)") else { return other ?? names.first }
        let data = try listDirectory("\(path)/data")
        return data.first { !isData($0) || isDirectory("\(path)/data/\($0)") }.map { "data/\($0)" }
    }

    /// Whether a site has a file of that name among its data.
    private static func isData(_ name: String) -> Bool {
        name == "site.js" || name == "disputes.js"
            || name.hasPrefix("film-") && name.hasSuffix(".js")
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
        // Much may have been put there while models were asked.
        try Self.check(path, pages)
        try Self.cannotCreate { () throws(Errno) in
            try syncFileSystem(of: staging)
            guard fileExists(path) else { return try renameFile(staging, to: path) }
            try exchangeFiles(staging, path)
        }
    }

    private static func cannotCreate(_ write: () throws(Errno) -> Void) throws(Failure) {
        do throws(Errno) { try write() } catch { throw failure(error) }
    }

    private static func failure(_ error: Errno) -> Failure {
        Failure(.cannotCreate, "cannot write the site: \(error.description)")
    }
}

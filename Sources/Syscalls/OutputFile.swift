// A file that a person names for a program's output, begun before the work that fills it, so that a
// place that cannot be written is known at once.
//
//     no file, a regular file     written beside it, then renamed over it: whole or not at all
//     a link                      what it leads to, or would lead to; the link stays
//     a stranger's link in /tmp   refused, as the kernel does where it protects links
//     a device, a fifo, /dev/fd   written as it is
//
// Invariant: nothing but a regular file is ever replaced, and the new one has the mode and owner of
// the old one, as far as the writer may. Who ends without `finish` has changed nothing.

internal import Glibc

package final class OutputFile {
    /// As it was named.
    package let path: String
    /// Either is there until it is written.
    private var replacement: AtomicFile?
    private var stream: Descriptor?

    package init(_ path: String) throws(Errno) {
        self.path = path
        let place = try Self.place(of: path)
        let old = try Self.status(of: place ?? path)
        guard let place, old?.kind ?? .regular == .regular else {
            replacement = nil
            let flags = O_WRONLY | O_APPEND | O_CLOEXEC
            let number = try checked("open \(path)") { open(path, flags) }
            stream = Descriptor(adopting: number)
            return
        }
        let file = try AtomicFile(place)
        if let old { try file.resemble(old) }
        replacement = consume file
        stream = nil
    }

    /// All that there is to write, once.
    package func finish(_ bytes: [UInt8]) throws(Errno) {
        if let stream = stream.take() { try writeAll(stream.number, bytes) }
        if let file = replacement.take() {
            try file.write(bytes)
            try file.commit()
        }
    }

    /// Where a path leads through links; nil: to a descriptor that is open already.
    private static func place(of path: String) throws(Errno) -> String? {
        var path = path
        // As many as the kernel follows.
        for _ in 0..<40 {
            let folder = parentDirectory(of: path) ?? "."
            guard !realFolder(folder).hasPrefix("/proc/") else { return nil }
            guard try isLink(path, in: folder) else { return path }
            let target = try readLink(path)
            path = target.hasPrefix("/") ? target : "\(folder)/\(target)"
        }
        throw Errno(ELOOP, "open \(path)")
    }

    /// Whether it is a link, one that may be followed. The kernel does not follow a link that is
    /// read, as here, so its rule (fs.protected_symlinks) stands here too: where everybody may make
    /// files and take away only their own, as in /tmp, a link is one's own or the folder's owner's.
    private static func isLink(_ path: String, in folder: String) throws(Errno) -> Bool {
        var link = stat()
        do throws(Errno) {
            try perform("look at \(path)") { lstat(path, &link) }
        } catch {
            guard error == .noEntry else { throw error }
            return false
        }
        guard link.st_mode & S_IFMT == S_IFLNK else { return false }
        let around = try FileStatus(path: folder)
        let isShared = around.mode & 0o1002 == 0o1002
        // A namespace shows all users that it has not as one: that is nobody's name.
        let isOwners = link.st_uid == around.owner && around.owner != overflowUser
        guard !isShared || link.st_uid == ThisProcess.user || isOwners else {
            throw Errno(EACCES, "follow the link \(path)")
        }
        return true
    }

    private static let overflowUser: UInt32 = 65534

    /// nil: there is no such file. One that may not be looked at is there.
    private static func status(of path: String) throws(Errno) -> FileStatus? {
        do throws(Errno) {
            return try FileStatus(path: path)
        } catch {
            guard error == .noEntry else { throw error }
            return nil
        }
    }
}

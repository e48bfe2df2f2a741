// Whole files: read under a limit, written so that no reader ever sees half of one.
//
// Invariant: nothing here reads more than the caller allowed, and every error names the path. It
// does not parse, and it keeps nothing open.

internal import CLinux
internal import Glibc

/// Opens a file for reading, close-on-exec.
package func openForReading(_ path: String) throws(Errno) -> Descriptor {
    Descriptor(adopting: try checked("open \(path)") { open(path, O_RDONLY | O_CLOEXEC) })
}

/// As above, of a file that somebody else has put there: a regular one. A fifo would keep its
/// reader waiting for a writer, and a device may have no end.
/// - Throws: `.isDirectory`, and `.invalidArgument` for a fifo or a device.
package func openRegularFile(_ path: String) throws(Errno) -> Descriptor {
    let number = try checked("open \(path)") {
        open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
    }
    let file = Descriptor(adopting: number)
    let kind = try FileStatus(of: file, path: path).kind
    guard kind == .regular else {
        throw Errno(kind == .directory ? EISDIR : EINVAL, "open \(path)")
    }
    return file
}

/// Opens a file to write at its end, close-on-exec; made if it is not there. What stands past
/// `length` is cut off first.
package func openForAppending(
    _ path: String, keeping length: Int, mode: UInt32 = 0o600
) throws(Errno) -> Descriptor {
    let file = try openAtEnd(path, mode)
    try cut(file, path, to: length)
    return file
}

/// As above, uncut, and held: until it is closed nobody else holds the file, where its file system
/// knows locks.
/// - Throws: `.wouldBlock` when somebody else holds it.
package func holdForAppending(_ path: String, mode: UInt32 = 0o600) throws(Errno) -> Descriptor {
    let file = try openAtEnd(path, mode)
    guard flock(file.number, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK else {
        throw Errno(EWOULDBLOCK, "lock \(path)")
    }
    return file
}

/// Cuts off what stands past that length.
package func cut(
    _ file: borrowing Descriptor, _ path: String, to length: Int
) throws(Errno) {
    let number = file.number
    try perform("cut \(path)") { ftruncate(number, length) }
}

private func openAtEnd(_ path: String, _ mode: UInt32) throws(Errno) -> Descriptor {
    let number = try checked("open \(path)") {
        open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, mode)
    }
    return Descriptor(adopting: number)
}

/// The whole file; of a pipe, all that its writers say.
/// - Parameter limit: the most bytes to read; a longer file is `.fileTooLarge`.
package func readFile(_ path: String, limit: Int) throws(Errno) -> [UInt8] {
    let file = try openForReading(path)
    return try readWhole(file, path, limit)
}

/// As above, of a regular file and nothing else.
/// - Throws: as `openRegularFile`, too.
package func readRegularFile(_ path: String, limit: Int) throws(Errno) -> [UInt8] {
    let file = try openRegularFile(path)
    return try readWhole(file, path, limit)
}

private func readWhole(
    _ file: borrowing Descriptor, _ path: String, _ limit: Int
) throws(Errno) -> [UInt8] {
    let expected = max(0, try FileStatus(of: file, path: path).size)
    guard expected <= limit else { throw Errno(EFBIG, "read \(path)") }
    return try readToEnd(file.number, limit: limit, expected: expected, context: "read \(path)")
}

/// Reads a descriptor (a pipe, standard input) to its end.
package func readToEnd(
    _ number: Int32, limit: Int, expected: Int = 0, context: String = "read"
) throws(Errno) -> [UInt8] {
    var bytes: [UInt8] = []
    // One byte of room beyond the expected size sees the end in the same call.
    var room = max(expected + 1, 4096)
    while true {
        let start = bytes.count
        var failure: Int32 = 0
        bytes.append(addingCapacity: room) { space in
            var count = -1
            repeat {
                count = Glibc.read(number, space.baseAddress, space.count)
            } while count == -1 && errno == EINTR
            if count == -1 { failure = errno }
            return max(0, count)
        }
        if failure != 0 { throw Errno(failure, context) }
        if bytes.count == start { return bytes }
        if bytes.count > limit { throw Errno(EFBIG, context) }
        room = min(max(4096, bytes.count), 1 << 20)
    }
}

extension [UInt8] {
    /// Lets `fill` write into fresh room at the end and keeps as many bytes as it says.
    fileprivate mutating func append(
        addingCapacity room: Int, _ fill: (UnsafeMutableRawBufferPointer) -> Int
    ) {
        let start = count
        append(contentsOf: repeatElement(0, count: room))
        let used = withUnsafeMutableBytes { space in
            fill(UnsafeMutableRawBufferPointer(rebasing: space.dropFirst(start)))
        }
        removeLast(room - used)
    }
}

/// What the kernel knows of a file, as far as we ask.
package struct FileStatus: Sendable, Equatable {
    package enum Kind: Sendable { case regular, directory, socket, other }
    package let kind: Kind
    package let size: Int
    /// With `inode` and `changed`: has the file been replaced or rewritten since?
    package let device: UInt64
    package let inode: UInt64
    /// Modification time in nanoseconds of the wall clock: an identity, never logic.
    package let modified: Int64
    /// When content or the file's own record last changed: unlike `modified`, nobody can set it.
    package let recordChanged: Int64
    package let owner: UInt32
    package let group: UInt32
    package let mode: UInt32

    /// Follows symbolic links.
    package init(path: String) throws(Errno) {
        var status = stat()
        try perform("stat \(path)") { fstatat(AT_FDCWD, path, &status, 0) }
        self.init(status)
    }

    package init(of file: borrowing Descriptor, path: String) throws(Errno) {
        var status = stat()
        let number = file.number
        try perform("stat \(path)") { fstat(number, &status) }
        self.init(status)
    }

    /// Of a descriptor that somebody else owns.
    package init(ofDescriptor number: Int32) throws(Errno) {
        var status = stat()
        try perform("stat descriptor \(number)") { fstat(number, &status) }
        self.init(status)
    }

    private init(_ status: stat) {
        let kinds = [S_IFREG: Kind.regular, S_IFDIR: .directory, S_IFSOCK: .socket]
        kind = kinds[status.st_mode & S_IFMT] ?? .other
        size = Int(status.st_size)
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
        modified = Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec)
        recordChanged = Int64(status.st_ctim.tv_sec) * 1_000_000_000 + Int64(status.st_ctim.tv_nsec)
        owner = status.st_uid
        group = status.st_gid
        mode = status.st_mode & 0o7777
    }
}

package func fileExists(_ path: String) -> Bool { access(path, F_OK) == 0 }

/// Whether there is something of that name, be it a link to nowhere.
/// - Throws: where that cannot be told, in a folder that may not be looked into.
package func isPresent(_ path: String) throws(Errno) -> Bool {
    var status = stat()
    do throws(Errno) {
        try perform("look at \(path)") { lstat(path, &status) }
        return true
    } catch {
        guard error == .noEntry || error == .notDirectory else { throw error }
        return false
    }
}

package func isDirectory(_ path: String) -> Bool {
    (try? FileStatus(path: path))?.kind == .directory
}

/// The names in a directory, without `.` and `..`, sorted by bytes so that runs are repeatable.
package func listDirectory(_ path: String) throws(Errno) -> [String] {
    guard let stream = opendir(path) else { throw Errno(errno, "open directory \(path)") }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) { field in
            field.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
}

/// Makes one directory; one that is there already is no error.
package func makeDirectory(_ path: String, mode: UInt32 = 0o755) throws(Errno) {
    do throws(Errno) {
        try perform("make directory \(path)") { mkdir(path, mode) }
    } catch {
        guard error == .exists, isDirectory(path) else { throw error }
    }
}

/// Makes a directory and the ones above it.
package func makeDirectories(_ path: String, mode: UInt32 = 0o755) throws(Errno) {
    if isDirectory(path) { return }
    if let parent = parentDirectory(of: path), parent != path {
        try makeDirectories(parent, mode: mode)
    }
    try makeDirectory(path, mode: mode)
}

/// What stands before the last `/`; nil for a bare name.
package func parentDirectory(of path: String) -> String? {
    let trimmed = path.utf8.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    guard let slash = trimmed.utf8.lastIndex(of: UInt8(ascii: "/")) else { return nil }
    return slash == trimmed.startIndex ? "/" : String(trimmed[..<slash])
}

package func removeFile(_ path: String) throws(Errno) {
    try perform("remove \(path)") { unlink(path) }
}

package func removeDirectory(_ path: String) throws(Errno) {
    try perform("remove \(path)") { rmdir(path) }
}

package func renameFile(_ from: String, to: String) throws(Errno) {
    try perform("rename \(from) to \(to)") { rename(from, to) }
}

/// What stands at each of the two paths then stands at the other, in one step: nobody who looks
/// finds neither. Both must be there, on one file system.
package func exchangeFiles(_ one: String, _ other: String) throws(Errno) {
    try perform("exchange \(one) and \(other)") { linux_exchange(one, other) }
}

/// Waits until all that was written to the file system of that directory is on its disk: for many
/// files together, where a sync of each would take seconds.
package func syncFileSystem(of directory: String) throws(Errno) {
    let file = try openForReading(directory)
    let number = file.number
    try perform("sync \(directory)") { linux_sync_file_system(number) }
}

/// Removes a directory with all that is in it; of a symbolic link, the link alone.
package func removeDirectoryTree(_ path: String) throws(Errno) {
    guard (try? readLink(path)) == nil else { return try removeFile(path) }
    for name in try listDirectory(path) {
        let inner = "\(path)/\(name)"
        if isDirectory(inner) {
            try removeDirectoryTree(inner)
        } else {
            try removeFile(inner)
        }
    }
    try removeDirectory(path)
}

package func setMode(_ path: String, _ mode: UInt32) throws(Errno) {
    try perform("change mode of \(path)") { chmod(path, mode) }
}

/// What a symbolic link says.
package func readLink(_ path: String) throws(Errno) -> String {
    var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
    let count = try checked("read link \(path)") { readlink(path, &buffer, buffer.count) }
    return String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

/// Where a folder really is, however it was named: absolute, through links. As given where there is
/// none.
package func realFolder(_ path: String) -> String {
    let number = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard number >= 0 else { return path }
    let folder = Descriptor(adopting: number)
    return (try? readLink("/proc/self/fd/\(folder.number)")) ?? path
}

/// A file that at most one process holds: its lock ends with the process, however that ends.
package struct FileLock: ~Copyable, Sendable {
    private let file: Descriptor

    /// - Throws: `.wouldBlock` when another process holds it.
    package init(_ path: String) throws(Errno) {
        let number = try checked("open \(path)") {
            open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600 as mode_t)
        }
        let file = Descriptor(adopting: number)
        try perform("lock \(path)") { flock(number, LOCK_EX | LOCK_NB) }
        self.file = file
    }
}

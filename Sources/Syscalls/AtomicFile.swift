// A file that appears whole or not at all.
//
// It is written under a name of its own in the same directory, synced, then renamed over the final
// name. Invariant: until `commit` returns, the final name shows what it showed before; an owner who
// ends without committing leaves nothing behind. What a killed process leaves, which no living one
// holds locked, goes with the next writer of the same file.

internal import Glibc

package struct AtomicFile: ~Copyable {
    private let path: String
    private let temporaryPath: String
    private let file: Descriptor
    private let owner: Owner
    private var committed = false

    package enum Owner {
        /// Who writes it.
        case writer
        /// Whose the directory is, where root writes: its owner may read and remove the file.
        case directory
    }

    /// - Parameter mode: permission bits of the new file, before the process's umask.
    package init(
        _ path: String, mode: UInt32 = 0o644, owner: Owner = .writer
    ) throws(Errno) {
        let name = path.split(separator: "/").last.map(String.init)
        Self.removeAbandoned(in: parentDirectory(of: path) ?? ".", of: name)
        self.path = path
        self.owner = owner
        var own = ""
        file = try Self.create(beside: path, mode, &own)
        temporaryPath = own
    }

    deinit {
        if !committed { _ = unlink(temporaryPath) }
    }

    private static func create(
        beside path: String, _ mode: UInt32, _ name: inout String
    ) throws(Errno) -> Descriptor {
        while true {
            // Sixteen hexadecimal digits.
            name = path + mark + String(UInt64.random(in: 1 << 60 ... .max), radix: 16)
            let number = try checked("create \(name)") {
                open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
            }
            let file = Descriptor(adopting: number)
            // Where the file system knows no locks, nothing is ever taken for abandoned.
            let isLocked = flock(number, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK
            var status = stat()
            try perform("stat \(name)") { fstat(number, &status) }
            // Another process, between its making and its lock, took it for abandoned.
            if isLocked, status.st_nlink > 0 { return file }
            _ = unlink(name)
        }
    }

    private static let mark = ".new-"
    private static let hexadecimal = Array("0123456789abcdef".utf8)

    /// Removes what writers have left in a folder that were killed.
    /// - Parameter file: whose writers; nil: those of any file.
    package static func removeAbandoned(in folder: String, of file: String? = nil) {
        for name in (try? listDirectory(folder)) ?? [] {
            guard let whose = target(of: name), whose == file ?? whose else { continue }
            // Somebody else's fifo would let an open wait.
            let opened = open("\(folder)/\(name)", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
            guard opened >= 0 else { continue }
            let left = Descriptor(adopting: opened)
            let isAbandoned = flock(left.number, LOCK_EX | LOCK_NB) == 0
            if isAbandoned { _ = unlink("\(folder)/\(name)") }
        }
    }

    /// What the file is called that a writer's own name stands for; nil: it is no such name.
    private static func target(of name: String) -> String? {
        let own = name.utf8.suffix(mark.utf8.count + 16)
        let digits = own.dropFirst(mark.utf8.count)
        guard own.starts(with: mark.utf8), digits.count == 16,
            digits.allSatisfy({ hexadecimal.contains($0) })
        else { return nil }
        return String(name[..<own.startIndex])
    }

    /// Appends, wholly.
    package borrowing func write(_ bytes: UnsafeRawBufferPointer) throws(Errno) {
        do {
            try file.writeAll(bytes)
        } catch {
            throw Errno(error.code, "write \(temporaryPath)")
        }
    }

    package borrowing func write(_ bytes: [UInt8]) throws(Errno) {
        do throws(Errno) {
            try writeAll(file.number, bytes)
        } catch {
            throw Errno(error.code, "write \(temporaryPath)")
        }
    }

    /// Overwrites from that offset on, wholly: for a header that is known last.
    package borrowing func write(
        _ bytes: UnsafeRawBufferPointer, at offset: Int
    ) throws(Errno) {
        let number = file.number
        var done = 0
        while done < bytes.count {
            done += try checked("write \(temporaryPath)") {
                pwrite(number, bytes.baseAddress! + done, bytes.count - done, offset + done)
            }
        }
    }

    /// Syncs and renames; the parent directory is synced too, so the name survives a power cut.
    package consuming func commit() throws(Errno) {
        let number = file.number
        if owner == .directory { try giveToDirectory() }
        try perform("sync \(temporaryPath)") { fsync(number) }
        try renameFile(temporaryPath, to: path)
        committed = true
        let parent = try openForReading(parentDirectory(of: path) ?? ".")
        let parentNumber = parent.number
        try perform("sync \(path)") { fsync(parentNumber) }
    }
}

extension AtomicFile {
    private borrowing func giveToDirectory() throws(Errno) {
        guard ThisProcess.user == 0 else { return }
        let directory = try FileStatus(path: parentDirectory(of: path) ?? ".")
        let number = file.number
        try perform("give away \(temporaryPath)") {
            fchown(number, directory.owner, directory.group)
        }
    }
}

extension AtomicFile {
    /// Gives the new file the owner and the mode of the one that it replaces, as far as the writer
    /// may: an owner that is not to be had is the writer.
    borrowing func resemble(_ old: FileStatus) throws(Errno) {
        let number = file.number
        if fchown(number, old.owner, old.group) != 0 { _ = fchown(number, .max, old.group) }
        try perform("change mode of \(temporaryPath)") { fchmod(number, old.mode & 0o777) }
    }
}

/// Writes the whole of a file, atomically.
package func writeFileAtomically(
    _ path: String, bytes: [UInt8], mode: UInt32 = 0o644, owner: AtomicFile.Owner = .writer
) throws(Errno) {
    let file = try AtomicFile(path, mode: mode, owner: owner)
    try file.write(bytes)
    try file.commit()
}

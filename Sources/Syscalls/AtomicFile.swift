// A file that appears whole or not at all.
//
// It is written under a name of its own in the same directory, synced, then renamed over the final
// name. Invariant: until `commit` returns, the final name shows what it showed before; an owner who
// ends without committing leaves nothing behind.

internal import Glibc

package struct AtomicFile: ~Copyable {
    private let path: String
    private let temporaryPath: String
    private let file: Descriptor
    private var committed = false

    /// - Parameter mode: permission bits of the new file, before the process's umask.
    package init(_ path: String, mode: UInt32 = 0o644) throws(Errno) {
        // The process id tells writers of two processes apart; O_EXCL settles the rest.
        let temporaryPath = "\(path).new-\(getpid())"
        _ = unlink(temporaryPath)
        let number = try checked("create \(temporaryPath)") {
            open(temporaryPath, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        }
        self.path = path
        self.temporaryPath = temporaryPath
        file = Descriptor(adopting: number)
    }

    deinit {
        if !committed { _ = unlink(temporaryPath) }
    }

    /// Appends, wholly.
    package borrowing func write(_ bytes: UnsafeRawBufferPointer) throws(Errno) {
        do {
            try file.writeAll(bytes)
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
        try perform("sync \(temporaryPath)") { fsync(number) }
        try renameFile(temporaryPath, to: path)
        committed = true
        let parent = try openForReading(parentDirectory(of: path) ?? ".")
        let parentNumber = parent.number
        try perform("sync \(path)") { fsync(parentNumber) }
    }
}

/// Writes the pieces one after another as the whole of a file, atomically.
package func writeFileAtomically(
    _ path: String, pieces: [UnsafeRawBufferPointer], mode: UInt32 = 0o644
) throws(Errno) {
    let file = try AtomicFile(path, mode: mode)
    for piece in pieces { try file.write(piece) }
    try file.commit()
}

package func writeFileAtomically(
    _ path: String, bytes: [UInt8], mode: UInt32 = 0o644
) throws(Errno) {
    let outcome = bytes.withUnsafeBytes { space -> Errno? in
        do throws(Errno) {
            try writeFileAtomically(path, pieces: [space], mode: mode)
            return nil
        } catch {
            return error
        }
    }
    if let outcome { throw outcome }
}

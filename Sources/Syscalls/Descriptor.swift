// A file descriptor with an owner.
//
// Invariant: the number is open as long as the value lives and is closed exactly once, when the
// owner ends. Whoever needs the number for a while borrows the owner and reads `number`; nobody
// stores it beyond that, but for the epoll set, which holds it as a key.

internal import Glibc

package struct Descriptor: ~Copyable, Sendable {
    package let number: Int32

    /// Takes over a descriptor that is open and that nobody else will close.
    package init(adopting number: Int32) { self.number = number }

    deinit { _ = close(number) }

    /// Gives the ownership away: to a C library call that closes it, or to a child process.
    package consuming func release() -> Int32 {
        let released = number
        discard self
        return released
    }

    /// Reads what there is, up to the buffer's size; 0 at the end of the file.
    /// - Throws: `.wouldBlock` when a non-blocking descriptor has nothing yet.
    package borrowing func read(into buffer: UnsafeMutableRawBufferPointer) throws(Errno) -> Int {
        try checked("read") { Glibc.read(number, buffer.baseAddress, buffer.count) }
    }

    /// Writes once and says how much went.
    package borrowing func write(_ bytes: UnsafeRawBufferPointer) throws(Errno) -> Int {
        try checked("write") { Glibc.write(number, bytes.baseAddress, bytes.count) }
    }

    /// Writes all, in as many calls as it takes; for blocking descriptors.
    package borrowing func writeAll(_ bytes: UnsafeRawBufferPointer) throws(Errno) {
        try Syscalls.writeAll(number, bytes)
    }

    /// What the kernel knows of a number, whoever owns it.
    package static func isOpen(_ number: Int32) -> Bool { fcntl(number, F_GETFD) != -1 }
}

/// Reads once from a descriptor that somebody else owns, such as standard input.
package func readOnce(
    _ number: Int32, into buffer: UnsafeMutableRawBufferPointer
) throws(Errno) -> Int {
    try checked("read") { Glibc.read(number, buffer.baseAddress, buffer.count) }
}

/// Writes once to such a descriptor and says how much went.
package func writeOnce(_ number: Int32, _ bytes: UnsafeRawBufferPointer) throws(Errno) -> Int {
    try checked("write") { Glibc.write(number, bytes.baseAddress, bytes.count) }
}

/// Writes all to a descriptor that somebody else owns, such as standard output, which they may have
/// made non-blocking: it waits for a slow reader either way.
package func writeAll(_ number: Int32, _ bytes: UnsafeRawBufferPointer) throws(Errno) {
    var rest = bytes
    while !rest.isEmpty {
        do throws(Errno) {
            let count = try writeOnce(number, rest)
            rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
        } catch {
            guard error == .wouldBlock else { throw error }
            var entries = [PollEntry(number, toWrite: true)]
            try waitForAny(&entries, milliseconds: -1)
        }
    }
}

package func writeAll(_ number: Int32, _ bytes: [UInt8]) throws(Errno) {
    // A closure given to withUnsafeBytes loses the typed error, so it is carried out by hand.
    let outcome = bytes.withUnsafeBytes { space -> Errno? in
        do throws(Errno) {
            try writeAll(number, space)
            return nil
        } catch {
            return error
        }
    }
    if let outcome { throw outcome }
}

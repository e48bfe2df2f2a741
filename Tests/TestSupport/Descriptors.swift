// What tests alone ask of sockets, pipes and other descriptors.
//
// Invariant: every descriptor made here is close-on-exec, and sending never raises SIGPIPE.

internal import Glibc
package import Syscalls

extension UnixSocket {
    /// Two ends of one connection, blocking; the caller adopts both.
    package static func pair() throws(Errno) -> (Int32, Int32) {
        var ends: [Int32] = [-1, -1]
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else { throw Errno(errno, "socketpair") }
        return (ends[0], ends[1])
    }

    /// Sends all, waiting for room: for blocking sockets.
    package static func sendAll(
        _ number: Int32, _ bytes: UnsafeRawBufferPointer
    ) throws(Errno) {
        var rest = bytes
        while !rest.isEmpty {
            let count = Glibc.send(number, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL))
            guard count >= 0 || errno == EINTR else { throw Errno(errno, "send") }
            rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(max(0, count)))
        }
    }

    /// Closes the writing side: the peer reads an end, and we still read.
    package static func shutDownWriting(_ number: Int32) throws(Errno) {
        guard shutdown(number, Int32(SHUT_WR)) == 0 else { throw Errno(errno, "shutdown") }
    }
}

/// Waits until there is something to read.
/// - Returns: false when the time was over first.
package func waitUntilReady(_ number: Int32, milliseconds: Int32) throws(Errno) -> Bool {
    var entry = PollEntry(number, toRead: true)
    try waitForAny(&entry, milliseconds: milliseconds)
    return entry.isReadable
}

/// A pipe, (reading end, writing end); the caller adopts both.
package func makePipe() throws(Errno) -> (reading: Int32, writing: Int32) {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { throw Errno(errno, "pipe") }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    return (ends[0], ends[1])
}

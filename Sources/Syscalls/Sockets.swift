// Unix stream sockets: one function a call.
//
// Invariant: every descriptor made here is close-on-exec, sending never raises SIGPIPE, and
// receiving never takes in a descriptor that the peer passes along. Which path, whose turn, how
// long to wait: the callers' business.

internal import CLinux
internal import Glibc

package enum UnixSocket {
    /// sun_path has 108 bytes and needs a zero at its end.
    package static let pathBytes = 107

    /// A socket that is neither bound nor connected.
    private static func make() throws(Errno) -> Descriptor {
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        return Descriptor(adopting: try checked("socket") { socket(AF_UNIX, kind, 0) })
    }

    /// Binds a fresh non-blocking socket to a path that must not exist, and listens.
    /// - Parameter mode: permission bits of the path, set before anybody can connect.
    /// - Throws: `.addressInUse` when anything is at the path, `.nameTooLong` over 107 bytes.
    package static func listen(
        path: String, mode: UInt32 = 0o600, backlog: Int32
    ) throws(Errno) -> Descriptor {
        let listener = try make()
        let number = listener.number
        try withAddress(path) { (address, size) throws(Errno) in
            try perform("bind \(path)") { bind(number, address, size) }
        }
        try setMode(path, mode)
        try perform("listen \(path)") { Glibc.listen(number, backlog) }
        try setNonBlocking(number)
        return listener
    }

    /// Connects. By default it waits as the kernel does when the backlog is full, and the socket is
    /// blocking; otherwise the socket is not.
    /// - Throws: `.noEntry` (no such path), `.connectionRefused` (nobody listens),
    ///   `.accessDenied`, and when it shall not wait `.wouldBlock` (the backlog is full).
    package static func connect(
        path: String, waiting: Bool = true
    ) throws(Errno) -> Descriptor {
        let peer = try make()
        let number = peer.number
        if !waiting { try setNonBlocking(number) }
        try withAddress(path) { (address, size) throws(Errno) in
            try perform("connect \(path)") { Glibc.connect(number, address, size) }
        }
        return peer
    }

    /// The next waiting connection, non-blocking; nil when none waits.
    package static func accept(_ listener: Int32) throws(Errno) -> Descriptor? {
        do throws(Errno) {
            return Descriptor(adopting: try checked("accept") { linux_accept(listener) })
        } catch {
            if error == .wouldBlock || error.code == ECONNABORTED { return nil }
            throw error
        }
    }

    static func withAddress(
        _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) throws(Errno) -> Void
    ) throws(Errno) {
        guard path.utf8.count <= pathBytes else { throw Errno(ENAMETOOLONG, path) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        var outcome: Errno?
        withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                do throws(Errno) {
                    try body(generic, socklen_t(MemoryLayout<sockaddr_un>.size))
                } catch { outcome = error }
            }
        }
        if let outcome { throw outcome }
    }
}

// What is done with a connected socket, by its number.
extension UnixSocket {
    /// Sends what fits now; 0 when nothing does.
    /// - Throws: `.brokenPipe` or `.connectionReset` when the peer has gone.
    package static func send(
        _ number: Int32, _ bytes: UnsafeRawBufferPointer
    ) throws(Errno) -> Int {
        let flags = Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)
        do throws(Errno) {
            return try checked("send") {
                Glibc.send(number, bytes.baseAddress, bytes.count, flags)
            }
        } catch {
            if error == .wouldBlock { return 0 }
            throw error
        }
    }

    package enum Received: Sendable, Equatable {
        case bytes(Int)
        /// The peer has closed its writing side.
        case end
        /// Nothing now.
        case nothing
    }

    /// Receives what there is, without waiting.
    /// - Parameter passedDescriptors: set when the peer passed some, which the kernel closed.
    package static func receive(
        _ number: Int32, into buffer: UnsafeMutableRawBufferPointer,
        passedDescriptors: inout Bool
    ) throws(Errno) -> Received {
        var dropped: Int32 = 0
        do throws(Errno) {
            let count = try checked("receive") {
                linux_receive(number, buffer.baseAddress, buffer.count, &dropped)
            }
            if dropped != 0 { passedDescriptors = true }
            return count == 0 ? .end : .bytes(count)
        } catch {
            if error == .wouldBlock { return .nothing }
            throw error
        }
    }

    package static func setNonBlocking(_ number: Int32) throws(Errno) {
        let flags = try checked("fcntl") { fcntl(number, F_GETFL) }
        try perform("fcntl") { fcntl(number, F_SETFL, flags | O_NONBLOCK) }
    }

    /// The path a socket is bound to; nil for another family or an unnamed one.
    package static func boundPath(_ number: Int32) -> String? {
        var address = sockaddr_un()
        var size = socklen_t(MemoryLayout<sockaddr_un>.size)
        let status = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                getsockname(number, $0, &size)
            }
        }
        guard status == 0, address.sun_family == sa_family_t(AF_UNIX) else { return nil }
        let name = withUnsafeBytes(of: &address.sun_path) { $0.prefix { $0 != 0 } }
        return name.isEmpty ? nil : String(decoding: name, as: UTF8.self)
    }
}

/// Who is at the other end, as the kernel noted it when the connection was made.
package struct PeerCredentials: Sendable, Hashable {
    package let process: Int32
    package let user: UInt32
    package let group: UInt32

    package init(process: Int32, user: UInt32, group: UInt32) {
        self.process = process
        self.user = user
        self.group = group
    }

    package init(of number: Int32) throws(Errno) {
        var (process, user, group): (Int32, UInt32, UInt32) = (0, 0, 0)
        try perform("peer credentials") {
            linux_peer_credentials(number, &process, &user, &group)
        }
        self.init(process: process, user: user, group: group)
    }
}

// Where clients come in: sockets inherited from the service manager, or one that we make.
//
// Invariant: a socket that somebody listens on is never taken from him, not even in a race: whoever
// makes a socket holds a lock beside it. A socket file that nobody listens on is replaced. What was
// inherited is never unlinked. Directories are made only under $XDG_RUNTIME_DIR.

internal import CSystemd
internal import Synchronization
package import Syscalls

/// Why the daemon cannot begin, and the exit status that says so.
package struct StartFailure: Error, Sendable, Equatable, CustomStringConvertible {
    package let description: String
    package let exitStatus: ExitStatus

    package init(_ description: String, exitStatus: ExitStatus) {
        self.description = description
        self.exitStatus = exitStatus
    }
}

package final class Listener: Sendable {
    package let socket: Descriptor
    /// nil: inherited.
    private let madePath: String?
    /// What stood at that path when it was made: another's socket may stand there since.
    private let made: FileStatus?
    private let lock: Lock?
    private let isUnlinked = Atomic(false)

    /// Holds the lock as long as the socket is ours.
    private final class Lock: Sendable {
        private let file: FileLock
        init(_ path: String) throws(Errno) { file = try FileLock(path) }
    }

    /// Longest queue of connections that wait to be accepted; the kernel cuts it to its own limit.
    private static let backlog: Int32 = 4096

    private init(socket: consuming Descriptor, madePath: String?, lock: Lock?) {
        self.socket = socket
        self.madePath = madePath
        made = madePath.flatMap { try? FileStatus(path: $0) }
        self.lock = lock
    }

    deinit { unlink() }

    package var path: String { UnixSocket.boundPath(socket.number) ?? "an unnamed socket" }
    /// Passed by the service manager, which goes on listening when we end.
    package var isInherited: Bool { madePath == nil }

    /// Sockets passed by the service manager (LISTEN_FDS for this very process); empty: none.
    package static func inherited() throws(StartFailure) -> [Listener] {
        let count = sd_listen_fds(1)
        guard count > 0 else { return [] }
        var listeners: [Listener] = []
        for number in 3..<(3 + count) {  // SD_LISTEN_FDS_START
            // 1: SOCK_STREAM; listening, any path.
            guard sd_is_socket_unix(number, 1, 1, nil, 0) > 0 else {
                throw StartFailure(
                    "descriptor \(number) that was passed is no listening Unix stream socket",
                    exitStatus: .configuration)
            }
            try? UnixSocket.setNonBlocking(number)
            listeners.append(
                Listener(socket: Descriptor(adopting: number), madePath: nil, lock: nil))
        }
        return listeners
    }

    /// Makes a socket at a path.
    package static func make(path: String, mode: UInt32) throws(StartFailure) -> Listener {
        guard path.utf8.count <= UnixSocket.pathBytes else {
            throw StartFailure(
                "the socket path has \(path.utf8.count) bytes, the system allows"
                    + " \(UnixSocket.pathBytes): \(path)", exitStatus: .configuration)
        }
        try makeParent(of: path)
        do throws(Errno) {
            let lock = try Lock(path + ".lock")
            try removeStale(path)
            let socket = try UnixSocket.listen(path: path, mode: mode, backlog: backlog)
            return Listener(socket: socket, madePath: path, lock: lock)
        } catch {
            throw failure(error, path)
        }
    }

    private static func failure(_ error: Errno, _ path: String) -> StartFailure {
        switch error {
        case .wouldBlock:
            StartFailure(
                "another daemon holds \(path).lock, and so this socket",
                exitStatus: .cannotCreate)
        case .addressInUse:
            StartFailure(
                "another daemon listens on \(path)", exitStatus: .cannotCreate)
        case .exists:
            StartFailure(
                "\(path) exists and is no socket", exitStatus: .cannotCreate)
        case .accessDenied, .notPermitted:
            StartFailure(error.description, exitStatus: .notPermitted)
        default: StartFailure(error.description, exitStatus: .cannotCreate)
        }
    }

    private static func makeParent(of path: String) throws(StartFailure) {
        let parent = parentDirectory(of: path) ?? "."
        guard !isDirectory(parent) else { return }
        guard let runtime = environment("XDG_RUNTIME_DIR"), path.hasPrefix(runtime + "/textflix/")
        else {
            throw StartFailure(
                "there is no directory \(parent) for the socket",
                exitStatus: .cannotCreate)
        }
        do throws(Errno) {
            try makeDirectories(parent, mode: 0o700)
        } catch {
            throw StartFailure(error.description, exitStatus: .cannotCreate)
        }
    }

    /// Removes a socket file that nobody listens on.
    private static func removeStale(_ path: String) throws(Errno) {
        guard let status = try? FileStatus(path: path) else { return }
        guard status.kind == .socket else { throw .exists }
        do throws(Errno) {
            _ = try UnixSocket.connect(path: path)
        } catch {
            guard error == .connectionRefused else { throw error }
            return try removeFile(path)
        }
        throw .addressInUse
    }

    /// Removes what was made; nobody can connect by the path from then on. Once: afterwards the
    /// path may be another daemon's.
    package func unlink() {
        guard let madePath, !isUnlinked.exchange(true, ordering: .relaxed) else { return }
        let now = try? FileStatus(path: madePath)
        if let made, now?.device != made.device || now?.inode != made.inode { return }
        try? removeFile(madePath)
        try? removeFile(madePath + ".lock")
    }
}

/// Where the socket is when nobody says: the rule that clients follow too.
package func defaultSocketPath() -> String {
    if let runtime = environment("XDG_RUNTIME_DIR") {
        return "\(runtime)/textflix/textflix.sock"
    }
    return "/run/textflix/textflix.sock"
}

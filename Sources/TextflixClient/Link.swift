// One connected socket: bytes out as the kernel takes them, frames in as they become whole.
//
// Invariant: nothing here blocks. What the socket does not take stays in `unsent`, and is bounded
// by what the caller gives; a descriptor that the peer passes along is dropped by the kernel.

import Syscalls
import TextflixProtocol

final class Link {
    private let socket: Descriptor
    private var decoder = FrameDecoder()
    private var unsent: [UInt8] = []
    private var sentCount = 0
    private let room = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 16)

    /// What a read came to.
    enum Arrival { case frames([Frame]), closed }

    init(adopting socket: consuming Descriptor) { self.socket = socket }

    deinit { room.deallocate() }

    var number: Int32 { socket.number }
    var hasUnsent: Bool { sentCount < unsent.count }
    /// Bytes that are held for sending, or were and have not been cut off yet.
    var heldBytes: Int { unsent.count }

    /// Connects without waiting: a full backlog is an error here.
    static func connect(path: String) throws(ConnectProblem) -> Link {
        let bytes = path.utf8.count
        guard bytes <= SocketPath.mostBytes else { throw .pathTooLong(bytes: bytes) }
        do throws(Errno) {
            return Link(adopting: try UnixSocket.connect(path: path, waiting: false))
        } catch {
            throw ConnectProblem(error, path: path)
        }
    }

    func queue(_ bytes: [UInt8]) {
        // What was sent is cut off once it outweighs the rest: each byte moves once on average.
        if sentCount > unsent.count / 2 {
            unsent.removeFirst(sentCount)
            sentCount = 0
        }
        unsent.append(contentsOf: bytes)
    }

    /// Sends what the kernel takes; false when the peer has gone.
    func flush() -> Bool {
        while hasUnsent {
            let outcome = unsent.withUnsafeBytes { bytes -> Int? in
                try? UnixSocket.send(
                    number, UnsafeRawBufferPointer(rebasing: bytes[sentCount...]))
            }
            guard let outcome else { return false }
            if outcome == 0 { return true }
            sentCount += outcome
        }
        unsent.removeAll(keepingCapacity: unsent.capacity <= 1 << 20)
        sentCount = 0
        return true
    }

    /// Receives once, and gives the frames that are whole now.
    func receive() throws(FrameError) -> Arrival {
        var passed = false
        let received = try? UnixSocket.receive(number, into: room, passedDescriptors: &passed)
        switch received {
        case .bytes(let count):
            decoder.append(UnsafeRawBufferPointer(rebasing: room[..<count]))
            var frames: [Frame] = []
            while let frame = try decoder.next() { frames.append(frame) }
            return .frames(frames)
        case .nothing: return .frames([])
        case .end, nil: return .closed
        }
    }
}

extension ConnectProblem {
    /// What an error of connect(2) means to a person.
    init(_ error: Errno, path: String) {
        switch error {
        case .noEntry: self = .noSocket(candidates: [path])
        case .connectionRefused:
            let kind = (try? FileStatus(path: path))?.kind
            self = kind == .socket ? .nobodyListens : .notASocket
        case .accessDenied, .notPermitted:
            // Where it cannot be seen, or is closed to its group, joining one does not help.
            let status = try? FileStatus(path: path)
            let group = status.flatMap { $0.mode & 0o020 == 0 ? nil : Accounts.groupName($0.group) }
            self = .notPermitted(group: group, user: Accounts.userName(ThisProcess.user))
        case .wouldBlock: self = .backlogFull
        default: self = .other(error.message)
        }
    }
}

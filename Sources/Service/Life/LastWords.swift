// What clients hear from a daemon that cannot start: the reason, at once.
//
// Under socket activation whoever connected waits in the socket's backlog. Left there he would
// start the daemon again as soon as it ends, and again, until the service manager gives the socket
// up. So each is accepted, his first request answered with FAILED_PRECONDITION (which no client
// takes for an invitation to try again), and the connection closed. Bounded in clients and in time.
// Only for sockets that were inherited: others end with the daemon.

internal import Syscalls
internal import TextflixProtocol

package struct LastWords {
    private let message: String
    private let end: Instant
    private var buffer = [UInt8](repeating: 0, count: 64 << 10)

    /// As many as wait in the backlog that textflixd.socket asks for.
    private static let clients = 4096
    /// A start that failed in a millisecond may take this long to say so.
    private static let time = Duration.milliseconds(500)

    private init(_ reason: String) {
        message = "textflixd cannot start: \(reason)"
        end = MonotonicClock.now.advanced(by: Self.time)
    }

    /// Answers everybody who waits on these sockets.
    package static func say(_ reason: String, to listeners: [Listener]) {
        var words = LastWords(reason)
        for listener in listeners where listener.isInherited { words.answerAll(listener) }
    }

    private mutating func answerAll(_ listener: Listener) {
        for _ in 0..<Self.clients where MonotonicClock.now < end {
            guard let peer = try? UnixSocket.accept(listener.socket.number) else { return }
            guard let stream = firstStream(peer) else { continue }
            var writer = FrameWriter()
            writer.failure(
                stream: stream, Status(code: .failedPrecondition, message: message))
            _ = writer.take().withUnsafeBytes { try? UnixSocket.send(peer.number, $0) }
        }
    }

    /// The stream of a client's first request. What he sent is read as far as it goes: a socket
    /// that is closed over unread bytes loses the answer.
    private mutating func firstStream(_ peer: borrowing Descriptor) -> UInt32? {
        var decoder = FrameDecoder()
        var stream: UInt32?
        var passedDescriptors = false
        while stream == nil || !decoder.isBetweenFrames {
            guard waitForBytes(peer) else { return stream }
            let received = buffer.withUnsafeMutableBytes {
                try? UnixSocket.receive(
                    peer.number, into: $0, passedDescriptors: &passedDescriptors)
            }
            guard case .bytes(let count) = received else { return stream }
            decoder.append(buffer.prefix(count))
            while let frame = try? decoder.next() { stream = stream ?? frame.header.stream }
        }
        return stream
    }

    private func waitForBytes(_ peer: borrowing Descriptor) -> Bool {
        let now = MonotonicClock.now
        guard now < end else { return false }
        var entries = [PollEntry(peer.number, toRead: true)]
        try? waitForAny(&entries, milliseconds: Int32(end.since(now) / 1_000_000) + 1)
        return entries[0].isReadable
    }
}

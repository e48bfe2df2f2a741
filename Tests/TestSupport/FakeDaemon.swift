// A daemon that answers as a test tells it to, on a real socket in a scratch folder.
//
// One thread serves all connections; the script is asked for a reaction to each request in the
// order of arrival. It holds nothing to any rule of the protocol: that is the point.

internal import Synchronization
internal import Syscalls
package import TextflixProtocol

package final class FakeDaemon: Sendable {
    package struct Request: Sendable {
        /// Counted over all connections, from 1.
        package let number: Int
        package let connection: Int
        package let stream: UInt32
        package let envelope: RequestEnvelope
    }

    package enum Reaction: Sendable {
        case answer([UInt8])
        case fail(Status)
        case silence
        /// Closes the connection without an answer.
        case close
        case raw([UInt8])
        /// Fails it and closes the connection, as a daemon with too many connections does.
        case failAndClose(Status)
    }

    package typealias Script = @Sendable (Request) -> Reaction

    package let path: String
    private let folder: TemporaryFolder
    private let script: Script
    private let stopping = EventFlag()
    private let count = Mutex(0)
    private let opened = Mutex(0)

    package init(_ script: @escaping Script) throws {
        folder = try TemporaryFolder("fake-daemon")
        path = folder("textflix.sock")
        self.script = script
        try listen()
    }

    /// Requests seen so far.
    package var requests: Int { count.withLock { $0 } }
    /// Connections so far.
    package var connections: Int { opened.withLock { $0 } }

    private func listen() throws {
        let number = try UnixSocket.listen(path: path, backlog: 16).release()
        let thread = try Thread.spawn(name: "fake daemon") { self.serve(number) }
        thread.detach()
    }

    /// Ends the serving thread and removes the socket.
    package func stop() {
        stopping.raise()
        try? removeDirectoryTree(folder.path)
    }

    private func serve(_ listening: Int32) {
        let listener = Descriptor(adopting: listening)
        var peers: [Peer] = []
        while !stopping.isRaised {
            var entries = [PollEntry(listener.number, toRead: true)]
            entries += peers.map { PollEntry($0.socket.number, toRead: true) }
            try? waitForAny(&entries, milliseconds: 20)
            peers.removeAll { peer in
                entries.contains { $0.number == peer.socket.number && $0.isReadable }
                    && !take(from: peer)
            }
            if entries[0].isReadable, let socket = try? UnixSocket.accept(listener.number) {
                let index = opened.withLock { count in
                    count += 1
                    return count
                }
                peers.append(Peer(socket, index: index))
            }
        }
    }

    /// Reads once and reacts; false when the connection is over.
    private func take(from peer: Peer) -> Bool {
        var space = [UInt8](repeating: 0, count: 64 << 10)
        var passed = false
        let received = space.withUnsafeMutableBytes {
            try? UnixSocket.receive(peer.socket.number, into: $0, passedDescriptors: &passed)
        }
        guard case .bytes(let count)? = received else { return received == .nothing }
        peer.decoder.append(space[..<count])
        while let frame = try? peer.decoder.next() {
            guard react(to: frame, of: peer) else { return false }
        }
        return true
    }

    private func react(to frame: Frame, of peer: Peer) -> Bool {
        let stream = frame.header.stream
        guard let envelope = Self.envelope(of: frame) else { return false }
        let number = count.withLock { count in
            count += 1
            return count
        }
        var writer = FrameWriter()
        var bytes: [UInt8]
        switch script(
            Request(number: number, connection: peer.index, stream: stream, envelope: envelope))
        {
        case .answer(let payload):
            let body = ResponseEnvelope(payload: payload[...]).encoded
            bytes = []
            FrameHeader(length: UInt32(body.count), stream: stream, kind: .response)
                .encode(into: &bytes)
            bytes += body
        case .fail(let status):
            writer.failure(stream: stream, status)
            bytes = writer.take()
        case .failAndClose(let status):
            writer.failure(stream: stream, status)
            let bytes = writer.take()
            _ = try? bytes.withUnsafeBytes { try UnixSocket.sendAll(peer.socket.number, $0) }
            return false
        case .silence: return true
        case .close: return false
        case .raw(let raw): bytes = raw
        }
        return (try? bytes.withUnsafeBytes { try UnixSocket.sendAll(peer.socket.number, $0) })
            != nil
    }

    /// A data frame is shown to the script as a request of the method `data`, or `end`.
    private static func envelope(of frame: Frame) -> RequestEnvelope? {
        guard frame.header.kind == .data else {
            return try? RequestEnvelope(decoding: frame.body)
        }
        let isLast = frame.header.flags.contains(.remoteClosed)
        return RequestEnvelope(method: isLast ? "end" : "data", payload: frame.body[...])
    }

    private final class Peer {
        let socket: Descriptor
        let index: Int
        var decoder = FrameDecoder()

        init(_ socket: consuming Descriptor, index: Int) {
            self.socket = socket
            self.index = index
        }
    }
}

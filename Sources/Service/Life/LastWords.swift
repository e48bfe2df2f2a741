// What clients hear from a daemon that cannot start: the reason, at once.
//
// Under socket activation whoever connected waits in the socket's backlog. Left there he would
// start the daemon again as soon as it ends, and again, until the service manager gives the socket
// up. So all are accepted, each request is answered with FAILED_PRECONDITION (which no client takes
// for an invitation to try again), and the connections are closed. Who has said nothing, or half of
// it, is waited for until the end, and then told on the stream that he began or else on the first.
//
// Bounded in clients, in requests of each and in time, and all wait together: nobody's silence
// costs another his answer, nor does it cost more to answer who writes on and on.
// Only for sockets that were inherited: others end with the daemon.

internal import Syscalls
internal import TextflixProtocol

package struct LastWords {
    private final class Caller {
        let socket: Descriptor
        var requests = RequestNumbers()
        init(_ socket: consuming Descriptor) { self.socket = socket }
    }

    private let message: String
    /// Until when clients are heard; the answers after it have as long again.
    private let end: Instant
    private var callers: [Caller] = []
    private var buffer = [UInt8](repeating: 0, count: 64 << 10)

    /// As many as wait in the backlog that textflixd.socket asks for.
    private static let clients = 4096
    /// A start that failed in a millisecond may take this long to say so.
    private static let time = Duration.milliseconds(500)
    private static let readsPerTurn = 4  // 256 KiB

    private init(_ reason: String) {
        message = "textflixd cannot start: \(reason)"
        end = MonotonicClock.now.advanced(by: Self.time)
    }

    /// Answers everybody who waits on these sockets.
    package static func say(_ reason: String, to listeners: [Listener]) {
        var words = LastWords(reason)
        words.answerAll(listeners.filter(\.isInherited))
    }

    private mutating func answerAll(_ listeners: [Listener]) {
        var open = accept(listeners)
        while !callers.isEmpty, MonotonicClock.now < end {
            var silent: [Caller] = []
            for (caller, hasWritten) in zip(callers, wait(open)) {
                if hasWritten, MonotonicClock.now < end, hears(caller) {
                    answer(caller)
                } else {
                    silent.append(caller)
                }
            }
            callers = silent
            open = accept(listeners)
        }
        let last = end.advanced(by: Self.time)
        for caller in callers where MonotonicClock.now < last { answer(caller) }
    }

    /// Accepts whoever waits.
    /// - Returns: the sockets on which more can be accepted when they come.
    private mutating func accept(_ listeners: [Listener]) -> [Listener] {
        var open: [Listener] = []
        for listener in listeners where acceptAll(listener) { open.append(listener) }
        return open
    }

    /// - Returns: false where as many are held as can be.
    private mutating func acceptAll(_ listener: Listener) -> Bool {
        while callers.count < Self.clients {
            do throws(Errno) {
                guard let peer = try UnixSocket.accept(listener.socket.number) else { return true }
                callers.append(Caller(peer))
            } catch {
                return false
            }
        }
        return false
    }

    /// Waits until a client has written, or another has come.
    /// - Returns: of each client, whether he has written.
    private func wait(_ listeners: [Listener]) -> [Bool] {
        var entries = callers.map { PollEntry($0.socket.number, toRead: true) }
        entries += listeners.map { PollEntry($0.socket.number, toRead: true) }
        let left = end.since(MonotonicClock.now)
        try? waitForAny(&entries, milliseconds: Int32(left / 1_000_000) + 1)
        return entries.prefix(callers.count).map(\.isReadable)
    }

    /// Reads what a client has sent, as far as a turn goes: a socket that is closed over unread
    /// bytes may lose the answer.
    /// - Returns: whether that is all that he asks.
    private mutating func hears(_ caller: Caller) -> Bool {
        var passedDescriptors = false
        for _ in 0..<Self.readsPerTurn {
            let received = buffer.withUnsafeMutableBytes {
                try? UnixSocket.receive(
                    caller.socket.number, into: $0, passedDescriptors: &passedDescriptors)
            }
            switch received {
            case .bytes(let count): caller.requests.take(buffer.prefix(count))
            case .nothing: return caller.requests.areWhole
            case .end, nil: return true
            }
        }
        return false
    }

    private func answer(_ caller: Caller) {
        var writer = FrameWriter()
        for stream in caller.requests.toAnswer {
            writer.failure(
                stream: stream, Status(code: .failedPrecondition, message: message))
        }
        _ = writer.take().withUnsafeBytes { try? UnixSocket.send(caller.socket.number, $0) }
    }
}

/// The numbers of the requests that a client sends, as many as he may have unanswered; of their
/// bodies nothing is kept.
private struct RequestNumbers {
    private static let most = ServiceLimits().streamsPerConnection

    private var numbers: [UInt32] = []
    /// What may yet be the next header.
    private var header: [UInt8] = []
    private var bodyBytesLeft = 0
    /// Nothing more is looked at: a body that is too large, another protocol, or enough numbers.
    private var isOver = false

    /// They end with a whole frame, or can go no further.
    var areWhole: Bool {
        isOver || !numbers.isEmpty && header.isEmpty && bodyBytesLeft == 0
    }

    /// Who asked for nothing yet will most likely begin with his first stream; who speaks another
    /// protocol is told nothing.
    var toAnswer: [UInt32] { numbers.isEmpty && !isOver ? [1] : numbers }

    mutating func take(_ bytes: ArraySlice<UInt8>) {
        var rest = bytes
        while !rest.isEmpty, !isOver {
            let ofBody = min(bodyBytesLeft, rest.count)
            bodyBytesLeft -= ofBody
            rest.removeFirst(ofBody)
            let ofHeader = rest.prefix(FrameHeader.byteCount - header.count)
            header += ofHeader
            rest.removeFirst(ofHeader.count)
            if header.count == FrameHeader.byteCount { begin() }
        }
    }

    private mutating func begin() {
        do throws(FrameError) {
            let frame = try FrameHeader(parsing: header[...])
            if frame.kind == .request { numbers.append(frame.stream) }
            isOver = numbers.count == Self.most
            bodyBytesLeft = Int(frame.length)
        } catch {
            if let answer = error.answer { numbers.append(answer.stream) }
            isOver = true
        }
        header = []
    }
}

// Bulk classification over one stream: send as many requests as you like, take the answers in the
// order of the requests.
//
//     let stream = try ClassifyStream(path: nil)
//     while let request = … {
//         try stream.send(request)                    // waits while the window is full
//         while let answer = stream.takeAnswer() { … }
//     }
//     while let answer = try stream.finish() { … }    // the rest
//
// A connection that breaks is made anew and what is unanswered is sent again. It has a connection
// of its own, so requests beside it are not held up.
//
// A request that is refused ends the stream in its place: the answers to all before it are there,
// also when `send` has thrown, and it is the one after them. Those behind it were not computed.

import Randomness
import Syscalls
public import TextflixProtocol

public final class ClassifyStream {
    private let path: String
    private let policy: RetryPolicy
    private var call: StreamCall
    private var link: Link?
    private var jitter = RandomSource(seed: MonotonicClock.now.nanoseconds)
    /// Since when there has been no progress, and how often a connection was sought.
    private var trouble: (since: MonotonicClock.Instant, attempts: Int)?

    /// Opens the stream.
    /// - Parameters:
    ///   - path: as `Client`'s.
    ///   - window: messages that may be unanswered; at most what the daemon's status names.
    ///   - retry: how a broken connection is dealt with.
    /// - Throws: `ClientError.cannotConnect`.
    public init(
        path: String? = nil, window: Int = Limits.streamWindow, retry: RetryPolicy = RetryPolicy()
    ) throws(ClientError) {
        let place = SocketPath.resolve(
            explicit: path, environment: { environment($0) }, exists: { fileExists($0) })
        self.path = place.path
        policy = retry
        call = StreamCall(window: max(1, window))
        do throws(ConnectProblem) {
            try open()
        } catch { throw .cannotConnect(path: place.path, error.naming(place.candidates)) }
    }

    /// Sends a request, after waiting until the window has room for it.
    /// - Throws: `ClientError.requestTooLarge`, of which nothing was sent, so that the stream goes
    ///   on; else what ended the stream, if something did. The answers until then can be taken.
    public func send(_ request: ClassifyRequest) throws(ClientError) {
        let message = request.encoded
        guard message.count <= Limits.bodyBytes else {
            throw .requestTooLarge(bytes: message.count)
        }
        while !call.hasRoom { try step(waiting: true) }
        call.send(message)
        try step(waiting: false)
    }

    /// An answer that is there, or nil; does not wait. After one that cannot be read there is none;
    /// `send` and `finish` say why.
    public func takeAnswer() -> ClassifyResponse? {
        if call.answers.isEmpty, link != nil { try? step(waiting: false) }
        guard !call.answers.isEmpty else { return nil }
        return try? firstAnswer()
    }

    /// Says that no more requests come, and gives the remaining answers one by one; nil: that was
    /// the last.
    /// - Throws: what ended the stream before that, after the answers that came until then.
    public func finish() throws(ClientError) -> ClassifyResponse? {
        if call.answers.isEmpty, call.state == .over(nil) { return nil }
        call.finish()
        while call.answers.isEmpty {
            if call.state == .over(nil) { return nil }
            do throws(ClientError) { try step(waiting: true) } catch {
                // What came with it goes first; the next call throws it.
                if call.answers.isEmpty { throw error }
            }
        }
        return try firstAnswer()
    }

    // MARK: - Steps

    /// Ends the stream when it cannot be read: the answers after it would be taken for its own.
    private func firstAnswer() throws(ClientError) -> ClassifyResponse {
        let bytes = call.answers.removeFirst()
        do throws(WireError) {
            return try ClassifyResponse(decoding: bytes)
        } catch {
            let reason = ClientError.notThisProtocol(error.description)
            call.answers.removeAll()
            call.fail(reason)
            throw reason
        }
    }

    /// Sends what may be sent and takes what came.
    private func step(waiting: Bool) throws(ClientError) {
        if case .over(let error?) = call.state { throw error }
        if link == nil { try reopen() }
        guard let link else { return }
        link.queue(call.outgoing())
        guard link.flush() else {
            // Why it was closed may have come before.
            try receive(on: link)
            if self.link != nil { lose() }
            return
        }
        var entries = [PollEntry(link.number, toRead: true, toWrite: link.hasUnsent)]
        try? waitForAny(&entries, milliseconds: waiting ? -1 : 0)
        if entries[0].isReadable { try receive(on: link) }
    }

    private func receive(on link: Link) throws(ClientError) {
        do throws(FrameError) {
            guard case .frames(let frames) = try link.receive() else { return lose() }
            let before = call.unansweredCount
            for frame in frames { call.receive(frame) }
            if call.unansweredCount < before { trouble = nil }
        } catch {
            call.fail(.notThisProtocol(error.description))
        }
        if case .over(let error?) = call.state { throw error }
        if call.state == .closed { lose() }
    }

    private func lose() {
        link = nil
        call.disconnected()
    }

    private func open() throws(ConnectProblem) {
        let opened = try Link.connect(path: path)
        // A fresh connection: its first stream number.
        opened.queue(call.open(stream: 1))
        link = opened
    }

    /// Connects anew: at once the first time, then with pauses, until patience ends.
    private func reopen() throws(ClientError) {
        let now = MonotonicClock.now
        var setback = trouble ?? (since: now, attempts: 0)
        setback.attempts += 1
        trouble = setback
        guard now < setback.since.advanced(by: policy.patience) else {
            let lost = call.setback ?? .connectionLost
            call.fail(lost)
            throw lost
        }
        if setback.attempts > 1 || call.setback != nil {
            var asked: Duration?
            if case .failed(let status)? = call.setback { asked = status.retryAfter }
            let pause = policy.pause(
                after: setback.attempts, asked: asked, jitter: jitter.unit())
            MonotonicClock.sleep(nanoseconds: pause.wholeNanoseconds)
        }
        do throws(ConnectProblem) {
            try open()
        } catch {
            // The next step tries again.
        }
    }
}

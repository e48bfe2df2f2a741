// A ClassifyStream as its client sees it: a state machine without socket or clock.
//
//     messages:   [ answered, gone | sent, unanswered | waiting for the window ]
//                                  ^ front            ^ front + sent
//
// Invariant: at most `window` messages are sent and unanswered; answers come in the order of the
// messages, so the oldest unanswered one is always the next to be answered. When the connection
// breaks, what is unanswered is sent again on the next stream; nothing answered ever is.

import TextflixProtocol

struct StreamCall {
    enum State: Equatable {
        /// On no connection.
        case closed
        case open(stream: UInt32)
        /// No more answers will come; nil: all did.
        case over(ClientError?)
    }

    private(set) var state = State.closed
    /// Messages that are not answered, oldest first.
    private var unanswered: [[UInt8]] = []
    private var sent = 0
    private var isFinished = false
    private var closingSent = false
    private let window: Int
    /// Answers for the caller, who empties it.
    var answers: [[UInt8]] = []
    /// Why the stream was closed by a daemon that may take it up again.
    private(set) var setback: ClientError?

    init(window: Int) { self.window = window }

    var unansweredCount: Int { unanswered.count }

    /// Whether another message would be sent at once.
    var hasRoom: Bool { unanswered.count < window }

    mutating func send(_ message: [UInt8]) {
        precondition(!isFinished, "a message after the last")
        unanswered.append(message)
    }

    /// There will be no more messages.
    mutating func finish() { isFinished = true }

    /// Opens on a connection, or goes on after one was lost.
    mutating func open(stream: UInt32) -> [UInt8] {
        state = .open(stream: stream)
        sent = 0
        closingSent = false
        var bytes: [UInt8] = []
        let envelope = RequestEnvelope(method: MethodName.classifyStream.rawValue).encoded
        FrameHeader(
            length: UInt32(envelope.count), stream: stream, kind: .request, flags: .remoteOpen
        ).encode(into: &bytes)
        return bytes + envelope
    }

    /// What may be sent now.
    mutating func outgoing() -> [UInt8] {
        guard case .open(let stream) = state else { return [] }
        var bytes: [UInt8] = []
        while sent < min(window, unanswered.count) {
            let message = unanswered[sent]
            FrameHeader(length: UInt32(message.count), stream: stream, kind: .data)
                .encode(into: &bytes)
            bytes.append(contentsOf: message)
            sent += 1
        }
        if isFinished, sent == unanswered.count, !closingSent {
            closingSent = true
            FrameHeader(
                length: 0, stream: stream, kind: .data, flags: [.remoteClosed, .noData]
            ).encode(into: &bytes)
        }
        return bytes
    }

    /// Takes a frame. What comes after a stream has ended, or for another, is nobody's.
    mutating func receive(_ frame: Frame) {
        guard case .open(frame.header.stream) = state else { return }
        switch frame.header.kind {
        case .data:
            if !frame.header.flags.contains(.noData) { answer(frame.body) }
            if frame.header.flags.contains(.remoteClosed) { end() }
        case .response: respond(frame.body)
        case .request: state = .over(.notThisProtocol("a request from the daemon"))
        }
    }

    mutating func disconnected() {
        if case .open = state { state = .closed }
    }

    mutating func fail(_ error: ClientError) { state = .over(error) }

    private mutating func answer(_ body: [UInt8]) {
        guard sent > 0 else {
            state = .over(.notThisProtocol("an answer to no message"))
            return
        }
        unanswered.removeFirst()
        sent -= 1
        setback = nil
        answers.append(body)
    }

    private mutating func respond(_ body: [UInt8]) {
        do throws(WireError) {
            let response = try ResponseEnvelope(decoding: body[...])
            guard let status = response.failure else { return end() }
            let error = ClientError.failed(status)
            // A daemon that is busy or leaving: what is unanswered may be sent again.
            state = error.isTransient ? .closed : .over(error)
            setback = error
        } catch {
            state = .over(.notThisProtocol(error.description))
        }
    }

    private mutating func end() {
        state = .over(unanswered.isEmpty ? nil : .notThisProtocol("the stream ended early"))
    }
}

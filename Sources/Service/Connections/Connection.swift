// One client's connection as a state machine: bytes and time in, effects out, frames to send kept
// until they are taken. No socket, no clock.
//
//     receive(bytes) ──> next() ──> .request, .message    somebody does the work and calls answer,
//                                                         fail, ...
//                                   .refused, .rejected   answered here, to be counted
//                                   .abandon              nobody wants it any more
//                                   .close                the last effect
//     unsent ──> didSend(count)
//
// Invariants: every stream that was accepted gets exactly one terminal frame, unless the connection
// ends before; a frame is only looked at when its answer would find room, so a client that does not
// read its answers is soon not read itself; each frame makes an effect, so whoever counts effects
// knows what a connection costs; whatever the peer does, it holds at most one frame being received,
// what the owner read together with it, and `outputBytes` of answers. An idle one holds next to
// nothing.

internal import Syscalls
package import TextflixProtocol

package struct Connection: Sendable {
    struct OpenStream: Sendable {
        var state: StreamState
        let method: MethodName
        var window = StreamWindow()
    }

    private let limits: ServiceLimits
    private var decoder = FrameDecoder()
    private var order = StreamOrder()
    private(set) var streams: [UInt32: OpenStream] = [:]
    private var queued: [Effect] = []
    private var inputIsOpen = true
    /// Set: no more frames are taken; what is unsent is flushed, then this is the end.
    private var closing: CloseReason?
    private var isClosed = false

    private var writer = FrameWriter()
    private var sending: [UInt8] = []
    private var sentCount = 0
    private var outputIsPaused = false

    /// When the frame that is half received began; nil between frames.
    private var frameStart: Instant?
    /// When the client last read something, while something waits for it.
    private var outputSince: Instant?

    /// Virtual time of refusals: each takes its share of a second (generic cell rate algorithm).
    private var refusalTime = Instant.zero
    /// Refused too often: not read until then.
    private var pausedUntil: Instant?

    /// Set by the owner while stream messages of this connection wait for room in the queue.
    private var isHeld = false

    package init(limits: ServiceLimits) { self.limits = limits }

    package var unansweredStreams: Int { streams.count }
    package func isOpen(_ stream: UInt32) -> Bool { streams[stream] != nil }
    /// Whether the client has said all it will say on it.
    package func isAnswering(_ stream: UInt32) -> Bool { streams[stream]?.state == .answering }
    package var bufferedInputBytes: Int { decoder.bufferedBytes }

    /// The owner has as many stream messages as it takes, or takes them again.
    package mutating func hold(_ isHeld: Bool, now: Instant) {
        // The time that we did not read is not the sender's.
        if self.isHeld, !isHeld, frameStart != nil { frameStart = now }
        self.isHeld = isHeld
    }

    /// Whether the owner should read from the peer.
    package var wantsInput: Bool {
        inputIsOpen && takesFrames && !isClosed
    }

    private var takesFrames: Bool {
        closing == nil && !outputIsPaused && !isHeld && pausedUntil == nil
            && unsentBytes < limits.outputPauseBytes
    }

    // MARK: Input

    package mutating func receive(_ bytes: UnsafeRawBufferPointer, now: Instant) {
        guard inputIsOpen, closing == nil else { return }
        decoder.append(bytes)
        if frameStart == nil { frameStart = now }
    }

    /// The peer has closed its writing side: what it asked is answered, then we close too.
    package mutating func inputEnded() { inputIsOpen = false }

    /// The peer is gone: nothing can be answered.
    package mutating func peerGone() { end(.peerGone, flushing: false) }

    /// The daemon ends: what was written is flushed, no more.
    package mutating func stop() { end(.stopping, flushing: true) }

    /// What was received and not looked at is forgotten, and the request that it begins with is
    /// refused; what was written is flushed, no more.
    package mutating func dropInput(_ status: Status) {
        if let next = decoder.nextHeader, next.kind == .request,
            (try? order.open(next.stream)) != nil
        {
            reject(next.stream, status)
        }
        decoder = FrameDecoder()
        end(.tooMuchInput, flushing: true)
    }

    /// What to do next; nil: nothing for now. Ask again until nil after every input.
    package mutating func next(now: Instant) -> Effect? {
        while true {
            if isClosed { return nil }
            if !queued.isEmpty { return queued.removeFirst() }
            if takesFrames, takeFrame(now: now) { continue }
            return nextEnd()
        }
    }

    /// Looks at one more frame; false when there is none.
    private mutating func takeFrame(now: Instant) -> Bool {
        do throws(FrameError) {
            let frame = try decoder.next()
            if frame != nil { frameStart = now }
            if decoder.isBetweenFrames { frameStart = nil }
            guard let frame else {
                if !inputIsOpen { endStreamsLeftOpen() }
                return !queued.isEmpty
            }
            take(frame)
            if queued.isEmpty { queued.append(.nothing) }
            return true
        } catch {
            if let answer = error.answer { reject(answer.stream, answer.status) }
            end(.notOurs(error), flushing: true)
            return !queued.isEmpty
        }
    }

    private mutating func take(_ frame: Frame) {
        let stream = frame.header.stream
        do throws(StreamViolation) {
            switch frame.header.kind {
            case .request: try open(frame)
            case .data: try takeMessage(frame)
            // Only a daemon says that: to us it is no better than a kind that there is not.
            case .response:
                end(.notOurs(.unknownKind(frame.header.kind.rawValue)), flushing: true)
            }
        } catch {
            reject(stream, error.status)
        }
    }

    private mutating func open(_ frame: Frame) throws(StreamViolation) {
        let stream = frame.header.stream
        try order.open(stream)
        let state = try StreamState(opening: frame.header.flags)
        let envelope: RequestEnvelope
        do throws(WireError) {
            envelope = try RequestEnvelope(decoding: frame.body)
        } catch {
            return reject(stream, .invalid(error.description))
        }
        guard envelope.service == serviceName, let method = MethodName(rawValue: envelope.method)
        else {
            let name = "\(envelope.service)/\(envelope.method)".prefix(Limits.nameBytes)
            return reject(
                stream, Status(code: .unimplemented, message: "there is no method \(name)"))
        }
        do throws(StreamViolation) {
            try method.check(opening: frame.header.flags)
        } catch {
            return reject(stream, error.status, method)
        }
        guard hasRoom(for: method) else {
            let text = "\(limits.streamsPerConnection) requests of this connection are unanswered"
            queued.append(.refused(stream: stream, method: method))
            return writer.failure(
                stream: stream,
                Status(code: .resourceExhausted, message: text, retryAfter: .milliseconds(50)))
        }
        streams[stream] = OpenStream(state: state, method: method)
        queued.append(.request(stream: stream, envelope))
        if method.isStreaming {
            // ttrpc lets the opening carry the first message, and demands one when it also closes.
            if !envelope.payload.isEmpty { try admitMessage(stream, envelope.payload) }
            endIfAnswered(stream)
        }
    }

    /// Status and Cancel are answered as soon as they are taken. They find room where others do
    /// not: they show what has used it up, and end it.
    private func hasRoom(for method: MethodName) -> Bool {
        method == .status || method == .cancel || streams.count < limits.streamsPerConnection
    }

    private mutating func takeMessage(_ frame: Frame) throws(StreamViolation) {
        let stream = frame.header.stream
        guard streams[stream] != nil else {
            // Data for a stream that has ended crossed the end on its way.
            if order.wasOpened(stream) { return }
            throw .neverOpened
        }
        let arrival = try streams[stream]!.state.receiveData(
            flags: frame.header.flags, length: frame.body.count)
        if arrival.hasMessage { try admitMessage(stream, frame.body[...]) }
        endIfAnswered(stream)
    }

    private mutating func admitMessage(
        _ stream: UInt32, _ body: ArraySlice<UInt8>
    ) throws(StreamViolation) {
        try streams[stream]!.window.receive()
        queued.append(.message(stream: stream, body))
    }

    /// Answers a frame with an error, on whatever number it bears; a stream of that number ends.
    private mutating func reject(
        _ stream: UInt32, _ status: Status, _ method: MethodName? = nil
    ) {
        let method = method ?? streams[stream]?.method
        fail(stream, status, abandoning: true)
        queued.append(.rejected(stream: stream, method: method, code: status.code))
    }

    /// The client will send nothing more, so its open streams have had their last message.
    private mutating func endStreamsLeftOpen() {
        for (stream, record) in streams where record.state == .open {
            streams[stream]!.state = .answering
            endIfAnswered(stream)
        }
    }

    /// The client has closed a stream, perhaps after its last answer: then nobody but us has seen
    /// that this is its end.
    private mutating func endIfAnswered(_ stream: UInt32) {
        if finishIfAnswered(stream) { queued.append(.abandon(stream: stream)) }
    }

    // MARK: Answers

    /// Ends a unary stream well, unless the answer is too large. Nothing happens on a stream that
    /// has ended.
    /// - Returns: how it ended.
    @discardableResult
    package mutating func answer(_ stream: UInt32, _ message: some Message) -> StatusCode {
        guard streams[stream] != nil else { return .ok }
        do throws(FrameError) {
            try writer.response(stream: stream, message)
            streams[stream] = nil
            return .ok
        } catch {
            fail(stream, Self.oversizedAnswer)
            return Self.oversizedAnswer.code
        }
    }

    /// Answers the oldest unanswered message of a streaming stream; the last ends it well.
    /// - Parameter answer: encoded.
    /// - Returns: how the message ended.
    @discardableResult
    package mutating func answerMessage(_ stream: UInt32, _ answer: [UInt8]) -> StatusCode {
        guard streams[stream] != nil else { return .ok }
        do throws(FrameError) {
            try writer.data(stream: stream, encoded: answer)
            streams[stream]!.window.answer()
            finishIfAnswered(stream)
            return .ok
        } catch {
            fail(stream, Self.oversizedAnswer, abandoning: true)
            return Self.oversizedAnswer.code
        }
    }

    static let oversizedAnswer = Status(
        code: .resourceExhausted,
        message: "the answer would exceed \(Limits.bodyBytes) bytes; send fewer texts at once")

    /// Ends a stream with an error.
    /// - Parameter abandoning: its work goes on somewhere and is to be stopped.
    package mutating func fail(_ stream: UInt32, _ status: Status, abandoning: Bool = false) {
        let wasOpen = streams.removeValue(forKey: stream) != nil
        if abandoning, wasOpen { queued.append(.abandon(stream: stream)) }
        // A violation is answered on whatever number it bears; other errors only once.
        if wasOpen || abandoning { writer.failure(stream: stream, status) }
    }

    /// - Returns: whether it was the end of the stream.
    @discardableResult
    private mutating func finishIfAnswered(_ stream: UInt32) -> Bool {
        guard let record = streams[stream], record.method.isStreaming, record.state == .answering,
            record.window.unanswered == 0
        else { return false }
        writer.endOfData(stream: stream)
        streams[stream] = nil
        return true
    }

    // MARK: Output

    package var unsentBytes: Int { sending.count - sentCount + writer.bytes.count }

    /// Hands the next bytes to send to the body, which returns how many it could send.
    package mutating func send(
        now: Instant, _ body: (UnsafeRawBufferPointer) -> Int
    ) -> Bool {
        if sentCount == sending.count {
            sending = writer.take()
            sentCount = 0
        }
        guard sentCount < sending.count else { return false }
        let count = sending.withUnsafeBytes {
            body(UnsafeRawBufferPointer(rebasing: $0.dropFirst(sentCount)))
        }
        sentCount += count
        if sentCount == sending.count { (sending, sentCount) = ([], 0) }
        if count > 0 { outputSince = now }
        return count > 0
    }

    /// Call it when everything that could be sent has been: sets the pace for the next frames.
    package mutating func settleOutput(now: Instant) {
        let unsent = unsentBytes
        if unsent == 0 { outputSince = nil } else if outputSince == nil { outputSince = now }
        if unsent > limits.outputBytes { end(.slowReader, flushing: false) }
        let wasPaused = outputIsPaused
        // A quarter of the bound between the two keeps it from flapping.
        if unsent >= limits.outputPauseBytes { outputIsPaused = true }
        if unsent <= limits.outputPauseBytes / 4 { outputIsPaused = false }
        // The time that we did not read is not the sender's.
        if wasPaused, !outputIsPaused, frameStart != nil { frameStart = now }
    }

    /// A request was refused. Refusing costs time as well, so whoever goes on and on is not read
    /// for a moment.
    package mutating func noteRefusal(now: Instant) {
        refusalTime = max(refusalTime, now).advanced(
            by: 1_000_000_000 / UInt64(limits.refusalsPerSecond))
        let patience =
            UInt64(limits.refusalBurst) * 1_000_000_000
            / UInt64(limits.refusalsPerSecond)
        if refusalTime > now.advanced(by: patience) {
            pausedUntil = now.advanced(by: limits.refusalPause)
        }
    }

    // MARK: Time, and the end

    /// When `timeOut` has something to say; `distantFuture` while nothing is under way.
    package var deadline: Instant {
        var earliest = Instant.distantFuture
        if let frameStart, wantsInput {
            let isHeader = decoder.bufferedBytes < FrameHeader.byteCount
            earliest = frameStart.advanced(by: isHeader ? limits.headerTime : limits.frameTime)
        }
        if let outputSince {
            earliest = min(earliest, outputSince.advanced(by: limits.outputTime))
        }
        return min(earliest, pausedUntil ?? .distantFuture)
    }

    package mutating func timeOut(now: Instant) {
        if let pausedUntil, pausedUntil <= now {
            self.pausedUntil = nil
            // The time that we did not read is not the sender's.
            if frameStart != nil { frameStart = now }
        }
        guard deadline <= now else { return }
        let isReader = outputSince.map { $0.advanced(by: limits.outputTime) <= now } ?? false
        end(isReader ? .slowReader : .slowSender, flushing: false)
    }

    private mutating func end(_ reason: CloseReason, flushing: Bool) {
        if closing == nil { closing = reason }
        if flushing { return }
        closing = reason
        writer = FrameWriter()
        sending = []
        sentCount = 0
    }

    /// The closing effect, once nothing is left to do before it.
    private mutating func nextEnd() -> Effect? {
        if let closing {
            guard unsentBytes == 0 else { return nil }
            isClosed = true
            streams = [:]
            return .close(closing)
        }
        guard !inputIsOpen, streams.isEmpty, unsentBytes == 0, takesFrames
        else { return nil }
        isClosed = true
        return .close(.finished)
    }
}

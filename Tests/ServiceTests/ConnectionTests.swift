// A connection without a socket: what a client may send, in whatever pieces, and what comes back.

import Service
import Syscalls
import Testing
import TextflixProtocol

/// The client's side of a connection under test, with an owner who answers as it is told.
final class Peer {
    var connection: Connection
    var now = Instant(nanoseconds: 1_000_000_000)
    private(set) var effects: [Connection.Effect] = []
    private(set) var received: [Frame] = []
    private var decoder = FrameDecoder()
    var writer = FrameWriter()
    /// How many bytes the client takes; nil: all.
    var reads: Int?

    init(_ change: (inout ServiceLimits) -> Void = { _ in }) {
        var limits = ServiceLimits()
        change(&limits)
        connection = Connection(limits: limits)
    }

    /// Delivers what the writer holds, cut into pieces of that size.
    func deliver(pieces: Int = .max) {
        send(writer.take(), pieces: pieces)
    }

    func send(_ bytes: [UInt8], pieces: Int = .max) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = Array(rest.prefix(pieces))
            rest = rest.dropFirst(piece.count)
            piece.withUnsafeBytes { connection.receive($0, now: now) }
            settle()
        }
    }

    /// Runs the machine until it is quiet.
    func settle() {
        repeat {
            while let effect = connection.next(now: now) {
                effects.append(effect)
                onEffect?(effect)
            }
        } while flush()
    }

    var onEffect: ((Connection.Effect) -> Void)?

    private func flush() -> Bool {
        var moved = false
        while connection.send(
            now: now,
            { bytes in
                let count = min(bytes.count, reads ?? bytes.count)
                decoder.append(UnsafeRawBufferPointer(rebasing: bytes.prefix(count)))
                reads = reads.map { $0 - count }
                return count
            })
        { moved = true }
        while let frame = try? decoder.next() { received.append(frame) }
        connection.settleOutput(now: now)
        return moved
    }

    func request(_ stream: UInt32, _ method: MethodName = .status, flags: FrameFlags = []) throws {
        try writer.request(stream: stream, method: method, StatusRequest(), flags: flags)
    }

    /// What came back, shortly.
    var answers: [String] { received.map(shortly) }

    var isClosed: Connection.CloseReason? {
        guard case .close(let reason) = effects.last else { return nil }
        return reason
    }
}

/// What a daemon's frame says: its stream, and the code or what kind of data.
func shortly(_ frame: Frame) -> String {
    let stream = frame.header.stream
    if frame.header.kind == .data {
        return frame.header.flags.contains(.remoteClosed) ? "\(stream) end" : "\(stream) data"
    }
    let envelope = try? ResponseEnvelope(decoding: frame.body)
    return "\(stream) \(envelope?.failure?.code.name ?? "OK")"
}

@Suite struct ConnectionTests {
    @Test(arguments: [1, 2, 3, 9, 10, 11, 64, Int.max])
    func everySplitGivesTheSame(pieces: Int) throws {
        let peer = Peer()
        for stream in stride(from: UInt32(1), to: 101, by: 2) { try peer.request(stream) }
        peer.onEffect = { effect in
            if case .request(let stream, _) = effect {
                peer.connection.answer(stream, CancelResponse())
            }
        }
        peer.deliver(pieces: pieces)
        #expect(peer.answers == stride(from: 1, to: 101, by: 2).map { "\($0) OK" })
        #expect(peer.connection.unansweredStreams == 0)
        #expect(peer.connection.deadline == .distantFuture)
    }

    @Test func aStreamHasOneEndWhateverTheOwnerDoes() throws {
        let peer = Peer()
        try peer.request(1)
        peer.deliver()
        peer.connection.answer(1, CancelResponse())
        peer.connection.answer(1, CancelResponse())
        peer.connection.fail(1, Status(code: .cancelled))
        peer.settle()
        #expect(peer.answers == ["1 OK"])
    }

    @Test(
        arguments: [
            ("even", 2, .status, [], "2 INVALID_ARGUMENT"),
            ("both flags", 1, .classifyStream, [.remoteOpen, .remoteClosed], "1 INVALID_ARGUMENT"),
            ("unary left open", 1, .status, [.remoteOpen], "1 INVALID_ARGUMENT"),
            ("stream unannounced", 1, .classifyStream, [], "1 INVALID_ARGUMENT"),
        ] as [(String, UInt32, MethodName, FrameFlags, String)])
    func aBrokenRuleIsAnsweredAndTheConnectionLives(
        what: String, stream: UInt32, method: MethodName, flags: FrameFlags, answer: String
    ) throws {
        let peer = Peer()
        try peer.request(stream, method, flags: flags)
        peer.deliver()
        #expect(peer.answers == [answer], "\(what)")
        guard case .rejected(stream, _, .invalidArgument) = peer.effects.first else {
            Issue.record("\(what): \(peer.effects)")
            return
        }
        try peer.request(51)
        peer.deliver()
        #expect(peer.effects.count == 2)
    }

    @Test func aUsedNumberEndsTheStreamThatBearsIt() throws {
        let peer = Peer()
        try peer.request(5)
        try peer.request(5)
        try peer.request(3)
        peer.deliver()
        #expect(peer.answers == ["5 INVALID_ARGUMENT", "3 INVALID_ARGUMENT"])
        #expect(
            peer.effects.dropFirst() == [
                .abandon(stream: 5),
                .rejected(stream: 5, method: .status, code: .invalidArgument),
                .rejected(stream: 3, method: nil, code: .invalidArgument),
            ])
    }

    @Test func methodsAndServicesThatDoNotExist() throws {
        let peer = Peer()
        for (stream, service, method) in [
            (UInt32(1), serviceName, "Sing"), (3, "grpc.health.v1.Health", "Check"),
        ] {
            let body = RequestEnvelope(service: service, method: method).encoded
            var bytes: [UInt8] = []
            FrameHeader(length: UInt32(body.count), stream: stream, kind: .request)
                .encode(into: &bytes)
            peer.send(bytes + body)
        }
        #expect(peer.answers == ["1 UNIMPLEMENTED", "3 UNIMPLEMENTED"])
    }

    @Test func anEnvelopeThatIsNoneIsAnswered() {
        let peer = Peer()
        var bytes: [UInt8] = []
        FrameHeader(length: 3, stream: 7, kind: .request).encode(into: &bytes)
        peer.send(bytes + [0x0a, 0xff, 0x01])
        #expect(peer.answers == ["7 INVALID_ARGUMENT"])
        #expect(peer.isClosed == nil)
    }

    @Test func anOversizedFrameIsAnsweredThenTheEnd() {
        let peer = Peer()
        peer.send([0xff, 0xff, 0xff, 0xff, 0, 0, 0, 1, 1, 0])
        #expect(peer.answers == ["1 RESOURCE_EXHAUSTED"])
        guard case .notOurs(.oversized) = peer.isClosed else {
            Issue.record("\(String(describing: peer.isClosed))")
            return
        }
        #expect(peer.connection.bufferedInputBytes == 0)
    }

    @Test(arguments: ["GET / HTTP/1.1\r\nHost: x\r\n\r\n", "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\u{0}"])
    func otherProtocolsAreClosedAtOnce(text: String) {
        let peer = Peer()
        peer.send(Array(text.utf8) + [0, 0, 9, 9, 9])
        guard case .notOurs = peer.isClosed else {
            Issue.record("still open")
            return
        }
        #expect(peer.answers.isEmpty)
    }

    @Test func aResponseFromAClientIsClosedAtOnce() {
        let peer = Peer()
        peer.writer.failure(stream: 1, Status(code: .cancelled))
        peer.deliver()
        guard case .notOurs = peer.isClosed else {
            Issue.record("still open")
            return
        }
        #expect(peer.answers.isEmpty)
    }

    @Test func tooManyStreamsAreRefusedOneByOne() throws {
        let peer = Peer { $0.streamsPerConnection = 2 }
        for stream in [1, 3, 5] as [UInt32] { try peer.request(stream, .classify) }
        peer.deliver()
        #expect(peer.answers == ["5 RESOURCE_EXHAUSTED"])
        peer.connection.answer(1, CancelResponse())
        try peer.request(7, .classify)
        peer.deliver()
        #expect(peer.connection.unansweredStreams == 2)
    }

    @Test func whoIsRefusedOnAndOnIsNotReadForAMoment() throws {
        let peer = Peer {
            $0.streamsPerConnection = 1; $0.refusalBurst = 10; $0.refusalsPerSecond = 100
        }
        peer.onEffect = { if case .refused = $0 { peer.connection.noteRefusal(now: peer.now) } }
        for stream in 0..<100 { try peer.request(UInt32(2 * stream + 1), .classify) }
        peer.deliver()
        #expect(peer.answers.count == 11)
        #expect(!peer.connection.wantsInput)
        // Ten milliseconds on it is read again, and has earned one more refusal.
        peer.now = peer.connection.deadline
        peer.connection.timeOut(now: peer.now)
        #expect(peer.connection.wantsInput)
        peer.settle()
        #expect(peer.answers.count == 12)
        #expect(peer.isClosed == nil)
    }

    // MARK: Streaming

    @Test func aStreamEndsAfterItsLastAnswer() throws {
        let peer = Peer()
        try peer.writer.request(
            stream: 1, method: .classifyStream, nil as ClassifyRequest?, flags: .remoteOpen)
        try peer.writer.data(stream: 1, ClassifyRequest(texts: ["a"]))
        try peer.writer.data(stream: 1, ClassifyRequest(texts: ["b"]), flags: .remoteClosed)
        peer.deliver()
        #expect(peer.effects.count == 3)
        peer.connection.answerMessage(1, ClassifyResponse(model: "m").encoded)
        peer.settle()
        #expect(peer.answers == ["1 data"])
        peer.connection.answerMessage(1, ClassifyResponse(model: "m").encoded)
        peer.settle()
        #expect(peer.answers == ["1 data", "1 data", "1 end"])
    }

    @Test func anEmptyStreamEndsAtOnce() throws {
        let peer = Peer()
        try peer.writer.request(
            stream: 1, method: .classifyStream, nil as ClassifyRequest?, flags: .remoteOpen)
        peer.writer.endOfData(stream: 1)
        peer.deliver()
        #expect(peer.answers == ["1 end"])
        #expect(peer.effects.last == .abandon(stream: 1), "its owner does not know of the end")
    }

    @Test func theWindowHolds() throws {
        let peer = Peer()
        try peer.writer.request(
            stream: 1, method: .classifyStream, nil as ClassifyRequest?, flags: .remoteOpen)
        for _ in 0...Limits.streamWindow {
            try peer.writer.data(stream: 1, ClassifyRequest(texts: ["a"]))
        }
        try peer.writer.data(stream: 1, ClassifyRequest(texts: ["late"]))
        peer.deliver()
        #expect(peer.answers == ["1 RESOURCE_EXHAUSTED"])
        #expect(peer.effects.contains(.abandon(stream: 1)))
        #expect(peer.isClosed == nil)
    }

    @Test func dataWithoutAStream() throws {
        let peer = Peer()
        try peer.writer.data(stream: 9, ClassifyRequest(texts: ["a"]))
        peer.deliver()
        #expect(peer.answers == ["9 INVALID_ARGUMENT"])
    }

    // MARK: Going away

    @Test func halfClosedIsAnsweredThenClosed() throws {
        let peer = Peer()
        try peer.request(1)
        try peer.writer.request(
            stream: 3, method: .classifyStream, nil as ClassifyRequest?, flags: .remoteOpen)
        peer.writer.endOfData(stream: 99)  // cut off below
        let bytes = peer.writer.take()
        peer.send(Array(bytes.dropLast(4)))
        peer.connection.inputEnded()
        peer.settle()
        #expect(peer.answers == ["3 end"])
        #expect(peer.effects.last == .abandon(stream: 3), "its owner does not know of the end")
        peer.connection.answer(1, CancelResponse())
        peer.settle()
        #expect(peer.answers == ["3 end", "1 OK"])
        #expect(peer.isClosed == .finished)
    }

    @Test func aPeerThatIsGoneGetsNothing() throws {
        let peer = Peer()
        try peer.request(1)
        peer.deliver()
        peer.connection.peerGone()
        peer.settle()
        #expect(peer.isClosed == .peerGone)
        peer.connection.answer(1, CancelResponse())
        peer.settle()
        #expect(peer.answers.isEmpty)
    }

    // MARK: Pace

    @Test func aByteASecondIsNotForEver() throws {
        let peer = Peer()
        try peer.request(1)
        for byte in peer.writer.take().dropLast() {
            peer.send([byte])
            peer.now = peer.now.advanced(by: .seconds(1))
            peer.connection.timeOut(now: peer.now)
            peer.settle()
        }
        #expect(peer.isClosed == .slowSender)
    }

    @Test func theTimeOfAHoldIsNotTheSenders() throws {
        let peer = Peer()
        try peer.request(1)
        peer.send(Array(peer.writer.take().dropLast()))
        peer.connection.hold(true, now: peer.now)
        #expect(!peer.connection.wantsInput && peer.connection.deadline == .distantFuture)
        peer.now = peer.now.advanced(by: .seconds(100))
        peer.connection.hold(false, now: peer.now)
        #expect(peer.connection.wantsInput)
        #expect(peer.connection.deadline == peer.now.advanced(by: ServiceLimits().frameTime))
        // One that goes on not being held gains nothing.
        let deadline = peer.connection.deadline
        peer.now = peer.now.advanced(by: .seconds(1))
        peer.connection.hold(false, now: peer.now)
        #expect(peer.connection.deadline == deadline)
    }

    @Test func whoDoesNotReadIsNotReadAndThenClosed() throws {
        let peer = Peer {
            $0.outputPauseBytes = 4000
            $0.outputBytes = 100_000
        }
        peer.reads = 0
        let answer = CancelResponse(cancelled: 1)
        let large = ReloadResponse(models: [ModelStatus(name: String(repeating: "m", count: 900))])
        peer.onEffect = { effect in
            guard case .request(let stream, _) = effect else { return }
            if stream < 5 {
                peer.connection.answer(stream, answer)
            } else {
                peer.connection.answer(stream, large)
            }
            peer.connection.settleOutput(now: peer.now)
        }
        for stream in stride(from: UInt32(1), to: 100, by: 2) { try peer.request(stream) }
        peer.deliver()
        #expect(peer.effects.count < 10)
        #expect(!peer.connection.wantsInput)
        // It reads again: everything that was left comes.
        peer.reads = nil
        peer.settle()
        #expect(peer.answers.count == 50)
        #expect(peer.connection.wantsInput)

        peer.reads = 0
        try peer.request(201)
        peer.deliver()
        peer.now = peer.now.advanced(by: .seconds(31))
        peer.connection.timeOut(now: peer.now)
        peer.settle()
        #expect(peer.isClosed == .slowReader)
    }

    @Test func anAnswerThatIsTooLargeIsAnError() throws {
        let peer = Peer()
        try peer.request(1)
        peer.deliver()
        let name = String(repeating: "x", count: Limits.bodyBytes)
        peer.connection.answer(1, ReloadResponse(models: [ModelStatus(name: name)]))
        peer.settle()
        #expect(peer.answers == ["1 RESOURCE_EXHAUSTED"])
    }
}

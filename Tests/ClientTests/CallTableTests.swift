// The table of unanswered requests, without a socket and with a clock of the test's.

import Randomness
import Syscalls
import Testing
import TextflixProtocol

@testable import TextflixClient

/// A table, the time, and what it would have put on the wire.
private struct Desk {
    var table: CallTable
    var now = MonotonicClock.Instant(nanoseconds: 1_000_000_000)
    var decoder = FrameDecoder()

    init(policy: RetryPolicy = RetryPolicy(), connected: Bool = true) {
        table = CallTable(policy: policy, seed: 7)
        if connected { table.connected(now: now) }
    }

    mutating func pass(_ time: Duration) {
        now = now.advanced(by: time)
        table.advance(to: now)
    }

    mutating func sent() throws -> [(stream: UInt32, envelope: RequestEnvelope)] {
        decoder.append(table.outgoing)
        table.outgoing.removeAll()
        var requests: [(UInt32, RequestEnvelope)] = []
        while let frame = try decoder.next() {
            requests.append((frame.header.stream, try RequestEnvelope(decoding: frame.body)))
        }
        return requests
    }

    mutating func respond(_ stream: UInt32, _ envelope: ResponseEnvelope) {
        let body = envelope.encoded
        let header = FrameHeader(length: UInt32(body.count), stream: stream, kind: .response)
        table.receive(Frame(header: header, body: body), now: now)
    }

    mutating func answers() -> [Answer] {
        defer { table.answers.removeAll() }
        return table.answers
    }
}

@Suite struct CallTableTests {
    @Test func aCallIsSentAndAnswered() throws {
        var desk = Desk()
        let call = desk.table.add(
            .classify, message: [1, 2, 3], timeout: .seconds(2), now: desk.now)
        let sent = try desk.sent()
        #expect(sent.count == 1)
        #expect(sent[0].stream == 1)
        #expect(sent[0].envelope.method == "Classify")
        #expect(sent[0].envelope.timeoutNanoseconds == 2_000_000_000)
        #expect(Array(sent[0].envelope.payload) == [1, 2, 3])
        desk.respond(1, ResponseEnvelope(payload: [9]))
        let answers = desk.answers()
        #expect(answers.count == 1 && answers[0].call == call && answers[0].attempts == 1)
        #expect(try answers[0].outcome.get() == [9])
        #expect(desk.table.unanswered == 0)
    }

    @Test func streamsRiseByTwoAndAnswersComeInAnyOrder() throws {
        var desk = Desk()
        let calls = (0..<3).map { _ in
            desk.table.add(.status, message: [], timeout: nil, now: desk.now)
        }
        #expect(try desk.sent().map(\.stream) == [1, 3, 5])
        for stream in [5, 1, 3] as [UInt32] { desk.respond(stream, ResponseEnvelope()) }
        #expect(desk.answers().map(\.call) == [calls[2], calls[0], calls[1]])
    }

    @Test func aBusyDaemonIsAskedAgainWhenItSaysSo() throws {
        var desk = Desk()
        _ = desk.table.add(.classify, message: [1], timeout: .seconds(5), now: desk.now)
        _ = try desk.sent()
        let busy = Status(code: .resourceExhausted, message: "", retryAfter: .milliseconds(300))
        desk.respond(1, ResponseEnvelope(status: busy))
        desk.pass(.milliseconds(299))
        #expect(try desk.sent().isEmpty)
        desk.pass(.milliseconds(41))  // the first pause is 20 ms at most
        let again = try desk.sent()
        #expect(again.map(\.stream) == [3])
        // The daemon learns what is left of the time, not the whole of it.
        #expect(again[0].envelope.timeoutNanoseconds == 4_660_000_000)
        desk.respond(3, ResponseEnvelope(payload: [4]))
        #expect(desk.answers().map(\.attempts) == [2])
    }

    @Test func noRetryBeyondTheDeadline() throws {
        var desk = Desk()
        _ = desk.table.add(.classify, message: [1], timeout: .milliseconds(200), now: desk.now)
        let busy = Status(code: .unavailable, message: "loading", retryAfter: .milliseconds(300))
        desk.respond(1, ResponseEnvelope(status: busy))
        #expect(throws: ClientError.failed(busy)) { try desk.answers()[0].outcome.get() }
    }

    @Test(arguments: [StatusCode.invalidArgument, .notFound, .internal, .deadlineExceeded])
    func otherErrorsAreFinal(code: StatusCode) throws {
        var desk = Desk()
        _ = desk.table.add(.classify, message: [1], timeout: nil, now: desk.now)
        desk.respond(1, ResponseEnvelope(status: Status(code: code, message: "no")))
        #expect(desk.answers().count == 1)
    }

    @Test func silenceEndsShortlyAfterTheDeadline() throws {
        var desk = Desk()
        _ = desk.table.add(.classify, message: [1], timeout: .seconds(1), now: desk.now)
        desk.pass(.milliseconds(1050))
        #expect(desk.answers().isEmpty)
        desk.pass(.milliseconds(60))
        #expect(throws: ClientError.timedOut(after: .seconds(1))) {
            try desk.answers()[0].outcome.get()
        }
        desk.respond(1, ResponseEnvelope(payload: [1]))  // too late: nobody's
        #expect(desk.answers().isEmpty)
    }

    @Test func aLostConnectionRepeatsWhatMayBeRepeated() throws {
        var desk = Desk()
        let classify = desk.table.add(.classify, message: [1], timeout: nil, now: desk.now)
        let reload = desk.table.add(.reload, message: [], timeout: nil, now: desk.now)
        _ = try desk.sent()
        desk.table.disconnected(now: desk.now)
        let lost = desk.answers()
        #expect(lost.map(\.call) == [reload])
        #expect(throws: ClientError.connectionLost) { try lost[0].outcome.get() }
        desk.pass(.seconds(1))
        desk.table.connected(now: desk.now)
        #expect(try desk.sent().map(\.stream) == [1])
        desk.respond(1, ResponseEnvelope(payload: [5]))
        let answers = desk.answers()
        #expect(answers.map(\.call) == [classify] && answers[0].attempts == 2)
    }

    @Test func patienceEndsWithTheReason() throws {
        var desk = Desk(policy: RetryPolicy(patience: .seconds(3)))
        _ = desk.table.add(.classify, message: [1], timeout: nil, now: desk.now)
        desk.pass(.seconds(60))  // long work is not trouble
        desk.table.disconnected(now: desk.now)
        let why = ClientError.cannotConnect(path: "/x", .nobodyListens)
        desk.table.connectFailed(why)
        desk.pass(.milliseconds(2900))
        #expect(desk.answers().isEmpty)
        desk.pass(.milliseconds(200))
        #expect(throws: why) { try desk.answers()[0].outcome.get() }
    }

    @Test func whatDoesNotFitAFrameIsRefusedHere() throws {
        var desk = Desk()
        _ = desk.table.add(
            .classify, message: [UInt8](repeating: 0, count: Limits.bodyBytes), timeout: nil,
            now: desk.now)
        let answers = desk.answers()
        #expect(answers.count == 1)
        #expect(throws: ClientError.self) { try answers[0].outcome.get() }
        #expect(try desk.sent().isEmpty)
    }

    @Test func abandonedCallsNameTheirStream() throws {
        var desk = Desk()
        let call = desk.table.add(.classify, message: [1], timeout: nil, now: desk.now)
        #expect(desk.table.abandon(call) == 1)
        #expect(desk.table.abandon(call) == nil)
        desk.respond(1, ResponseEnvelope())
        #expect(desk.answers().isEmpty)
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func everyCallFinishesOnceWhateverHappens(seed: UInt64) throws {
        var random = RandomSource(seed: seed)
        var desk = Desk(connected: false)
        var connected = false
        var finished: [UInt64: Int] = [:]
        var open: [UInt32] = []
        for _ in 0..<400 {
            switch random.unit() {
            case ..<0.35:
                let timeout: Duration? = random.unit() < 0.5 ? .milliseconds(400) : nil
                let call = desk.table.add(.classify, message: [1], timeout: timeout, now: desk.now)
                finished[call] = 0
            case ..<0.65 where !open.isEmpty:
                let stream = open.remove(at: Int(random.unit() * Double(open.count)))
                let failed = Status(code: .unavailable, message: "")
                desk.respond(stream, ResponseEnvelope(status: random.unit() < 0.4 ? failed : nil))
            case ..<0.7 where connected:
                desk.table.disconnected(now: desk.now)
                connected = false
                open = []
                desk.decoder = FrameDecoder()
            case ..<0.8 where !connected:
                desk.table.connected(now: desk.now)
                connected = true
            default: desk.pass(.milliseconds(Int(random.unit() * 100)))
            }
            open += try desk.sent().map(\.stream)
            for answer in desk.answers() { finished[answer.call, default: 9] += 1 }
        }
        desk.pass(.seconds(100))
        if connected { desk.table.disconnected(now: desk.now) }
        desk.pass(.seconds(100))
        for answer in desk.answers() { finished[answer.call, default: 9] += 1 }
        #expect(finished.values.allSatisfy { $0 == 1 })
        #expect(desk.table.unanswered == 0)
    }
}

@Suite struct RetryPolicyTests {
    @Test func pausesDoubleUpToTheLongest() {
        let policy = RetryPolicy()
        #expect(policy.pause(after: 1, asked: nil, jitter: 0) == .milliseconds(10))
        #expect(policy.pause(after: 2, asked: nil, jitter: 0) == .milliseconds(20))
        #expect(policy.pause(after: 60, asked: nil, jitter: 0) == .seconds(1))
        #expect(policy.pause(after: 1, asked: .seconds(3), jitter: 0) == .milliseconds(3010))
        #expect(policy.pause(after: 1, asked: .seconds(-3), jitter: 0) == .milliseconds(10))
    }
}

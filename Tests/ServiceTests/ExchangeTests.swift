// The exchange on a desk: clients without sockets, a queue without threads, and a clock that moves
// when a test says so.

import Syscalls
import Testing
import TextflixProtocol

@testable import Service

/// A queue that is as full as it is told, and threads that only note what they are given.
private final class NotingRoom: WorkSink {
    var isFull = false
    var tasks: [TokenisingTask] = []
    private(set) var cancelled: [RequestID] = []

    func admit(_ claim: Claim, now: Instant) throws(Refusal) {
        if isFull { throw .queueFull(retryAfter: 1_000_000) }
    }

    func tokenise(_ task: TokenisingTask) { tasks.append(task) }
    func explain(_ task: ExplanationTask) {}
    func deliver(_ outcomes: [TextOutcome]) {}
    func cancel(_ request: RequestID) { cancelled.append(request) }

    var queue: QueueFigures {
        QueueFigures(texts: 0, bytes: 0, tokens: 0, runningTexts: 0, tokensPerSecond: 0)
    }
}

/// A client's side, without a socket.
private final class DeskClient {
    let key: UInt64
    var writer = FrameWriter()
    /// Written, and kept back.
    var rest: [UInt8] = []
    private(set) var received: [Frame] = []
    private var decoder = FrameDecoder()

    init(key: UInt64) { self.key = key }

    var answers: [String] { received.map(shortly) }

    func open(
        _ stream: UInt32, timeout: Duration = .zero, flags: FrameFlags = .remoteOpen
    ) throws {
        try writer.request(
            stream: stream, method: .classifyStream, nil as ClassifyRequest?,
            timeoutNanoseconds: Int64(timeout.wholeNanoseconds), flags: flags)
    }

    /// Writes a message of one text.
    func say(_ stream: UInt32, bytes: Int = 1) throws {
        let text = Text(utf8: Array(repeating: 0x61, count: bytes))
        try writer.data(stream: stream, ClassifyRequest(texts: [text]))
    }

    func take(_ bytes: UnsafeRawBufferPointer) -> Int {
        decoder.append(bytes)
        while let frame = try? decoder.next() { received.append(frame) }
        return bytes.count
    }
}

private final class FrontDesk {
    let room = NotingRoom()
    let lines = LogLines()
    let exchange: Exchange
    private var now = Instant(nanoseconds: 1_000_000_000)
    private var clients: [UInt64: DeskClient] = [:]

    init(revision: String = "r1", _ change: (inout ServiceLimits) -> Void = { _ in }) throws {
        var limits = ServiceLimits()
        change(&limits)
        let said = lines
        exchange = Exchange(
            limits: limits, models: ["m"], sink: room,
            page: StatusPage(
                version: "test", started: now, limits: limits, threads: 1,
                instructionSet: "none"), log: Log(.closure { said.note($0, $1) }))
        let model = try FakeModel.make(revision: revision)
        exchange.start()
        exchange.handle([.loaded([LoadedModel(name: "m", outcome: .success(model))])], now: now)
    }

    func connect() throws -> DeskClient {
        let peer = PeerCredentials(process: 1, user: 1, group: 1)
        let client = DeskClient(key: try #require(exchange.connect(peer)))
        clients[client.key] = client
        return client
    }

    /// What the exchange still holds of a client.
    func endpoint(_ client: DeskClient) -> Endpoint? { exchange.endpoints[client.key] }

    /// Delivers what the client wrote, all but so many bytes of it.
    func deliver(_ client: DeskClient, allBut kept: Int = 0) {
        let bytes = client.rest + client.writer.take()
        client.rest = Array(bytes.suffix(kept))
        bytes.dropLast(kept).withUnsafeBytes { exchange.receive(client.key, $0, now: now) }
        settle()
    }

    /// Answers the texts of the first requests in the queue.
    func answer(_ count: Int = .max) {
        let tasks = Array(room.tasks.prefix(count))
        room.tasks.removeFirst(tasks.count)
        var notices: [Notice] = []
        for task in tasks {
            for index in task.indices {
                let outcome = TextOutcome(
                    request: task.request, index: index,
                    result: .scores(logits: [0, 1], probabilities: [0.25, 0.75]), tokenCount: 3)
                notices.append(.text(outcome))
            }
        }
        exchange.handle(notices, now: now)
        settle()
    }

    /// Something has left the queue, or has come into it.
    func fill(_ isFull: Bool) {
        room.isFull = isFull
        exchange.handle([], now: now)
        settle()
    }

    func pass(_ time: Duration) {
        now = now.advanced(by: time)
        exchange.timeOut(now: now)
        settle()
    }

    /// As the event loop does.
    private func settle() {
        while true {
            exchange.resumeParked(now: now)
            let touched = exchange.takeTouched()
            if touched.isEmpty { return }
            for key in touched {
                guard let client = clients[key] else { continue }
                exchange.send(key, now: now) { client.take($0) }
            }
        }
    }
}

@Suite struct ExchangeTests {
    @Test func aStreamThatItsClientEndsLeavesNothing() throws {
        let desk = try FrontDesk()
        let client = try desk.connect()
        try client.open(1)
        try client.say(1)
        desk.deliver(client)
        desk.answer()
        client.writer.endOfData(stream: 1)
        try client.open(3, flags: .remoteClosed)
        desk.deliver(client)
        #expect(client.answers == ["1 data", "1 end", "3 end"])
        #expect(desk.endpoint(client)?.streams.count == 0)
        #expect(desk.exchange.streamCount == 0)
        try client.writer.request(
            stream: 5, method: .cancel, CancelRequest(streams: [1, 3]))
        desk.deliver(client)
        let frame = try #require(client.received.last)
        let envelope = try ResponseEnvelope(decoding: frame.body)
        let found = try CancelResponse(decoding: envelope.payload).cancelled
        #expect(found == 0)
    }

    /// Of three messages one has its answer, one is in the queue, one waits for room there.
    @Test func anAnswerThatIsTooLargeEndsAllWorkOfItsStream() throws {
        let desk = try FrontDesk(revision: String(repeating: "r", count: Limits.bodyBytes))
        let client = try desk.connect()
        try client.open(1)
        for _ in 0..<2 { try client.say(1) }
        desk.deliver(client)
        desk.fill(true)
        try client.say(1)
        desk.deliver(client)
        let second = try #require(desk.room.tasks.last).request
        desk.answer(1)
        #expect(client.answers == ["1 RESOURCE_EXHAUSTED"])
        #expect(desk.room.cancelled == [second])
        #expect(desk.exchange.pending.count == 0)
        #expect(desk.endpoint(client)?.parkedBytes == 0)
    }

    /// It is held in the middle of a frame, and for longer than one may take.
    @Test func whoIsHeldIsNoSlowSender() throws {
        let desk = try FrontDesk { $0.parkedBytes = 1000 }
        let client = try desk.connect()
        desk.fill(true)
        try client.open(1)
        for _ in 0..<2 { try client.say(1, bytes: 2000) }
        desk.deliver(client, allBut: 500)
        #expect(desk.exchange.interest(of: client.key)?.input == false)
        desk.pass(.seconds(60))
        desk.fill(false)
        desk.pass(.zero)
        #expect(desk.exchange.interest(of: client.key)?.input == true)
        desk.deliver(client)
        desk.answer()
        #expect(client.answers == ["1 data", "1 data"])
    }

    /// There is room for the waiting messages of one connection, and each goes on before the other
    /// comes.
    @Test func whatNoLongerWaitsIsNotCharged() throws {
        let desk = try FrontDesk {
            $0.inputBytes = 6000; $0.modestInputBytes = 1000
        }
        let clients = [try desk.connect(), try desk.connect()]
        for client in clients {
            desk.fill(true)
            try client.open(1)
            try client.say(1, bytes: 4000)
            desk.deliver(client)
            #expect(desk.exchange.inputBytes > 4000)
            desk.fill(false)
            #expect(desk.exchange.inputBytes == 0)
        }
        desk.answer()
        for client in clients { #expect(client.answers == ["1 data"]) }
    }

    @Test func statusAndCancelFindRoomWhereOthersDoNot() throws {
        let desk = try FrontDesk { $0.streamsPerConnection = 1 }
        let client = try desk.connect()
        let work = ClassifyRequest(texts: ["a"])
        try client.writer.request(stream: 1, method: .classify, work)
        try client.writer.request(stream: 3, method: .status, StatusRequest())
        try client.writer.request(stream: 5, method: .classify, work)
        try client.writer.request(stream: 7, method: .cancel, CancelRequest(streams: [1]))
        try client.writer.request(stream: 9, method: .classify, work)
        desk.deliver(client)
        desk.answer()
        #expect(
            client.answers == ["3 OK", "5 RESOURCE_EXHAUSTED", "1 CANCELLED", "7 OK", "9 OK"])
        #expect(desk.endpoint(client)?.connection.unansweredStreams == 0)
        #expect(desk.endpoint(client)?.unary.count == 0)
    }

    @Test(arguments: [MethodName.classify, .classifyStream])
    func aNameThatNoModelHasStaysOutOfTheLog(method: MethodName) throws {
        let desk = try FrontDesk()
        let client = try desk.connect()
        let request = ClassifyRequest(model: "dear diary", texts: ["a"])
        let flags: FrameFlags = method.isStreaming ? .remoteClosed : []
        try client.writer.request(stream: 1, method: method, request, flags: flags)
        desk.deliver(client)
        #expect(client.answers == ["1 NOT_FOUND"])
        let said = desk.lines.all.joined(separator: "\n")
        #expect(said.contains("no model of that name (10 bytes)"))
        #expect(!said.contains("diary"))
    }

    /// The first waits for its client, the second for room in the queue, the third has no deadline.
    @Test func aStreamEndsAtItsDeadlineWhateverItWaitsFor() throws {
        let desk = try FrontDesk()
        let client = try desk.connect()
        desk.fill(true)
        try client.open(1, timeout: .seconds(1))
        try client.open(3, timeout: .seconds(2))
        try client.say(3)
        try client.open(5)
        desk.deliver(client)
        desk.pass(.milliseconds(999))
        #expect(client.answers == [])
        desk.pass(.milliseconds(1))
        #expect(client.answers == ["1 DEADLINE_EXCEEDED"])
        desk.pass(.seconds(1))
        #expect(client.answers == ["1 DEADLINE_EXCEEDED", "3 DEADLINE_EXCEEDED"])
        #expect(desk.endpoint(client)?.parkedBytes == 0)
        #expect(desk.exchange.streamCount == 1)
    }
}

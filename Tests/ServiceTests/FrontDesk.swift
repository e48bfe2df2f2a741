// An exchange without sockets, threads or a clock: its clients, its queue, and the desk between.

import Syscalls
import Testing
import TextflixProtocol

@testable import Service

/// A queue that is as full as it is told, and threads that only note what they are given.
final class NotingRoom: WorkSink {
    var isFull = false
    /// Who finds no room, though it is not full.
    var judge: (Claim) -> Refusal? = { _ in nil }
    var tasks: [TokenisingTask] = []
    private(set) var cancelled: [RequestID] = []
    private(set) var asked = 0

    func admit(_ claim: Claim, now: Instant) throws(Refusal) {
        asked += 1
        if isFull { throw .queueFull(retryAfter: 1_000_000) }
        if let refusal = judge(claim) { throw refusal }
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
final class DeskClient {
    let key: UInt64
    var writer = FrameWriter()
    /// Written, and kept back.
    var rest: [UInt8] = []
    /// How many bytes it takes; nil: all.
    var reads: Int?
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

    /// Writes a message of equal texts.
    func say(_ stream: UInt32, bytes: Int = 1, texts: Int = 1) throws {
        let text = Text(utf8: Array(repeating: 0x61, count: bytes))
        try writer.data(
            stream: stream, ClassifyRequest(texts: Array(repeating: text, count: texts)))
    }

    func close(_ stream: UInt32) { writer.endOfData(stream: stream) }

    func take(_ bytes: UnsafeRawBufferPointer) -> Int {
        let count = min(bytes.count, reads ?? bytes.count)
        reads = reads.map { $0 - count }
        decoder.append(UnsafeRawBufferPointer(rebasing: bytes.prefix(count)))
        while let frame = try? decoder.next() { received.append(frame) }
        return count
    }
}

final class FrontDesk {
    let room = NotingRoom()
    let lines = LogLines()
    let exchange: Exchange
    private(set) var exitCode: Int32?
    private(set) var now = Instant(nanoseconds: 1_000_000_000)
    private var clients: [UInt64: DeskClient] = [:]

    init(
        revision: String = "r1", model: ServedModel? = nil,
        _ change: (inout ServiceLimits) -> Void = { _ in }
    ) throws {
        var limits = ServiceLimits()
        change(&limits)
        let said = lines
        exchange = Exchange(
            limits: limits, models: ["m"], sink: room,
            statusReport: StatusReport(
                version: "test", started: now, limits: limits, threads: 1,
                instructionSet: "none"), log: Log(.closure { said.note($0, $1) }))
        let model = try model ?? FakeModel.make(revision: revision)
        exchange.start()
        exchange.handle([.loaded([LoadedModel(name: "m", outcome: .success(model))])], now: now)
    }

    func connect(user: UInt32 = 1) throws -> DeskClient {
        let peer = PeerCredentials(process: 1, user: user, group: 1)
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

    /// Answers the texts of the first requests in the queue, or of those behind some.
    func answer(_ count: Int = .max, behind: Int = 0) {
        let tasks = Array(room.tasks.dropFirst(behind).prefix(count))
        room.tasks.removeSubrange(behind..<behind + tasks.count)
        var notices: [Notice] = []
        for task in tasks {
            for index in task.indices { notices.append(.text(outcome(task, index))) }
        }
        exchange.handle(notices, now: now)
        settle()
    }

    func outcome(_ task: TokenisingTask, _ index: Int) -> TextOutcome {
        TextOutcome(
            request: task.request, index: index,
            result: .scores(logits: [0, 1], probabilities: [0.25, 0.75]), tokenCount: 3)
    }

    /// Of all its labels together.
    func counter(_ name: String) -> UInt64 {
        exchange.figures.counterMessages.reduce(0) { $0 + ($1.name == name ? $1.value : 0) }
    }

    /// The client takes so many bytes of what waits for it; nil: all, from now on.
    func read(_ client: DeskClient, _ bytes: Int?) {
        client.reads = bytes
        exchange.touch(client.key)
        settle()
    }

    func isRead(_ client: DeskClient) -> Bool? { exchange.interest(of: client.key)?.input }

    func terminate() {
        exchange.take(.terminate, now: now)
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

    /// A load has ended, of models by those names that are not there.
    func loadNothing(_ names: String...) {
        let failure = LoadFailure("no such folder")
        exchange.handle(
            [.loaded(names.map { LoadedModel(name: $0, outcome: .failure(failure)) })], now: now)
        settle()
    }

    /// As the event loop does, turn by turn.
    func settle() {
        repeat {
            exchange.beginTurn(now: now)
            settleTurn()
        } while exchange.hasUnfinished
    }

    private func settleTurn() {
        while true {
            exchange.resumeParked(now: now)
            exchange.checkDrained()
            for effect in exchange.takeLifecycleEffects() { apply(effect) }
            let touched = exchange.takeTouched()
            if touched.isEmpty { return }
            for key in touched {
                guard let client = clients[key] else { continue }
                exchange.send(key, now: now) { client.take($0) }
            }
        }
    }

    private func apply(_ effect: Lifecycle.Effect) {
        switch effect {
        case .answerReload(let addresses): exchange.answerReload(addresses)
        case .failReload(let addresses, let fault): exchange.failReload(addresses, fault)
        case .exit(let code): exitCode = code
        default: break
        }
    }
}

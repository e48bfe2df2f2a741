// The daemon without a process: the real event loop, threads and sockets, a fake engine, models out
// of thin air.

import Service
import Synchronization
import Syscalls
import TestSupport
import Testing
import TextflixProtocol

final class TestDaemon {
    let board: FakeBoard
    let lines = LogLines()
    let path: String
    private let folder: TemporaryFolder
    private let mailbox: Mailbox
    private let result = ExitCode()
    private var thread: [Joined] = []
    private let loads: LoadScript

    /// Holds a thread until it is joined.
    private final class Joined {
        private var thread: Thread?
        init(_ thread: consuming Thread) { self.thread = consume thread }
        func join() {
            guard let thread = self.thread.take() else { return }
            thread.join()
        }
    }

    final class ExitCode: Sendable {
        private let code = Mutex<Int32?>(nil)
        func set(_ value: Int32) { code.withLock { $0 = value } }
        var value: Int32? { code.withLock { $0 } }
    }

    /// What each load of the models gives.
    final class LoadScript: Sendable {
        private let models: Mutex<[LoadedModel]>
        private let count = Atomic(0)
        init(_ models: [LoadedModel]) { self.models = Mutex(models) }
        func set(_ new: [LoadedModel]) { models.withLock { $0 = new } }
        func take() -> [LoadedModel] {
            count.wrappingAdd(1, ordering: .relaxed)
            return models.withLock { $0 }
        }
        var loads: Int { count.load(ordering: .relaxed) }
    }

    /// - Parameter engineFailure: why it gets no engine; nil: it gets a fake one.
    init(
        models: [ServedModel]? = nil, layers: Int = 2, engineFailure: EngineFailure? = nil,
        _ change: (inout ServiceLimits) -> Void = { _ in }
    ) throws {
        var limits = ServiceLimits()
        limits.batchTokens = 64
        change(&limits)
        let models = try models ?? [FakeModel.make()]
        folder = try TemporaryFolder("service")
        path = folder("s")
        let board = FakeBoard(layers: layers)
        self.board = board
        let mailbox = try Mailbox()
        self.mailbox = mailbox
        let script = LoadScript(
            models.map { LoadedModel(name: $0.name, outcome: .success($0)) })
        loads = script
        let listener = try Listener.make(path: path, mode: 0o600)
        let (result, lines, names, fixed) = (result, lines, models.map(\.name), limits)
        let makeEngine: @Sendable () throws -> any ComputeEngine = {
            if let engineFailure { throw engineFailure }
            return FakeEngine(board: board)
        }
        thread = [
            Joined(
                try Thread.spawn(name: "test-io") {
                    result.set(
                        Self.serve(fixed, names, mailbox, listener, lines, makeEngine) {
                            mailbox.post(.loaded(script.take()))
                        })
                })
        ]
    }

    private static func serve(
        _ limits: ServiceLimits, _ names: [String], _ mailbox: Mailbox, _ listener: Listener,
        _ lines: LogLines, _ makeEngine: @escaping @Sendable () throws -> any ComputeEngine,
        load: @escaping () -> Void
    ) -> Int32 {
        let pipeline = Pipeline(limits: limits, mailbox: mailbox, makeEngine: makeEngine)
        let log = Log(.closure { lines.note($0, $1) })
        let now = MonotonicClock.now
        let exchange = Exchange(
            limits: limits, models: names, sink: pipeline,
            statusReport: StatusReport(
                version: "test", started: now, limits: limits, threads: 1,
                instructionSet: "none"), log: log)
        do {
            let loop = try EventLoop(
                exchange: exchange, mailbox: mailbox,
                notifier: Notifier(pulses: pipeline.pulses, now: now), listeners: [listener],
                signals: SignalQueue([]), limits: limits, log: log, load: load)
            return try pipeline.whileRunning { () throws(Errno) in try loop.run() }
        } catch {
            Issue.record("\(error)")
            return -1
        }
    }

    func connect() throws -> TestClient { try TestClient(path: path) }

    var loadCount: Int { loads.loads }

    /// What the next load finds.
    func install(_ models: [LoadedModel]) { loads.set(models) }

    func terminate() { mailbox.post(.signal(.terminate)) }
    func hangUp() { mailbox.post(.signal(.hangUp)) }

    /// Waits for the daemon to end by itself.
    func exitCode() -> Int32? {
        for thread in thread { thread.join() }
        thread = []
        return result.value
    }

    deinit {
        board.open()
        if !thread.isEmpty {
            terminate()
            _ = exitCode()
        }
    }
}

/// What is logged, "LEVEL: MESSAGE" each.
final class LogLines: Sendable {
    private let lines = Mutex<[String]>([])
    func note(_ level: Log.Level, _ message: String) {
        lines.withLock { $0.append("\(level): \(message)") }
    }
    var all: [String] { lines.withLock { $0 } }
}

/// A blocking client on the real wire.
final class TestClient {
    private let socket: Descriptor
    private var decoder = FrameDecoder()
    var writer = FrameWriter()
    private var nextStream: UInt32 = 1

    init(path: String) throws { socket = try UnixSocket.connect(path: path) }

    func flush() throws {
        let bytes = writer.take()
        let number = socket.number
        let failure = bytes.withUnsafeBytes { space -> Errno? in
            do throws(Errno) {
                try UnixSocket.sendAll(number, space)
                return nil
            } catch { return error }
        }
        if let failure { throw failure }
    }

    @discardableResult
    func send(
        _ method: MethodName, _ message: some Message, timeout: Duration = .zero
    ) throws -> UInt32 {
        defer { nextStream += 2 }
        try writer.request(
            stream: nextStream, method: method, message,
            timeoutNanoseconds: Int64(timeout.wholeNanoseconds))
        try flush()
        return nextStream
    }

    /// The next frame; nil at the end. Fails the test when none comes in ten seconds.
    func read() throws -> Frame? {
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            if let frame = try decoder.next() { return frame }
            guard try waitUntilReady(socket.number, milliseconds: 10_000) else {
                Issue.record("no answer in ten seconds")
                return nil
            }
            let number = socket.number
            let count = try buffer.withUnsafeMutableBytes { space -> Int in
                var passed = false
                switch try UnixSocket.receive(number, into: space, passedDescriptors: &passed) {
                case .bytes(let count): return count
                case .end: return 0
                case .nothing: return -1
                }
            }
            if count == 0 { return nil }
            if count > 0 { decoder.append(buffer[..<count]) }
        }
    }

    /// The next answer, whichever it is.
    func answer() throws -> (stream: UInt32, Result<ArraySlice<UInt8>, Status>) {
        let frame = try #require(try read())
        let envelope = try ResponseEnvelope(decoding: frame.body)
        let stream = frame.header.stream
        return (stream, envelope.failure.map { .failure($0) } ?? .success(envelope.payload))
    }

    func call<Response: Message>(
        _ method: MethodName, _ message: some Message, timeout: Duration = .zero,
        _: Response.Type = Response.self
    ) throws -> Response {
        try send(method, message, timeout: timeout)
        return try Response(decoding: answer().1.get())
    }

    func classify(_ texts: Text..., model: String = "") throws -> ClassifyResponse {
        try call(.classify, ClassifyRequest(model: model, texts: texts))
    }

    func status() throws -> StatusResponse { try call(.status, StatusRequest()) }

    func shutDownWriting() throws { try UnixSocket.shutDownWriting(socket.number) }
}

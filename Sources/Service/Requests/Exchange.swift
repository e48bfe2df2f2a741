// Where connections, requests and the queue meet: everything the I/O thread decides, without a
// socket in sight.
//
//     bytes ──> Connection ──effects──> Exchange ──claims, tasks──> WorkSink (threads)
//     frames <── Connection <──answers── Exchange <──notices─────── Mailbox
//
// It belongs to one thread. Invariants: a request that was accepted stays in `pending` until its
// one answer is written, or held for its turn in a stream, or its connection is gone; whatever is
// taken out of `pending` early is cancelled in the queue; stream messages are answered in the order
// in which they came.

package import Syscalls
internal import TextflixProtocol

/// The threads behind the exchange, as far as it needs them.
package protocol WorkSink: AnyObject {
    func admit(_ claim: Claim, now: Instant) throws(Refusal)
    func tokenise(_ task: TokenisingTask)
    func explain(_ task: ExplanationTask)
    /// Variants of texts that are being explained, scored.
    func deliver(_ outcomes: [TextOutcome])
    func cancel(_ request: RequestID)
    var queue: QueueFigures { get }
}

package final class Exchange {
    enum Timer: Sendable {
        case connection(UInt64)
        case request(RequestID)
        /// The deadline of a streaming one.
        case stream(StreamAddress)
    }

    let limits: ServiceLimits
    let sink: any WorkSink
    let log: Log
    var endpoints: [UInt64: Endpoint] = [:]
    var connectionsOfUser: [UInt32: Int] = [:]
    var pending: [RequestID: PendingRequest] = [:]
    var catalog: ModelCatalog
    var lifecycle: Lifecycle
    var figures = Figures()
    var cache: AnswerCache
    var timers = TimerHeap<Timer>()
    var inputBytes = 0
    private var inputOfUser: [UInt32: Int] = [:]
    /// Open streams of all connections.
    var streamCount = 0
    /// Connections whose stream messages wait for room: who found none longest comes first.
    var parked: [UInt64] = []
    /// Their users, at least.
    var usersWithParked: Set<UInt32> = []
    /// Something may have left the queue since they last tried.
    var queueMoved = false
    /// What the owner of the process is to do.
    private(set) var lifecycleEffects: [Lifecycle.Effect] = []
    private(set) var closed: [UInt64] = []
    private var touched: Set<UInt64> = []
    /// Turns of the event loop so far, and connections that have more to do than one turn takes.
    private var turn = 0
    private var unfinished: Set<UInt64> = []
    private static let effectsPerTurn = 128
    private var nextConnection: UInt64 = 1
    private var nextRequest: UInt64 = 1
    let statusReport: StatusReport

    package init(
        limits: ServiceLimits, models: [String], sink: any WorkSink, statusReport: StatusReport,
        log: Log
    ) {
        self.limits = limits
        self.sink = sink
        self.statusReport = statusReport
        self.log = log
        catalog = ModelCatalog(names: models)
        lifecycle = Lifecycle(limits: limits)
        cache = AnswerCache(bytes: limits.cacheBytes)
    }

    /// What a client is told that cannot be taken in: it most likely waits on its first stream.
    static let refusal: [UInt8] = {
        var writer = FrameWriter()
        writer.failure(
            stream: 1,
            Status(
                code: .resourceExhausted, message: "too many connections",
                retryAfter: .seconds(1)))
        return writer.take()
    }()

    func makeRequest() -> RequestID {
        defer { nextRequest += 1 }
        return RequestID(nextRequest)
    }

    // MARK: Connections

    /// Takes a new client in.
    /// - Returns: nil when there are too many; the refusal was logged and counted.
    package func connect(_ peer: PeerCredentials) -> UInt64? {
        figures.count("textflix_connections_total")
        let ofUser = connectionsOfUser[peer.user] ?? 0
        guard endpoints.count < limits.connections, ofUser < limits.connectionsPerUser else {
            figures.count("textflix_connections_refused_total")
            log.limited(
                .warning,
                "refused a connection: \(endpoints.count) are open, \(ofUser) of the user",
                [("USER", "\(peer.user)")])
            return nil
        }
        connectionsOfUser[peer.user] = ofUser + 1
        let key = nextConnection
        nextConnection += 1
        endpoints[key] = Endpoint(connection: Connection(limits: limits), peer: peer)
        return key
    }

    package func receive(_ key: UInt64, _ bytes: UnsafeRawBufferPointer, now: Instant) {
        guard let endpoint = endpoints[key] else { return }
        endpoint.connection.receive(bytes, now: now)
        run(key, endpoint, now: now)
        while inputBytes > limits.inputBytes, shedInput(now: now) {}
    }

    /// Of those whose input is not modest the connection goes whose user has most, and which holds
    /// most of it, whoever came last.
    /// - Returns: false where all of it is modest.
    private func shedInput(now: Instant) -> Bool {
        func weight(_ endpoint: Endpoint) -> (Int, Int) {
            (inputOfUser[endpoint.peer.user] ?? 0, endpoint.countedInput)
        }
        guard
            let (key, endpoint) = endpoints.lazy
                .filter({ $0.value.countedInput > self.limits.modestInputBytes })
                .max(by: { weight($0.value) < weight($1.value) })
        else { return false }
        countRefusal("input_memory")
        for stream in endpoint.unanswered {
            fail(
                StreamAddress(connection: key, stream: stream), endpoint,
                method(of: stream, endpoint), Self.tooMuchInput)
        }
        endpoint.connection.dropInput(Self.tooMuchInput)
        run(key, endpoint, now: now)
        return true
    }

    private static let tooMuchInput = Status(
        code: .resourceExhausted, message: "too much input of this user waits for the engine",
        retryAfter: .seconds(1))

    private func count(input: Int, of endpoint: Endpoint) {
        let more = input - endpoint.countedInput
        guard more != 0 else { return }
        inputBytes += more
        endpoint.countedInput = input
        let ofUser = (inputOfUser[endpoint.peer.user] ?? 0) + more
        inputOfUser[endpoint.peer.user] = ofUser == 0 ? nil : ofUser
    }

    /// There was no descriptor to keep a client's connection with.
    func noteTurnedAway() {
        figures.count("textflix_connections_total")
        figures.count("textflix_connections_refused_total")
    }

    /// A peer passed descriptors along; the kernel has closed them.
    func noteDescriptors() {
        figures.count("textflix_descriptors_dropped_total")
        log.limited(.notice, "a client passed descriptors along; they were closed unseen")
    }

    package func inputEnded(_ key: UInt64, now: Instant) {
        guard let endpoint = endpoints[key] else { return }
        endpoint.connection.inputEnded()
        run(key, endpoint, now: now)
    }

    package func peerGone(_ key: UInt64, now: Instant) {
        guard let endpoint = endpoints[key] else { return }
        endpoint.connection.peerGone()
        run(key, endpoint, now: now)
    }

    /// Whether the connection is to be watched for input, and for room to write. One that has more
    /// to do than a turn takes is not read on.
    package func interest(of key: UInt64) -> (input: Bool, output: Bool)? {
        guard let connection = endpoints[key]?.connection else { return nil }
        return (connection.wantsInput && !unfinished.contains(key), connection.unsentBytes > 0)
    }

    /// Writes what there is to write, until the body takes no more.
    package func send(_ key: UInt64, now: Instant, _ body: (UnsafeRawBufferPointer) -> Int) {
        guard let endpoint = endpoints[key] else { return }
        repeat {
            while endpoint.connection.send(now: now, body) {}
        } while sendStalled(key, endpoint)
        endpoint.connection.settleOutput(now: now)
        run(key, endpoint, now: now)
    }

    /// Connections whose state changed since the last call: to be written to and watched anew.
    package func takeTouched() -> Set<UInt64> {
        defer { touched = [] }
        return touched
    }

    /// Connections that have ended since the last call: their sockets are to be closed.
    package func takeClosed() -> [UInt64] {
        defer { closed = [] }
        return closed
    }

    func touch(_ key: UInt64) { touched.insert(key) }

    /// A new turn of the event loop: who had more to do than the last one took goes on.
    package func beginTurn(now: Instant) {
        turn += 1
        let keys = unfinished
        unfinished = []
        for key in keys {
            guard let endpoint = endpoints[key] else { continue }
            run(key, endpoint, now: now)
            touch(key)
        }
    }

    /// Whether a turn has something to do though nothing new has come.
    package var hasUnfinished: Bool { !unfinished.isEmpty }

    /// Lets a connection do what it has to do, as far as its share of this turn goes: one that has
    /// asked for thousands of things at once leaves time for others.
    func run(_ key: UInt64, _ endpoint: Endpoint, now: Instant) {
        if endpoint.turn != turn { (endpoint.turn, endpoint.effectsInTurn) = (turn, 0) }
        hold(key, endpoint, now: now)
        while true {
            guard endpoint.effectsInTurn < Self.effectsPerTurn else {
                unfinished.insert(key)
                break
            }
            guard let effect = endpoint.connection.next(now: now) else { break }
            endpoint.effectsInTurn += 1
            touched.insert(key)
            switch effect {
            case .request(let stream, let envelope):
                begin(StreamAddress(connection: key, stream: stream), envelope, endpoint, now: now)
            case .message(let stream, let body):
                takeMessage(StreamAddress(connection: key, stream: stream), body, endpoint, now)
            case .refused(_, let method):
                countRefusal("streams")
                count(method, .resourceExhausted)
                endpoint.connection.noteRefusal(now: now)
            case .rejected(_, let method, let code):
                count(method, code)
                endpoint.connection.noteRefusal(now: now)
            case .nothing: continue
            case .abandon(let stream): abandon(stream, endpoint)
            case .close(let reason): end(key, endpoint, reason)
            }
        }
        // One that has ended holds nothing, and was counted so.
        guard endpoints[key] != nil else { return }
        count(input: endpoint.connection.bufferedInputBytes + endpoint.parkedBytes, of: endpoint)
        setTimer(key, endpoint)
    }

    private func setTimer(_ key: UInt64, _ endpoint: Endpoint) {
        let deadline = endpoint.connection.deadline
        guard deadline < endpoint.timer else { return }
        endpoint.timer = deadline
        timers.push(deadline, .connection(key))
    }

    /// The work of one stream is no longer wanted.
    func abandon(_ stream: UInt32, _ endpoint: Endpoint) {
        endpoint.reloads.remove(stream)
        if let request = endpoint.unary.removeValue(forKey: stream) { drop(request) }
        if let row = endpoint.streams.removeValue(forKey: stream) {
            streamCount -= 1
            endpoint.parkedBytes -= row.parkedBytes
            endpoint.heldBytes -= row.heldBytes
            endpoint.stalled.removeAll { $0 == stream }
            for request in row.requests { drop(request) }
        }
    }

    func drop(_ request: RequestID) {
        guard pending.removeValue(forKey: request) != nil else { return }
        sink.cancel(request)
        queueMoved = true
    }

    private func end(_ key: UInt64, _ endpoint: Endpoint, _ reason: Connection.CloseReason) {
        let unanswered = endpoint.unanswered
        for stream in unanswered { abandon(stream, endpoint) }
        if !unanswered.isEmpty {
            figures.count("textflix_cancelled_total", unanswered.count, "reason", reason.name)
        }
        figures.count("textflix_connections_closed_total", 1, "reason", reason.name)
        if let text = reason.complaint {
            log.limited(.warning, text, [("USER", "\(endpoint.peer.user)")])
        }
        count(input: 0, of: endpoint)
        let ofUser = (connectionsOfUser[endpoint.peer.user] ?? 1) - 1
        connectionsOfUser[endpoint.peer.user] = ofUser == 0 ? nil : ofUser
        endpoints[key] = nil
        closed.append(key)
    }

    // MARK: Time

    package var nextTimer: Instant { min(timers.first, lifecycle.deadline) }

    package func timeOut(now: Instant) {
        while let timer = timers.pop(due: now) {
            switch timer {
            case .request(let request): expire(request, now: now)
            case .stream(let address): expire(address, now: now)
            case .connection(let key):
                guard let endpoint = endpoints[key] else { continue }
                endpoint.timer = .distantFuture
                endpoint.connection.timeOut(now: now)
                run(key, endpoint, now: now)
                // It may be read again.
                touch(key)
            }
        }
        apply(lifecycle.tick(now: now))
        // Most requests are answered long before their deadline.
        if timers.count > 4 * (pending.count + endpoints.count + streamCount) + 4096 {
            timers.sweep { timer in
                switch timer {
                case .request(let request): pending[request] != nil
                case .stream(let address):
                    endpoints[address.connection]?.connection.isOpen(address.stream) == true
                case .connection(let key): endpoints[key] != nil
                }
            }
        }
    }

    // MARK: Life

    func apply(_ effects: [Lifecycle.Effect]) { lifecycleEffects += effects }

    var hasLifecycleEffects: Bool { !lifecycleEffects.isEmpty }

    package func takeLifecycleEffects() -> [Lifecycle.Effect] {
        defer { lifecycleEffects = [] }
        return lifecycleEffects
    }

    package func start() { apply(lifecycle.start()) }

    /// While draining: whether every accepted request is answered and every answer sent. Streams
    /// that wait for their clients have their end then too.
    package func checkDrained() {
        guard lifecycle.state == .draining, pending.isEmpty,
            endpoints.values.allSatisfy({ $0.heldBytes == 0 })
        else { return }
        giveUp()
        guard endpoints.values.allSatisfy({ $0.connection.unsentBytes == 0 }) else { return }
        apply(lifecycle.drained())
    }

    /// One line for the service manager.
    var summary: String {
        let names = catalog.entries.filter { $0.model != nil }.map(\.name)
        let trouble = statusReport.detail.isEmpty ? "" : "; \(statusReport.detail)"
        return "serving \(names.joined(separator: ", "))\(trouble)"
    }
}

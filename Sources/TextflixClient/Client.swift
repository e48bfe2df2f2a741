// A blocking client of the Textflix daemon, for programs with one thread of work.
//
// Many requests may be under way on its one connection: `start` them, then take their answers with
// `answer(to:)`. A connection that breaks is made anew and what may be repeated is sent again;
// a daemon that is busy or loading is asked again when it says so, all within each request's
// timeout. Order: `CallTable` decides, `Link` moves bytes, this file waits.
//
// Not for several threads at once: give each thread a client of its own.

import Randomness
package import Syscalls
public import TextflixProtocol

/// A request under way.
public struct Ticket<Response: Message>: Sendable, Hashable {
    package let number: UInt64
}

public final class Client {
    typealias Instant = MonotonicClock.Instant

    /// Where this client connects to.
    public let path: String
    private let candidates: [String]
    private let policy: RetryPolicy
    private var calls: CallTable
    private var link: Link?
    private var failedConnects = 0
    private var reconnectAt = Instant.zero
    private var jitter: RandomSource
    /// Answers that came while another one was awaited.
    private var early: [UInt64: Answer] = [:]

    /// Connects.
    /// - Parameters:
    ///   - path: the socket; nil: $TEXTFLIX_SOCKET, else the user's own daemon, else the system's.
    ///   - retry: how failures that may pass are dealt with.
    /// - Throws: `ClientError.cannotConnect`, at once unless the daemon's backlog is full.
    public init(path: String? = nil, retry: RetryPolicy = RetryPolicy()) throws(ClientError) {
        let place = SocketPath.resolve(
            explicit: path, environment: { environment($0) }, exists: { fileExists($0) })
        self.path = place.path
        candidates = place.candidates
        policy = retry
        let now = MonotonicClock.now
        let seed = now.nanoseconds ^ UInt64(ThisProcess.identifier) << 32
        calls = CallTable(policy: retry, seed: seed)
        jitter = RandomSource(seed: ~seed)
        try connectPatiently(until: now.advanced(by: retry.patience))
    }

    /// Requests whose answers have not been taken.
    public var unanswered: Int { calls.unanswered + calls.answers.count + early.count }

    // MARK: - Requests

    /// Sends a request and waits for its answer.
    /// - Parameter timeout: also the daemon's deadline for it; nil: none.
    public func call<Request, Response>(
        _ procedure: Procedure<Request, Response>, _ request: Request, timeout: Duration? = nil
    ) throws(ClientError) -> Response {
        try answer(to: start(procedure, request, timeout: timeout))
    }

    /// Begins a request, and sends what the socket takes of it; its answer is had from
    /// `answer(to:)`. What it does not take leaves with the next call of this client.
    public func start<Request, Response>(
        _ procedure: Procedure<Request, Response>, _ request: Request, timeout: Duration? = nil
    ) -> Ticket<Response> {
        let now = MonotonicClock.now
        let number = calls.add(
            procedure.name, message: request.encoded, timeout: timeout, now: now)
        advance()
        return Ticket(number: number)
    }

    /// Waits for the answer to that request; others that come first are kept.
    /// - Throws: CANCELLED for one that was cancelled, or whose answer was taken.
    public func answer<Response>(to ticket: Ticket<Response>) throws(ClientError) -> Response {
        while true {
            if let answer = early.removeValue(forKey: ticket.number) {
                return try Self.decoded(answer)
            }
            keepAnswers()
            if early[ticket.number] != nil { continue }
            guard calls.knows(ticket.number) else {
                throw .failed(Status(code: .cancelled, message: "no answer is to come any more"))
            }
            try wait(until: .distantFuture)
        }
    }

    /// Gives a request up; the daemon is told, and spends nothing more on it.
    public func cancel<Response>(_ ticket: Ticket<Response>) {
        keepAnswers()
        early[ticket.number] = nil
        guard let stream = calls.abandon(ticket.number) else { return }
        let request = CancelRequest(streams: [stream])
        let now = MonotonicClock.now
        let number = calls.add(.cancel, message: request.encoded, timeout: .seconds(1), now: now)
        abandoned.insert(number)
        advance()
    }

    private var abandoned: Set<UInt64> = []

    // MARK: - For programs with a loop of their own

    /// The answers that are there, in the order in which they came; does not wait.
    package func takeAnswers() -> [Answer] {
        keepAnswers()
        defer { early.removeAll() }
        return early.values.sorted { $0.call < $1.call }
    }

    /// The response of an answer, or its error.
    package static func decoded<Response: Message>(
        _ answer: Answer, as: Response.Type = Response.self
    ) throws(ClientError) -> Response {
        let bytes = try answer.outcome.get()
        do throws(WireError) {
            return try Response(decoding: bytes)
        } catch {
            throw .notThisProtocol(error.description)
        }
    }

    /// Sends and receives until something of the program's own is ready, an answer is there, or the
    /// time is over.
    package func wait(
        until limit: MonotonicClock.Instant, watching others: inout [PollEntry]
    ) throws(ClientError) {
        advance()
        if !calls.answers.isEmpty { return }
        var entries = others
        if let link {
            entries.append(PollEntry(link.number, toRead: true, toWrite: link.hasUnsent))
        }
        do {
            try waitForAny(&entries, milliseconds: milliseconds(until: limit))
        } catch {
            throw .cannotConnect(path: path, .other(error.description))
        }
        if let link, let entry = entries.popLast(), entry.isReadable { receive(on: link) }
        others = entries
        advance()
    }

    // MARK: - Steps

    private func wait(until limit: Instant) throws(ClientError) {
        var none: [PollEntry] = []
        try wait(until: limit, watching: &none)
    }

    private func keepAnswers() {
        for answer in calls.answers where abandoned.remove(answer.call) == nil {
            early[answer.call] = answer
        }
        calls.answers.removeAll()
    }

    /// Does what is due now: connects, expires, sends.
    private func advance() {
        let now = MonotonicClock.now
        if calls.needsFreshConnection { drop() }
        // Not for what waits as it was told: a daemon with too many connections would be flooded.
        if link == nil, let start = calls.earliestStart, now >= max(start, reconnectAt) {
            reconnect(now)
        }
        // What is over is not to be sent, but what can be sent is not to be over unsent.
        send()
        calls.advance(to: now)
        send()
    }

    private func send() {
        guard let link else { return }
        if !calls.outgoing.isEmpty {
            link.queue(calls.outgoing)
            calls.outgoing.removeAll(keepingCapacity: true)
        }
        guard !link.flush() else { return }
        // Why it was closed may have come before.
        receive(on: link)
        if self.link != nil { drop() }
    }

    private func receive(on link: Link) {
        do throws(FrameError) {
            switch try link.receive() {
            case .closed: drop()
            case .frames(let frames):
                let now = MonotonicClock.now
                for frame in frames where calls.receive(frame, now: now) { failedConnects = 0 }
            }
        } catch {
            self.link = nil
            calls.failAll(.notThisProtocol(error.description))
            calls.disconnected(now: MonotonicClock.now)
        }
    }

    private func drop() {
        let now = MonotonicClock.now
        link = nil
        calls.disconnected(now: now)
        // At once the first time; a peer that only accepts and closes is not asked in a loop.
        reconnectAt = failedConnects == 0 ? now : now.advanced(by: reconnectPause)
        failedConnects += 1
    }

    private var reconnectPause: Duration {
        policy.pause(after: max(1, failedConnects), asked: nil, jitter: jitter.unit())
    }

    private func reconnect(_ now: Instant) {
        do throws(ConnectProblem) {
            link = try Link.connect(path: path)
            calls.connected(now: now)
        } catch {
            failedConnects += 1
            calls.connectFailed(.cannotConnect(path: path, error))
            reconnectAt = now.advanced(by: reconnectPause)
        }
    }

    private func connectPatiently(until limit: Instant) throws(ClientError) {
        while true {
            do throws(ConnectProblem) {
                link = try Link.connect(path: path)
                calls.connected(now: MonotonicClock.now)
                return
            } catch {
                let pause = policy.pause(after: 1, asked: nil, jitter: jitter.unit())
                guard error == .backlogFull, MonotonicClock.now < limit else {
                    throw .cannotConnect(path: path, error.naming(candidates))
                }
                MonotonicClock.sleep(nanoseconds: pause.wholeNanoseconds)
            }
        }
    }

    private func milliseconds(until limit: Instant) -> Int32 {
        var wake = min(limit, calls.nextWake ?? .distantFuture)
        if link == nil, let start = calls.earliestStart {
            wake = min(wake, max(start, reconnectAt))
        }
        guard wake != .distantFuture else { return -1 }
        // Rounded up: waking early would only spin.
        return Int32(clamping: (wake.since(MonotonicClock.now) + 999_999) / 1_000_000)
    }
}

extension ConnectProblem {
    /// The same, with all the places that were looked at.
    func naming(_ candidates: [String]) -> ConnectProblem {
        if case .noSocket = self { .noSocket(candidates: candidates) } else { self }
    }
}

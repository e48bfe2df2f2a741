// The requests of one client that have no answer yet: a state machine without socket or clock.
//
//      add ---> waiting ---- advance, when connected ----> sent ---- answer ----> finished
//                  ^                                        |
//                  |-- UNAVAILABLE, RESOURCE_EXHAUSTED: after a pause, until the deadline
//                  '-- connection lost: at once on the next one, if the request is repeatable
//
// Invariant: each call finishes exactly once, with an answer or an error, at the latest a grace
// after its deadline; frames for streams that are no longer known are dropped, since they crossed
// a deadline on the way. Stream numbers are odd and rise on one connection; near their end the
// table asks for a new connection once all is answered.

import Randomness
import Syscalls
import TextflixProtocol

package struct Answer: Sendable {
    package let call: UInt64
    /// How often the request was sent; above 1, the daemon was busy or away.
    package let attempts: Int
    /// The response message's bytes.
    package let outcome: Result<[UInt8], ClientError>
}

struct CallTable {
    typealias Instant = MonotonicClock.Instant

    /// Beyond the deadline, for the daemon's own DEADLINE_EXCEEDED to arrive.
    static let grace: UInt64 = 100_000_000  // 100 ms
    static let lastStream: UInt32 = .max - 2

    private struct Call {
        enum State { case waiting(until: Instant), sent(stream: UInt32) }
        let method: MethodName
        let message: [UInt8]
        let begun: Instant
        /// nil: none, and then the policy's patience bounds the retries.
        let deadline: Instant?
        /// Since when it has been without a connection or an answer that helps.
        var troubledSince: Instant?
        var state: State
        var attempts = 0
        var lastError: ClientError?
    }

    private var calls: [UInt64: Call] = [:]
    private var callOfStream: [UInt32: UInt64] = [:]
    private var lastCall: UInt64 = 0
    private var nextStream: UInt32 = 1
    private var isConnected = false
    private var jitter: RandomSource
    private let policy: RetryPolicy

    /// Bytes for the socket; whoever sends them empties it.
    var outgoing: [UInt8] = []
    /// Calls that are over, in the order in which they ended; whoever reads them empties it.
    var answers: [Answer] = []
    /// The next moment at which `advance` has something to do.
    private(set) var nextWake: Instant?

    init(policy: RetryPolicy, seed: UInt64) {
        self.policy = policy
        jitter = RandomSource(seed: seed)
    }

    var unanswered: Int { calls.count }

    /// Whether it has still to end, or its answer to be read.
    func knows(_ number: UInt64) -> Bool { calls[number] != nil }

    /// When the first that waits to be sent may be; nil: none waits. It looks at every call.
    var earliestStart: Instant? {
        calls.values.reduce(nil) { earliest, call in
            guard case .waiting(let start) = call.state else { return earliest }
            return min(earliest ?? start, start)
        }
    }

    /// Numbers have run out: connect anew before anything else is sent.
    var needsFreshConnection: Bool { nextStream >= Self.lastStream && callOfStream.isEmpty }

    mutating func add(
        _ method: MethodName, message: [UInt8], timeout: Duration?, now: Instant
    ) -> UInt64 {
        lastCall += 1
        calls[lastCall] = Call(
            method: method, message: message, begun: now,
            deadline: timeout.map { now.advanced(by: $0) },
            troubledSince: isConnected ? nil : now, state: .waiting(until: now))
        sendIfDue(lastCall, now)
        if let call = calls[lastCall] { wake(at: self.wake(of: call)) }
        return lastCall
    }

    mutating func connected(now: Instant) {
        isConnected = true
        nextStream = 1
        for number in calls.keys.sorted() { sendIfDue(number, now) }
        schedule()
    }

    /// The connection is gone; what was on it waits for the next, or fails.
    mutating func disconnected(now: Instant) {
        isConnected = false
        outgoing.removeAll()
        let lost = callOfStream.values.sorted()
        callOfStream.removeAll()
        for number in lost {
            if calls[number]?.method.isRepeatable == true, policy.patience > .zero {
                calls[number]?.state = .waiting(until: now)
                if calls[number]?.troubledSince == nil { calls[number]?.troubledSince = now }
            } else {
                finish(number, .failure(.connectionLost))
            }
        }
        schedule()
    }

    /// No connection could be made: remembered as the reason, should a deadline pass; at once the
    /// end where nothing is tried again.
    mutating func connectFailed(_ error: ClientError) {
        guard policy.patience > .zero else { return failAll(error) }
        for number in calls.keys { calls[number]?.lastError = error }
    }

    mutating func failAll(_ error: ClientError) {
        for number in calls.keys.sorted() { finish(number, .failure(error)) }
    }

    /// - Returns: whether a call ended by it; one that is asked to wait has not.
    @discardableResult
    mutating func receive(_ frame: Frame, now: Instant) -> Bool {
        guard let number = callOfStream[frame.header.stream] else { return false }
        guard frame.header.kind == .response else {
            callOfStream[frame.header.stream] = nil
            finish(number, .failure(.notThisProtocol("a data frame answers \(number)")))
            return true
        }
        callOfStream[frame.header.stream] = nil
        do {
            let response = try ResponseEnvelope(decoding: frame.body[...])
            if let status = response.failure {
                retryOrFinish(number, status, now)
            } else {
                finish(number, .success(Array(response.payload)))
            }
        } catch {
            finish(number, .failure(.notThisProtocol(error.description)))
        }
        return calls[number] == nil
    }

    /// Sends what is due and ends what is overdue.
    mutating func advance(to now: Instant) {
        guard let wake = nextWake, wake <= now else { return }
        for (number, call) in calls.sorted(by: { $0.key < $1.key }) {
            if let end = end(of: call), now >= end {
                let allowed = (call.deadline ?? now).since(call.begun)
                let late = ClientError.timedOut(after: .nanoseconds(Int64(clamping: allowed)))
                finish(number, .failure(call.lastError ?? late))
            } else {
                sendIfDue(number, now)
            }
        }
        schedule()
    }

    /// Forgets a call; what is to be told to the daemon, if it was sent.
    mutating func abandon(_ number: UInt64) -> UInt32? {
        guard let call = calls.removeValue(forKey: number) else { return nil }
        guard case .sent(let stream) = call.state else { return nil }
        callOfStream[stream] = nil
        return stream
    }

    // MARK: - Steps

    private mutating func sendIfDue(_ number: UInt64, _ now: Instant) {
        guard isConnected, nextStream < Self.lastStream, var call = calls[number],
            case .waiting(let start) = call.state, start <= now
        else { return }
        // 0 would mean no deadline; one that has passed is refused by the daemon at once.
        let rest = call.deadline.map { max(1, Int64(clamping: $0.since(now))) } ?? 0
        let envelope = RequestEnvelope(
            method: call.method.rawValue, payload: call.message[...], timeoutNanoseconds: rest)
        let body = envelope.encoded
        guard body.count <= Limits.bodyBytes else {
            finish(number, .failure(.requestTooLarge(bytes: body.count)))
            return
        }
        FrameHeader(length: UInt32(body.count), stream: nextStream, kind: .request)
            .encode(into: &outgoing)
        outgoing.append(contentsOf: body)
        call.state = .sent(stream: nextStream)
        call.attempts += 1
        calls[number] = call
        callOfStream[nextStream] = number
        nextStream += 2
    }

    private mutating func retryOrFinish(_ number: UInt64, _ status: Status, _ now: Instant) {
        guard var call = calls[number] else { return }
        let error = ClientError.failed(status)
        let pause = policy.pause(
            after: call.attempts, asked: status.retryAfter, jitter: jitter.unit())
        let start = now.advanced(by: pause)
        let since = call.troubledSince ?? now
        let limit = call.deadline ?? since.advanced(by: policy.patience)
        guard error.isTransient, policy.patience > .zero, start < limit else {
            finish(number, .failure(error))
            return
        }
        call.state = .waiting(until: start)
        call.lastError = error
        call.troubledSince = since
        calls[number] = call
        wake(at: start)
    }

    /// When a call ends unanswered: its deadline; while it only waits, without the grace.
    private func end(of call: Call) -> Instant? {
        switch call.state {
        case .sent: call.deadline?.advanced(by: Self.grace)
        case .waiting:
            call.deadline ?? (call.troubledSince ?? call.begun).advanced(by: policy.patience)
        }
    }

    private mutating func finish(_ number: UInt64, _ outcome: Result<[UInt8], ClientError>) {
        guard let call = calls.removeValue(forKey: number) else { return }
        if case .sent(let stream) = call.state { callOfStream[stream] = nil }
        answers.append(Answer(call: number, attempts: call.attempts, outcome: outcome))
    }

    /// When `advance` should look at this call: to send it, or to end it.
    private func wake(of call: Call) -> Instant? {
        guard case .waiting(let start) = call.state, isConnected else { return end(of: call) }
        return min(start, end(of: call) ?? start)
    }

    private mutating func wake(at instant: Instant?) {
        guard let instant else { return }
        nextWake = min(nextWake ?? instant, instant)
    }

    /// Only when much has changed: it looks at every call. Ended calls may leave a wake too early.
    private mutating func schedule() {
        nextWake = calls.values.reduce(nil) { earliest, call in
            guard let wake = wake(of: call) else { return earliest }
            return min(earliest ?? wake, wake)
        }
    }
}

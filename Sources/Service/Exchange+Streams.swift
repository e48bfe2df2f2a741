// ClassifyStream: many messages on one stream, answered in the order in which they came.
//
// A message that finds the queue full is parked, not refused: bulk input is slowed to the pace of
// the engine. What is parked is bounded by bytes; beyond that the connection is not read. Each
// message is a request of its own to everything behind.

internal import Syscalls
internal import TextflixProtocol

/// The unanswered messages of one stream, oldest first.
struct MessageRow: Sendable {
    enum Slot: Sendable {
        case parked(WorkOrder)
        case pending(RequestID)
        case answered(ClassifyResponse)
    }

    let deadline: Instant
    var slots: [Slot] = []

    var parkedBytes: Int {
        slots.reduce(0) { sum, slot in
            if case .parked(let order) = slot { sum + order.heldBytes } else { sum }
        }
    }

    var requests: [RequestID] {
        slots.compactMap { if case .pending(let request) = $0 { request } else { nil } }
    }

    /// The oldest that waits for room in the queue.
    var firstParked: (place: Int, order: WorkOrder)? {
        for (place, slot) in slots.enumerated() {
            if case .parked(let order) = slot { return (place, order) }
        }
        return nil
    }
}

extension Exchange {
    func takeMessage(
        _ address: StreamAddress, _ body: ArraySlice<UInt8>, _ endpoint: Endpoint, _ now: Instant
    ) {
        guard endpoint.streams[address.stream] != nil else { return }
        do throws(Status) {
            let order = try WorkOrder(.classifyStream, body)
            endpoint.streams[address.stream]!.slots.append(.parked(order))
            endpoint.parkedBytes += order.heldBytes
        } catch {
            return fail(address, endpoint, .classifyStream, error)
        }
        submitParked(address, endpoint, now: now)
        hold(address.connection, endpoint, now: now)
    }

    /// Queues as many parked messages of a stream as find room, in their order.
    private func submitParked(_ address: StreamAddress, _ endpoint: Endpoint, now: Instant) {
        while let row = endpoint.streams[address.stream], let (place, order) = row.firstParked {
            do throws(Status) {
                let request = try submit(
                    order, .classifyStream, address, endpoint, deadline: row.deadline, now: now)
                endpoint.streams[address.stream]!.slots[place] = .pending(request)
                endpoint.parkedBytes -= order.heldBytes
                finishIfComplete(request, now: now)
            } catch {
                // With a time to come back it is a matter of waiting, and we can do that here: the
                // texts in the queue leave it sooner or later, and then `resumeParked` is called.
                if error.isWorthWaiting { return }
                return fail(
                    address, endpoint, .classifyStream, error, modelName: order.modelName)
            }
        }
    }

    /// Notes whether a connection has parked messages, and reads it no further when too many.
    private func hold(_ key: UInt64, _ endpoint: Endpoint, now: Instant) {
        if endpoint.parkedBytes > 0, !endpoint.isParked {
            endpoint.isParked = true
            parked.append(key)
        }
        endpoint.connection.hold(endpoint.parkedBytes > limits.parkedBytes, now: now)
    }

    /// The time of a whole stream is over, also when none of its messages is in the queue; or that
    /// of a reload, which goes on.
    func expire(_ address: StreamAddress, now: Instant) {
        guard let endpoint = endpoints[address.connection],
            endpoint.connection.isOpen(address.stream)
        else { return }
        let method = method(of: address.stream, endpoint)
        figures.count("textflix_cancelled_total", 1, "reason", "deadline")
        let words =
            method == .reload
            ? "the reload is not done by its deadline; it goes on"
            : "the stream had not ended by its deadline"
        fail(address, endpoint, method, Status(code: .deadlineExceeded, message: words))
        hold(address.connection, endpoint, now: now)
        run(address.connection, endpoint, now: now)
    }

    /// There may be room in the queue: those that waited longest try first, and of a user for whose
    /// messages there is none left nobody else does.
    package func resumeParked(now: Instant) {
        guard queueMoved, !parked.isEmpty else { return }
        queueMoved = false
        let keys = parked
        parked = []
        var withoutRoom: Set<UInt32> = []
        for key in keys {
            guard let endpoint = endpoints[key] else { continue }
            guard !withoutRoom.contains(endpoint.peer.user) else {
                parked.append(key)
                continue
            }
            endpoint.isParked = false
            for stream in endpoint.streams.keys.sorted() {
                submitParked(
                    StreamAddress(connection: key, stream: stream), endpoint, now: now)
            }
            if endpoint.parkedBytes > 0 { withoutRoom.insert(endpoint.peer.user) }
            hold(key, endpoint, now: now)
            run(key, endpoint, now: now)
            touch(key)
        }
    }

    /// A message of a stream has its answer; it goes out when all before it have gone.
    func answerMessage(
        _ address: StreamAddress, _ request: RequestID, _ response: ClassifyResponse,
        _ endpoint: Endpoint
    ) {
        guard var row = endpoint.streams[address.stream] else { return }
        let place = row.slots.firstIndex { slot in
            if case .pending(request) = slot { true } else { false }
        }
        guard let place else { return }
        row.slots[place] = .answered(response)
        var ready: [ClassifyResponse] = []
        while case .answered(let answer) = row.slots.first {
            ready.append(answer)
            row.slots.removeFirst()
        }
        endpoint.streams[address.stream] = row
        for answer in ready where endpoint.connection.isOpen(address.stream) {
            let code = endpoint.connection.answerMessage(address.stream, answer)
            countAnswer(address, .classifyStream, code)
        }
        // It has ended: well, or because an answer was too large, and then others may be under way.
        if !endpoint.connection.isOpen(address.stream) { abandon(address.stream, endpoint) }
    }
}

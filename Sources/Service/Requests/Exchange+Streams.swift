// ClassifyStream: many messages on one stream, answered in the order in which they came.
//
// A message that finds the queue full is parked, not refused: bulk input is slowed to the pace of
// the engine. What is parked is bounded by bytes; beyond that the connection is not read. Each
// message is a request of its own to everything behind. One that is refused is so in its place: its
// stream ends after the answers to all before it, and none behind it is looked at.
//
// An answer is held until its turn: while one before it is missing, or so much is unsent that the
// client must read first. What is held and what is unsent are bounded together, by the mark at
// which a connection is not read: from there on nothing of it that is parked is queued either.
// Nobody waits so for ever. No answer is held behind a parked message, since a stream's messages
// are queued in their order: the one that is missing is with the engine, or all is for the client
// to read, and has its time.
//
// Of a user's connections that wait the one tries first that has found no room longest, and nobody
// of them passes it while it waits for their common share: neither does one that floods keep the
// others out, nor do small messages a large one.

internal import Syscalls
internal import TextflixProtocol

/// The unanswered messages of one stream, oldest first.
struct MessageRow: Sendable {
    enum Slot: Sendable {
        case parked(WorkOrder)
        case pending(RequestID)
        /// Encoded.
        case answered([UInt8])
        /// The last of its row: the stream ends with it, once all before it are answered.
        case refused(Status, modelName: String)
    }

    let deadline: Instant
    var slots: [Slot] = []

    var parkedBytes: Int {
        slots.reduce(0) { sum, slot in
            if case .parked(let order) = slot { sum + order.heldBytes } else { sum }
        }
    }

    var heldBytes: Int {
        slots.reduce(0) { sum, slot in
            if case .answered(let answer) = slot { sum + answer.count } else { sum }
        }
    }

    var isAnswered: Bool {
        slots.allSatisfy { slot in if case .answered = slot { true } else { false } }
    }

    var requests: [RequestID] {
        slots.compactMap { if case .pending(let request) = $0 { request } else { nil } }
    }

    /// It takes no more messages.
    var isEnding: Bool { if case .refused? = slots.last { true } else { false } }

    /// Refuses the message in that place; those behind it, none of which is queued, are forgotten.
    /// - Returns: the bytes that were parked there.
    mutating func refuse(from place: Int, _ status: Status, modelName: String) -> Int {
        let before = parkedBytes
        slots.replaceSubrange(place..., with: [.refused(status, modelName: modelName)])
        return before - parkedBytes
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
        guard endpoint.streams[address.stream]?.isEnding == false else { return }
        do throws(Status) {
            let order = try WorkOrder(.classifyStream, body)
            endpoint.streams[address.stream]!.slots.append(.parked(order))
            endpoint.parkedBytes += order.heldBytes
            if !usersWithParked.contains(endpoint.peer.user) {
                submitParked(address, endpoint, now: now)
            }
        } catch {
            let place = endpoint.streams[address.stream]!.slots.count
            refuse(from: place, address, endpoint, error, now: now)
        }
        hold(address.connection, endpoint, now: now)
    }

    /// Queues as many parked messages of a stream as find room, in their order.
    /// - Returns: why the next of them waits; nil: none does, or it waits for answers to go.
    @discardableResult
    private func submitParked(
        _ address: StreamAddress, _ endpoint: Endpoint, now: Instant
    ) -> Refusal? {
        while !endpoint.isFull, let row = endpoint.streams[address.stream],
            let (place, order) = row.firstParked
        {
            do throws(Status) {
                let outcome = try submit(
                    order, .classifyStream, address, endpoint, deadline: row.deadline, now: now)
                switch outcome {
                case .success(let request):
                    endpoint.streams[address.stream]!.slots[place] = .pending(request)
                    endpoint.parkedBytes -= order.heldBytes
                    finishIfComplete(request, now: now)
                case .failure(let refusal):
                    // The texts in the queue leave it sooner or later, and then `resumeParked` is
                    // called.
                    if refusal.isWorthWaiting { return refusal }
                    throw status(of: refusal)
                }
            } catch {
                refuse(
                    from: place, address, endpoint, error, modelName: order.modelName, now: now)
                return nil
            }
        }
        return nil
    }

    /// Refuses a message, which ends its stream once all before it are answered.
    private func refuse(
        from place: Int, _ address: StreamAddress, _ endpoint: Endpoint, _ status: Status,
        modelName: String = "", now: Instant
    ) {
        noteRefusal(status, endpoint, now: now)
        let freed = endpoint.streams[address.stream]!
            .refuse(from: place, status, modelName: modelName)
        endpoint.parkedBytes -= freed
        sendAnswered(address, endpoint)
    }

    /// Notes whether a connection has parked messages, and reads it no further when too many, or
    /// when too many answers of it wait.
    func hold(_ key: UInt64, _ endpoint: Endpoint, now: Instant) {
        noteHeldAnswers(endpoint)
        if endpoint.waitsForRoom, !endpoint.isParked {
            endpoint.isParked = true
            parked.append(key)
            usersWithParked.insert(endpoint.peer.user)
        }
        endpoint.connection.hold(
            endpoint.isFull || endpoint.parkedBytes > limits.parkedBytes, now: now)
    }

    private func noteHeldAnswers(_ endpoint: Endpoint) {
        let waiting = endpoint.heldBytes + endpoint.connection.unsentBytes
        // A quarter of the bound between the two keeps it from flapping.
        let bound = endpoint.isFull ? limits.outputPauseBytes / 4 : limits.outputPauseBytes
        let isFull = endpoint.heldBytes > 0 && waiting >= bound
        // Nothing need leave the queue for what it has parked to find room there.
        if endpoint.isFull, !isFull { queueMoved = true }
        endpoint.isFull = isFull
    }

    /// The time of a whole stream is over, also when none of its messages is in the queue; or that
    /// of a reload, which goes on. A stream of which the client need only read the rest was done in
    /// time: how long that waits is bounded otherwise.
    func expire(_ address: StreamAddress, now: Instant) {
        guard let endpoint = endpoints[address.connection],
            endpoint.connection.isOpen(address.stream)
        else { return }
        let isDone = endpoint.streams[address.stream]?.isAnswered ?? false
        if isDone, endpoint.connection.isAnswering(address.stream) { return }
        let method = method(of: address.stream, endpoint)
        figures.count("textflix_cancelled_total", 1, "reason", "deadline")
        let words =
            method == .reload
            ? "the reload is not done by its deadline; it goes on"
            : "the stream had not ended by its deadline"
        fail(address, endpoint, method, Status(code: .deadlineExceeded, message: words))
        run(address.connection, endpoint, now: now)
    }

    /// There may be room in the queue: those that found none longest try first. Who finds some and
    /// has more goes to the end, and of a user who finds none any more nobody else tries.
    package func resumeParked(now: Instant) {
        guard queueMoved, !parked.isEmpty else { return }
        queueMoved = false
        let keys = parked
        parked = []
        var (waiting, served): ([UInt64], [UInt64]) = ([], [])
        var withoutRoom: Set<UInt32> = []
        for key in keys {
            guard let endpoint = endpoints[key] else { continue }
            // Others need not wait for what its client has to read: it comes to the end later.
            guard !endpoint.isFull else {
                endpoint.isParked = false
                continue
            }
            guard !withoutRoom.contains(endpoint.peer.user) else {
                waiting.append(key)
                continue
            }
            let before = endpoint.parkedBytes
            let refusal = resume(key, endpoint, now: now)
            if refusal?.isWholeUsers == true { withoutRoom.insert(endpoint.peer.user) }
            endpoint.isParked = endpoint.waitsForRoom
            if endpoint.isParked {
                if endpoint.parkedBytes < before { served.append(key) } else { waiting.append(key) }
            }
            run(key, endpoint, now: now)
            touch(key)
        }
        // Who came meanwhile has not tried, and nothing may be left in the queue that would call.
        if !parked.isEmpty { queueMoved = true }
        parked = waiting + served + parked
        usersWithParked = Set(parked.compactMap { endpoints[$0]?.peer.user })
    }

    /// Queues what finds room of a connection's parked messages, stream by stream, first of the one
    /// after that which found some last.
    /// - Returns: why the next of them waits; nil: none does.
    private func resume(_ key: UInt64, _ endpoint: Endpoint, now: Instant) -> Refusal? {
        let streams = endpoint.streams.keys.sorted()
        let first = streams.firstIndex { $0 > endpoint.lastResumed } ?? 0
        for stream in streams[first...] + streams[..<first] {
            let before = endpoint.parkedBytes
            let refusal = submitParked(
                StreamAddress(connection: key, stream: stream), endpoint, now: now)
            if endpoint.parkedBytes < before { endpoint.lastResumed = stream }
            if let refusal { return refusal }
        }
        return nil
    }

    /// A message of a stream has its answer; it goes out when all before it have gone.
    func answerMessage(
        _ address: StreamAddress, _ request: RequestID, _ response: ClassifyResponse,
        _ endpoint: Endpoint, now: Instant
    ) {
        let place = endpoint.streams[address.stream]?.slots.firstIndex { slot in
            if case .pending(request) = slot { true } else { false }
        }
        guard let place else { return }
        let answer = response.encoded
        endpoint.streams[address.stream]!.slots[place] = .answered(answer)
        endpoint.heldBytes += answer.count
        sendAnswered(address, endpoint)
        hold(address.connection, endpoint, now: now)
    }

    /// Writes what is answered of a stream, up to the first message that is not, or that is
    /// refused; of the answers no more than the client is to read at once.
    private func sendAnswered(_ address: StreamAddress, _ endpoint: Endpoint) {
        while endpoint.connection.isOpen(address.stream),
            let slot = endpoint.streams[address.stream]?.slots.first
        {
            switch slot {
            case .answered(let answer):
                guard endpoint.connection.unsentBytes < limits.outputPauseBytes else {
                    return stall(address.stream, endpoint)
                }
                endpoint.streams[address.stream]!.slots.removeFirst()
                endpoint.heldBytes -= answer.count
                let code = endpoint.connection.answerMessage(address.stream, answer)
                countAnswer(address, .classifyStream, code)
            case .refused(let status, let modelName):
                fail(address, endpoint, .classifyStream, status, modelName: modelName)
            case .parked, .pending: return
            }
        }
        // It has ended: well, or because an answer was too large, and then others may be under way.
        if !endpoint.connection.isOpen(address.stream) { abandon(address.stream, endpoint) }
    }

    private func stall(_ stream: UInt32, _ endpoint: Endpoint) {
        if !endpoint.stalled.contains(stream) { endpoint.stalled.append(stream) }
    }

    /// The client has read: writes more of what waits for that, each stream in its turn.
    /// - Returns: whether there was more.
    func sendStalled(_ key: UInt64, _ endpoint: Endpoint) -> Bool {
        let before = endpoint.connection.unsentBytes
        while !endpoint.stalled.isEmpty,
            endpoint.connection.unsentBytes < limits.outputPauseBytes
        {
            let stream = endpoint.stalled.removeFirst()
            sendAnswered(StreamAddress(connection: key, stream: stream), endpoint)
        }
        return endpoint.connection.unsentBytes > before
    }
}

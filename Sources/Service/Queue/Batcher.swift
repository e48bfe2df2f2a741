// The batcher: which texts are computed next, together, and which are not even queued.
//
// A pure state machine. Time comes in as a parameter, work goes out as values; it knows nothing of
// sockets, threads or models.
//
//     admit ──> unready ──enqueue──> ready ──next──> computing ──finish──> gone
//       │          └──withdraw──> gone  │               │
//     Refusal                           └─expired, cancelled──> gone
//
// Invariants, held by property tests over random schedules: every admitted text leaves once; the
// queue's bounds are never passed; a batch has one key and one class and keeps the token
// budget unless one text alone exceeds it; within its class nobody starves, and bulk work gets its
// share beside any amount of interactive work. It works as long as there is work: `next` returns a
// batch whenever something is ready (but for the optional delay).

internal import Syscalls

package struct Batcher<Payload: Sendable>: Sendable {
    /// One accepted request and where its texts are.
    struct Record: Sendable {
        let claim: Claim
        /// Estimated nanoseconds of computing, a text.
        let costPerText: UInt64
        /// Accepted, tokens not known yet.
        var unready: Int
        var unreadyBytes: Int
        /// Ready, from `readyStart` on.
        var ready: [WorkItem<Payload>] = []
        var readyStart = 0
        var computing = 0

        var readyCount: Int { ready.count - readyStart }
        var isGone: Bool { unready == 0 && readyCount == 0 && computing == 0 }
        var flow: FairQueue.FlowKey {
            FairQueue.FlowKey(
                batchKey: claim.batchKey, user: claim.user, connection: claim.connection)
        }
    }

    struct Running: Sendable {
        let number: UInt64
        let workClass: WorkClass
        let batchKey: BatchKey
        let tokenCount: Int
        let started: Instant
        let estimate: UInt64
        /// Bulk tokens that have paid, layer by layer.
        var repaid = 0
        /// One entry a text.
        var requests: [RequestID]
    }

    let limits: ServiceLimits
    var records: [RequestID: Record] = [:]
    var queues: [FairQueue]
    var running: [Running] = []
    var ledger = QueueLedger()
    var speeds = SpeedGauge()
    private var nextNumber: UInt64 = 1
    /// Counted in tokens.
    private var bulkShare: BulkShare

    package init(limits: ServiceLimits) {
        self.limits = limits
        queues = WorkClass.allCases.map { _ in FairQueue(slack: limits.batchTokens) }
        bulkShare = BulkShare(oneIn: limits.bulkShareOneIn, slice: limits.batchTokens)
    }

    package var figures: QueueFigures {
        QueueFigures(
            texts: ledger.texts, bytes: ledger.bytes, tokens: ledger.readyTokens,
            runningTexts: running.reduce(0) { $0 + $1.requests.count },
            tokensPerSecond: speeds.latest)
    }

    package var isIdle: Bool { records.isEmpty && running.isEmpty }

    // MARK: Texts become ready, or leave unready

    /// Takes one text of an admitted request, or one window: those of a text come in their order.
    /// - Returns: false when the request is no longer wanted.
    @discardableResult
    package mutating func enqueue(_ item: WorkItem<Payload>) -> Bool {
        guard records[item.request] != nil else { return false }
        let wasEmpty = records[item.request]!.readyCount == 0
        records[item.request]!.unready -= item.places
        records[item.request]!.unreadyBytes -= item.byteCount
        records[item.request]!.ready.append(item)
        ledger.readyTokens += item.tokenCount
        if wasEmpty {
            let record = records[item.request]!
            queues[record.claim.workClass.rawValue].insert(
                FairQueue.Entry(record.claim, limits), record.flow)
        }
        return true
    }

    /// Whether anybody still waits for the request.
    package func wants(_ request: RequestID) -> Bool { records[request] != nil }

    /// One text will not be computed: it could not be tokenised, or its answer was known.
    package mutating func withdraw(_ request: RequestID, byteCount: Int) {
        guard var record = records[request] else { return }
        record.unready -= 1
        record.unreadyBytes -= byteCount
        ledger.release(record.claim, texts: 1, bytes: byteCount, cost: record.costPerText)
        records[request] = record.isGone ? nil : record
    }

    /// Forgets a request: its texts that wait are dropped, those that run are computed in vain.
    package mutating func cancel(_ request: RequestID) {
        guard let record = records.removeValue(forKey: request) else { return }
        let waiting = record.ready[record.readyStart...]
        if !waiting.isEmpty {
            queues[record.claim.workClass.rawValue].remove(request, record.flow)
        }
        ledger.readyTokens -= waiting.reduce(0) { $0 + $1.tokenCount }
        let texts = record.unready + waiting.reduce(0) { $0 + $1.places }
        ledger.release(
            record.claim, texts: texts,
            bytes: record.unreadyBytes + waiting.reduce(0) { $0 + $1.byteCount },
            cost: record.costPerText * UInt64(texts))
        for place in running.indices { running[place].requests.removeAll { $0 == request } }
    }

    // MARK: Batches

    package enum Decision: Sendable {
        case run(Batch<Payload>)
        /// Something is ready, and the optional delay lets it wait for company.
        case wait(until: Instant)
        case idle
    }

    /// Drops what has expired, before anything is computed for it.
    package mutating func expire(now: Instant) -> [RequestID] {
        var expired: [RequestID] = []
        for place in queues.indices {
            while let request = queues[place].firstExpired(now: now) {
                cancel(request)
                expired.append(request)
            }
        }
        return expired
    }

    /// The next batch. Call `expire` first.
    /// - Parameter interrupting: a bulk batch is between two layers: interactive work only.
    package mutating func next(now: Instant, interrupting: Bool = false) -> Decision {
        guard let workClass = nextClass(interrupting: interrupting) else { return .idle }
        if let until = delayed(now: now), !interrupting { return .wait(until: until) }
        let batch = fill(workClass, now: now)
        let bulkWaits = !queues[WorkClass.bulk.rawValue].isEmpty || interrupting
        if workClass == .interactive && bulkWaits {
            bulkShare.charge(interactive: batch.tokenCount)
        }
        return .run(batch)
    }

    private func nextClass(interrupting: Bool) -> WorkClass? {
        let interactive = !queues[WorkClass.interactive.rawValue].isEmpty
        let bulk = !queues[WorkClass.bulk.rawValue].isEmpty
        if interrupting { return interactive ? .interactive : nil }
        if interactive && !(bulk && bulkShare.isDue) { return .interactive }
        return bulk ? .bulk : nil
    }

    /// Until when an idle engine waits for a fuller batch; nil: not at all.
    private func delayed(now: Instant) -> Instant? {
        guard limits.batchDelay > .zero, running.isEmpty,
            ledger.readyTokens < limits.batchTokens,
            let oldest = queues.compactMap(\.oldest).min(), let record = records[oldest]
        else { return nil }
        let until = record.claim.arrival.advanced(by: limits.batchDelay)
        return now < until ? until : nil
    }

    private mutating func fill(_ workClass: WorkClass, now: Instant) -> Batch<Payload> {
        var items: [WorkItem<Payload>] = []
        var batchKey: BatchKey?
        var tokens = 0
        var earliest = Instant.distantFuture
        var closed = CloseReason.empty
        while let turn = queues[workClass.rawValue].best(in: batchKey, now: now) {
            let record = records[turn.request]!
            let item = record.ready[record.readyStart]
            if !items.isEmpty {
                if items.count == limits.batchTexts {
                    closed = .texts
                } else if tokens + item.tokenCount > limits.batchTokens {
                    closed = .budget
                } else if isLong(turn.key.batchKey, tokens + item.tokenCount) {
                    closed = .time
                } else if makesLate(earliest, now, turn.key.batchKey, tokens, item.tokenCount) {
                    closed = .deadline
                }
                if closed != .empty { break }
            }
            take(item, turn.key, workClass)
            items.append(item)
            batchKey = turn.key.batchKey
            tokens += item.tokenCount
            earliest = min(earliest, record.claim.deadline)
        }
        if closed == .empty { closed = whyEmpty(workClass) }
        return start(items, batchKey!, workClass, tokens, closed, now)
    }

    /// Moves one text from ready to computing.
    private mutating func take(
        _ item: WorkItem<Payload>, _ flow: FairQueue.FlowKey, _ workClass: WorkClass
    ) {
        queues[workClass.rawValue].charge(flow, tokens: item.tokenCount)
        records[item.request]!.readyStart += 1
        records[item.request]!.computing += 1
        let record = records[item.request]!
        if record.readyCount == 0 {
            queues[workClass.rawValue].remove(item.request, flow)
            records[item.request]!.ready = []
            records[item.request]!.readyStart = 0
        }
        ledger.readyTokens -= item.tokenCount
        ledger.release(
            record.claim, texts: item.places, bytes: item.byteCount,
            cost: record.costPerText * UInt64(item.places))
    }

    /// Whether so many tokens would compute longer than a batch may.
    private func isLong(_ batchKey: BatchKey, _ tokens: Int) -> Bool {
        tokens > limits.batchLeastTokens
            && speeds.cost(tokens: tokens, model: batchKey.model)
                > limits.batchTime.wholeNanoseconds
    }

    /// Whether a text in the batch would be in time without one more, and late with it.
    private func makesLate(
        _ earliest: Instant, _ now: Instant, _ batchKey: BatchKey, _ tokens: Int, _ more: Int
    ) -> Bool {
        guard earliest != .distantFuture else { return false }
        let without = now.advanced(by: speeds.cost(tokens: tokens, model: batchKey.model))
        let with = now.advanced(by: speeds.cost(tokens: tokens + more, model: batchKey.model))
        return without <= earliest && earliest < with
    }

    private func whyEmpty(_ workClass: WorkClass) -> CloseReason {
        if !queues[workClass.rawValue].isEmpty { return .model }
        return queues.allSatisfy(\.isEmpty) ? .empty : .priority
    }

    private mutating func start(
        _ items: [WorkItem<Payload>], _ batchKey: BatchKey, _ workClass: WorkClass, _ tokens: Int,
        _ closed: CloseReason, _ now: Instant
    ) -> Batch<Payload> {
        defer { nextNumber += 1 }
        running.append(
            Running(
                number: nextNumber, workClass: workClass, batchKey: batchKey, tokenCount: tokens,
                started: now, estimate: speeds.cost(tokens: tokens, model: batchKey.model),
                requests: items.map(\.request)))
        return Batch(
            number: nextNumber, batchKey: batchKey, workClass: workClass, items: items,
            tokenCount: tokens, closed: closed)
    }

    package enum BetweenLayers: Sendable { case goOn, interrupt, abandon }

    /// Asks, after a layer of a batch, what to do before the next.
    /// - Parameter worth: the tokens that the layer was worth: the batch's, divided by its layers.
    package mutating func stepped(_ number: UInt64, worth: Int) -> BetweenLayers {
        guard let place = running.firstIndex(where: { $0.number == number }) else {
            return .abandon
        }
        if running[place].requests.isEmpty { return .abandon }
        guard running[place].workClass == .bulk, limits.preemption else { return .goOn }
        let isDue = bulkShare.isDue
        bulkShare.repay(bulk: worth)
        running[place].repaid += worth
        return queues[WorkClass.interactive.rawValue].isEmpty || isDue ? .goOn : .interrupt
    }

    /// A batch has ended.
    /// - Parameters:
    ///   - computed: nanoseconds of computing, interruptions taken off; nil when it failed.
    ///   - share: of its layers, how many were computed: all, unless it was abandoned.
    package mutating func finish(_ number: UInt64, computed: UInt64?, share: Double = 1) {
        guard let place = running.firstIndex(where: { $0.number == number }) else { return }
        let batch = running.remove(at: place)
        if batch.workClass == .bulk {
            bulkShare.repay(
                bulk: max(0, Int(Double(batch.tokenCount) * share) - batch.repaid))
        }
        if let computed {
            speeds.note(
                tokens: Int(Double(batch.tokenCount) * share), nanoseconds: computed,
                model: batch.batchKey.model)
        }
        for request in batch.requests {
            records[request]!.computing -= 1
            if records[request]!.isGone { records[request] = nil }
        }
    }
}

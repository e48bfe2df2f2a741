// Who gets into the queue: bounds, shares, and an honest guess of the wait.
//
// A request that cannot be done in time is refused at once, when its sender can still do something
// else, instead of failing at its deadline. The guess is fair queueing's own: while a backlog B is
// worked off, every other is served at most B as well. So a newcomer waits for the backlog of its
// connection and for that of each other connection of its user up to as much; this together is what
// its user waits for, and for each other user up to as much again.
//
// Of the queue a user may hold a share, and never more than it leaves free for others; of that a
// connection as much as it leaves free in turn. So n users that flood end at an (n + 1)th of the
// queue each, and whoever comes next finds room, also under the same user (the dynamic thresholds
// of Choudhury and Hahne, 1998). Bytes are shared by the same rule.
//
// Speed is measured; before the first measurement, and whenever nothing is before it, a claim is
// admitted whatever the guess: a guess must never be what keeps a better one from being made.

internal import Syscalls

extension Batcher {
    /// Accepts a request, which then holds its place in the bounds until its texts have left.
    /// - Throws: the refusal; nothing has changed then.
    package mutating func admit(_ claim: Claim, now: Instant) throws(Refusal) {
        if claim.deadline <= now { throw .expired }
        try checkBounds(claim, now: now)
        let cost = speeds.cost(tokens: claim.estimatedTokens, model: claim.lane.model)
        try checkDeadline(claim, cost: cost, now: now)
        guard claim.textCount > 0 else { return }
        let record = Record(
            claim: claim, costPerText: cost / UInt64(claim.textCount), unready: claim.textCount,
            unreadyBytes: claim.byteCount)
        records[claim.request] = record
        ledger.hold(
            claim, texts: claim.textCount, bytes: claim.byteCount,
            cost: record.costPerText * UInt64(claim.textCount))
    }

    func checkBounds(_ claim: Claim, now: Instant) throws(Refusal) {
        guard claim.textCount <= min(limits.queueTexts, limits.queueTextsPerUser),
            claim.byteCount <= limits.queueBytes
        else { throw .neverFits }
        let user = ledger.users[claim.user] ?? QueueLedger.Account()
        let connection = user.connections[claim.connection] ?? QueueLedger.Share()
        let freeOfQueue = limits.queueTexts - ledger.texts
        let freeTexts = min(limits.queueTextsPerUser, freeOfQueue) - user.all.texts
        let freeBytes = limits.queueBytes - ledger.bytes
        if claim.textCount > freeOfQueue || claim.byteCount > freeBytes {
            throw .queueFull(retryAfter: retryAfter(claim, now: now))
        }
        if claim.textCount > freeTexts || user.all.bytes + claim.byteCount > freeBytes {
            throw .userShareFull(retryAfter: retryAfter(claim, now: now))
        }
        if connection.texts + claim.textCount > freeTexts
            || connection.bytes + user.all.bytes + claim.byteCount > freeBytes
        {
            throw .connectionShareFull(retryAfter: retryAfter(claim, now: now))
        }
    }

    private func checkDeadline(_ claim: Claim, cost: UInt64, now: Instant) throws(Refusal) {
        // The guess may be wrong, and only work mends it: with nothing before it a claim is tried.
        guard claim.deadline != .distantFuture, ledger.texts > 0 || !running.isEmpty
        else { return }
        let needed = expectedNanoseconds(claim, cost: cost, now: now)
        let done = now.advanced(by: needed)
        if done > claim.deadline { throw .tooLate(by: done.since(claim.deadline), needed: needed) }
    }

    /// Nanoseconds until the claim's own work would be done.
    package func expectedNanoseconds(_ claim: Claim, cost: UInt64, now: Instant) -> UInt64 {
        let rank = claim.workClass.rawValue
        let ofUser = userNanoseconds(claim, cost: cost)
        var total = ofUser + remainingNanoseconds(now: now, for: claim.workClass)
        for (user, account) in ledger.users {
            // Whatever is of a higher class goes first, whoever it belongs to.
            for higher in 0..<rank { total += account.all.costs[higher] }
            if user != claim.user { total += min(account.all.costs[rank], ofUser) }
        }
        return total
    }

    /// What its user is served until the claim's own work is done, at most.
    private func userNanoseconds(_ claim: Claim, cost: UInt64) -> UInt64 {
        guard let account = ledger.users[claim.user] else { return cost }
        let rank = claim.workClass.rawValue
        let before = account.connections[claim.connection]
        let own = (before?.costs[rank] ?? 0) + cost
        let others = account.all.costs[rank] - (before?.costs[rank] ?? 0)
        // Each of the others at most as much: added up without looking at every one.
        let otherCount = account.connections.count - (before == nil ? 0 : 1)
        let (most, isHuge) = own.multipliedReportingOverflow(by: UInt64(otherCount))
        return own + (isHuge ? others : min(others, most))
    }

    /// What the engine has begun and this class must wait for.
    private func remainingNanoseconds(now: Instant, for workClass: WorkClass) -> UInt64 {
        running.reduce(0) { sum, batch in
            // A bulk batch is interrupted after a layer, which is small beside everything else.
            let makesWay = batch.workClass.rawValue > workClass.rawValue && limits.preemption
            guard !makesWay else { return sum }
            let elapsed = now.since(batch.started)
            return sum + (batch.estimate > elapsed ? batch.estimate - elapsed : 0)
        }
    }

    /// When there may be room: half of what waits has gone by then, if nothing else comes.
    private func retryAfter(_ claim: Claim, now: Instant) -> UInt64 {
        let backlog = ledger.users.values.reduce(0) { $0 + $1.all.costs.wrappedSum() }
        return min(max(backlog / 2, 50_000_000), 10_000_000_000)  // 50 ms to 10 s
    }
}

/// What the queue holds, in all, by user and by connection.
struct QueueLedger: Sendable {
    struct Share: Sendable {
        var texts = 0
        var bytes = 0
        /// Estimated nanoseconds of computing, by class.
        var costs = SIMD2<UInt64>()
    }

    struct Account: Sendable {
        var all = Share()
        var connections: [UInt64: Share] = [:]
    }

    private(set) var texts = 0
    private(set) var bytes = 0
    var readyTokens = 0
    private(set) var users: [UInt32: Account] = [:]

    mutating func hold(_ claim: Claim, texts: Int, bytes: Int, cost: UInt64) {
        self.texts += texts
        self.bytes += bytes
        users[claim.user, default: Account()].hold(claim, texts: texts, bytes: bytes, cost: cost)
    }

    mutating func release(_ claim: Claim, texts: Int, bytes: Int, cost: UInt64) {
        self.texts -= texts
        self.bytes -= bytes
        users[claim.user]?.release(claim, texts: texts, bytes: bytes, cost: cost)
        if users[claim.user]?.all.texts == 0 { users[claim.user] = nil }
    }
}

extension QueueLedger.Account {
    mutating func hold(_ claim: Claim, texts: Int, bytes: Int, cost: UInt64) {
        all.change(texts, bytes, claim.workClass, &+, cost)
        connections[claim.connection, default: QueueLedger.Share()]
            .change(texts, bytes, claim.workClass, &+, cost)
    }

    mutating func release(_ claim: Claim, texts: Int, bytes: Int, cost: UInt64) {
        all.change(-texts, -bytes, claim.workClass, &-, cost)
        connections[claim.connection]?.change(-texts, -bytes, claim.workClass, &-, cost)
        if connections[claim.connection]?.texts == 0 { connections[claim.connection] = nil }
    }
}

extension QueueLedger.Share {
    fileprivate mutating func change(
        _ texts: Int, _ bytes: Int, _ workClass: WorkClass,
        _ step: (UInt64, UInt64) -> UInt64, _ cost: UInt64
    ) {
        self.texts += texts
        self.bytes += bytes
        costs[workClass.rawValue] = step(costs[workClass.rawValue], cost)
    }
}

/// How fast each model computes, measured batch by batch.
///
/// Nanoseconds over tokens, both summed with forgetting, so a tiny batch, which is all overhead,
/// counts for little. A model's first batch touches its memory for the first time and is left out.
struct SpeedGauge: Sendable {
    private struct Sums: Sendable {
        /// When it was measured last, counted in measurements.
        var noted: UInt64 = 0
        var isWarm = false
        var nanoseconds = 0.0
        var tokens = 0.0
    }

    private var models: [UInt32: Sums] = [:]
    private var measurements: UInt64 = 0
    private(set) var latest = 0.0

    /// Tokens after which the past counts half: two of the default batches.
    private static let halfLife = 4096.0
    /// Far more than are served at once; each reload brings new numbers.
    static let mostModels = 1024

    mutating func note(tokens: Int, nanoseconds: UInt64, model: UInt32) {
        guard tokens > 0, nanoseconds > 0 else { return }
        if models[model] == nil, models.count >= Self.mostModels { forgetStalest() }
        measurements += 1
        var sums = models[model] ?? Sums()
        sums.noted = measurements
        if sums.isWarm {
            let kept = Self.halfLife / (Self.halfLife + Double(tokens))
            sums.nanoseconds = sums.nanoseconds * kept + Double(nanoseconds)
            sums.tokens = sums.tokens * kept + Double(tokens)
            latest = sums.tokens / sums.nanoseconds * 1e9
        }
        sums.isWarm = true
        models[model] = sums
    }

    private mutating func forgetStalest() {
        guard let stalest = models.min(by: { $0.value.noted < $1.value.noted }) else { return }
        models[stalest.key] = nil
    }

    /// Nanoseconds for so many tokens; 0 while nothing is known.
    func cost(tokens: Int, model: UInt32) -> UInt64 {
        guard let sums = models[model], sums.tokens > 0 else { return 0 }
        return UInt64(sums.nanoseconds / sums.tokens * Double(tokens))
    }
}

package struct QueueFigures: Sendable, Equatable {
    package let texts: Int
    package let bytes: Int
    package let tokens: Int
    package let runningTexts: Int
    package let tokensPerSecond: Double
}

// Who gets into the queue: bounds, shares, and an honest guess of the wait.
//
// A request that cannot be done in time is refused at once, when its sender can still do something
// else, instead of failing at its deadline. The guess is fair queueing's own: while a backlog B of
// one user is worked off, every other is served at most B as well, so a newcomer waits for its own
// backlog and for each other's up to as much. Speed is measured; before the first measurement, and
// whenever nothing is before it, a claim is admitted whatever the guess: a guess must never be what
// keeps a better one from being made.

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
        let share = ledger.users[claim.user]?.texts ?? 0
        if share + claim.textCount > limits.queueTextsPerUser {
            throw .userShareFull(retryAfter: retryAfter(claim, now: now))
        }
        if ledger.texts + claim.textCount > limits.queueTexts
            || ledger.bytes + claim.byteCount > limits.queueBytes
        {
            throw .queueFull(retryAfter: retryAfter(claim, now: now))
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
        let own = (ledger.users[claim.user]?.costs[rank] ?? 0) + cost
        var total = own + remainingNanoseconds(now: now, for: claim.workClass)
        for (user, account) in ledger.users {
            // Whatever is of a higher class goes first, whoever it belongs to.
            total += account.costs[..<rank].reduce(0, +)
            if user != claim.user { total += min(account.costs[rank], own) }
        }
        return total
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
        let backlog = ledger.users.values.reduce(0) { $0 + $1.costs.reduce(0, +) }
        return min(max(backlog / 2, 50_000_000), 10_000_000_000)  // 50 ms to 10 s
    }
}

/// What the queue holds, in all and by user.
struct QueueLedger: Sendable {
    struct Account: Sendable {
        var texts = 0
        /// Estimated nanoseconds of computing, by class.
        var costs: [UInt64] = WorkClass.allCases.map { _ in 0 }
    }

    private(set) var texts = 0
    private(set) var bytes = 0
    var readyTokens = 0
    private(set) var users: [UInt32: Account] = [:]

    mutating func hold(_ claim: Claim, texts: Int, bytes: Int, cost: UInt64) {
        self.texts += texts
        self.bytes += bytes
        users[claim.user, default: Account()].texts += texts
        users[claim.user, default: Account()].costs[claim.workClass.rawValue] += cost
    }

    mutating func release(_ claim: Claim, texts: Int, bytes: Int, cost: UInt64) {
        self.texts -= texts
        self.bytes -= bytes
        guard var account = users[claim.user] else { return }
        account.texts -= texts
        account.costs[claim.workClass.rawValue] -= cost
        users[claim.user] = account.texts == 0 ? nil : account
    }
}

/// How fast each model computes, measured batch by batch.
///
/// Nanoseconds over tokens, both summed with forgetting, so a tiny batch, which is all overhead,
/// counts for little. A model's first batch touches its memory for the first time and is left out.
struct SpeedGauge: Sendable {
    private struct Sums: Sendable {
        var isWarm = false
        var nanoseconds = 0.0
        var tokens = 0.0
    }

    private var models: [UInt32: Sums] = [:]
    private(set) var latest = 0.0

    /// Tokens after which the past counts half: two of the default batches.
    private static let halfLife = 4096.0

    mutating func note(tokens: Int, nanoseconds: UInt64, model: UInt32) {
        guard tokens > 0, nanoseconds > 0 else { return }
        // Each reload brings new numbers; those of old loads are never asked for again.
        if models.count > 64 { models.removeAll() }
        var sums = models[model] ?? Sums()
        if sums.isWarm {
            let kept = Self.halfLife / (Self.halfLife + Double(tokens))
            sums.nanoseconds = sums.nanoseconds * kept + Double(nanoseconds)
            sums.tokens = sums.tokens * kept + Double(tokens)
            latest = sums.tokens / sums.nanoseconds * 1e9
        }
        sums.isWarm = true
        models[model] = sums
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

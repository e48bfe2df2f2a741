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
        let cost = speeds.cost(tokens: claim.estimatedTokens, model: claim.batchKey.model)
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

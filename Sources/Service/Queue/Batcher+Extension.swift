// Requests that grow: an explanation knows how many variants it wants scored only after it has read
// its text, and asks for them a few hundred at a time.
//
// A request that may grow keeps one admitted text back until its last, so that its record, and with
// it the news of its end, is never lost in between.

internal import Syscalls

extension Batcher {
    /// Admits more texts of a request; they then stand in the bounds like its first.
    /// - Throws: the refusal; nothing has changed then. A request that nobody wants any more takes
    ///   its texts in silence, as `enqueue` does.
    package mutating func extend(
        _ request: RequestID, texts: Int, bytes: Int, now: Instant
    ) throws(Refusal) {
        guard let record = records[request] else { return }
        let old = record.claim
        if old.deadline <= now { throw .expired }
        let more = Claim(
            request: request, user: old.user, connection: old.connection,
            workClass: old.workClass, batchKey: old.batchKey, arrival: old.arrival,
            deadline: old.deadline, textCount: texts, byteCount: bytes, estimatedTokens: 0)
        try checkBounds(more, now: now)
        records[request]!.unready += texts
        records[request]!.unreadyBytes += bytes
        ledger.hold(old, texts: texts, bytes: bytes, cost: record.costPerText * UInt64(texts))
    }

    /// What was claimed for a request that somebody still waits for.
    package func claim(of request: RequestID) -> Claim? { records[request]?.claim }

    /// How many texts of so many tokens can be scored before the request's deadline, by measured
    /// speed and with a quarter of the time in reserve; nil: no deadline, or no measure yet.
    package func affordableTexts(_ request: RequestID, tokens: Int, now: Instant) -> Int? {
        guard let claim = records[request]?.claim, claim.deadline != .distantFuture else {
            return nil
        }
        let each = speeds.cost(tokens: max(1, tokens), model: claim.batchKey.model)
        guard each > 0 else { return nil }
        let left = claim.deadline.since(now)
        let wait = expectedNanoseconds(claim, cost: 0, now: now)
        // Divided first: a deadline may be centuries away.
        return left > wait ? Int((left - wait) / 4 * 3 / each) : 0
    }
}

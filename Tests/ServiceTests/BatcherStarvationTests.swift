// Nobody starves: random schedules in which more comes than can ever be done, for ever.
//
// The queue is kept full by users who differ in everything: class, deadlines, sizes, connections.
// What may go before a text is bounded in tokens, from the moment at which its patience ends, and
// between the classes bulk work has its share.

import Randomness
import Service
import Syscalls
import Testing

@Suite struct BatcherStarvationTests {
    @Test(arguments: 0..<20)
    func everythingIsComputedSoonAfterItsPatience(block: Int) {
        for seed in 0..<50 {
            var flood = Flood(seed: UInt64(block * 50 + seed))
            flood.run(batches: 300)
            if let fault = flood.fault {
                Issue.record("seed \(block * 50 + seed): \(fault)")
                return
            }
        }
    }
}

/// One endless overload, made of a seed.
private struct Flood {
    private struct Waiting {
        let workClass: WorkClass
        let patience: Instant
        var texts: Int
        /// Tokens of its class computed since its patience ended.
        var age = 0
    }

    private static let users = 4
    private static let connections = 3
    private static let longest = 100

    private(set) var fault: String?
    private var random: RandomSource
    private var now = Instant(nanoseconds: 1_000_000)
    private var limits = ServiceLimits()
    private var batcher: Batcher<Int>
    private var waiting: [RequestID: Waiting] = [:]
    private var nextRequest: UInt64 = 1
    private var bulkTokens = 0
    /// Interactive tokens that were computed while bulk work waited.
    private var urgentTokens = 0

    init(seed: UInt64) {
        random = RandomSource(seed: seed)
        limits.batchTokens = random.pick(50...200)
        limits.batchTexts = random.pick(1...8)
        limits.queueTexts = random.pick(20...60)
        limits.queueTextsPerUser = limits.queueTexts / 2
        limits.interactivePatience = .microseconds(random.pick(100...3000))
        limits.bulkPatience = .microseconds(random.pick(100...3000))
        limits.bulkShareOneIn = random.pick(2...8)
        batcher = Batcher(limits: limits)
    }

    /// A text out of patience waits for those that were before it, and while its user or its
    /// connection is ahead of its share, for all others to catch up: a batch and a text each.
    private var bound: Int {
        let ahead = limits.batchTokens + Self.longest
        return limits.queueTexts * Self.longest + 2 * Self.users * Self.connections * ahead
    }

    mutating func run(batches: Int) {
        for _ in 0..<batches where fault == nil {
            for _ in 0..<random.pick(3...12) { claim() }
            for request in batcher.expire(now: now) { waiting[request] = nil }
            guard case .run(let batch) = batcher.next(now: now) else {
                fault = "idle while \(waiting.count) wait"
                return
            }
            take(batch)
        }
        if fault == nil { checkShares() }
    }

    private mutating func claim() {
        let request = RequestID(nextRequest)
        nextRequest += 1
        let count = random.pick(1...4)
        // The first user never sets a deadline, the last always does.
        let user = random.pick(0...(Self.users - 1))
        let isUrgent = user == Self.users - 1 || (user > 0 && random.oneIn(2))
        let workClass: WorkClass = random.oneIn(3) ? .bulk : .interactive
        let claim = Claim(
            request: request, user: UInt32(user),
            connection: UInt64(random.pick(0...(Self.connections - 1))), workClass: workClass,
            batchKey: BatchKey(model: 0, output: .logits), arrival: now,
            deadline: isUrgent
                ? now.advanced(by: UInt64(random.pick(1_000_000...50_000_000))) : .distantFuture,
            textCount: count, byteCount: count, estimatedTokens: 50 * count)
        guard (try? batcher.admit(claim, now: now)) != nil else { return }
        let patience =
            workClass == .interactive ? limits.interactivePatience : limits.bulkPatience
        waiting[request] = Waiting(
            workClass: workClass, patience: now.advanced(by: patience), texts: count)
        for index in 0..<count {
            batcher.enqueue(
                WorkItem(
                    request: request, index: index, tokenCount: random.pick(1...Self.longest),
                    byteCount: 1,
                    payload: 0))
        }
    }

    private mutating func take(_ batch: Batch<Int>) {
        let bulkWaits = waiting.values.contains { $0.workClass == .bulk }
        if batch.workClass == .bulk {
            bulkTokens += batch.tokenCount
        } else if bulkWaits {
            urgentTokens += batch.tokenCount
        }
        for item in batch.items {
            guard var known = waiting[item.request] else { continue }
            known.texts -= 1
            waiting[item.request] = known.texts == 0 ? nil : known
        }
        now = now.advanced(by: UInt64(batch.tokenCount) * 1000)
        batcher.finish(batch.number, computed: UInt64(batch.tokenCount) * 1000)
        for (request, text) in waiting
        where text.patience <= now && text.workClass == batch.workClass {
            waiting[request]!.age += batch.tokenCount
            if text.age > bound {
                fault = "\(request), \(text.workClass.name), waits for \(text.age) tokens"
            }
        }
    }

    /// While bulk work waits, it gets one token in so many, give or take a batch.
    private mutating func checkShares() {
        let most = (limits.bulkShareOneIn - 1) * (bulkTokens + 2 * limits.batchTokens)
        if urgentTokens > most + Self.longest {
            fault = "bulk had \(bulkTokens) tokens beside \(urgentTokens), at most \(most)"
        }
    }
}

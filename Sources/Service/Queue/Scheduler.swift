// The batcher between threads: a lock around it, and the bell that wakes the engine.
//
// Three threads meet here. The I/O thread admits and cancels, the tokenise thread hands over texts,
// the engine thread takes batches and asks between layers. Every critical section is a few
// microseconds of the pure batcher; nothing waits while holding the lock.

internal import Synchronization
internal import Syscalls

package final class Scheduler: Sendable {
    private let batcher: Mutex<Batcher<TokenisedText>>
    /// Rises with everything that may be news to a waiting engine.
    private let bell = Futex()
    private let isStopped = Atomic(false)

    package init(limits: ServiceLimits) { batcher = Mutex(Batcher(limits: limits)) }

    package var figures: QueueFigures { batcher.withLock { $0.figures } }

    package func admit(_ claim: Claim, now: Instant) throws(Refusal) {
        try batcher.withLock { (batcher) throws(Refusal) in
            try batcher.admit(claim, now: now)
        }
    }

    package func cancel(_ request: RequestID) { batcher.withLock { $0.cancel(request) } }

    package func wants(_ request: RequestID) -> Bool { batcher.withLock { $0.wants(request) } }

    package func claim(of request: RequestID) -> Claim? {
        batcher.withLock { $0.claim(of: request) }
    }

    package func enqueue(_ item: WorkItem<TokenisedText>) {
        if batcher.withLock({ $0.enqueue(item) }) { ring() }
    }

    package func withdraw(_ request: RequestID, byteCount: Int) {
        batcher.withLock { $0.withdraw(request, byteCount: byteCount) }
    }

    /// More texts of a request that was admitted.
    package func extend(
        _ request: RequestID, texts: Int, bytes: Int, now: Instant
    ) throws(Refusal) {
        try batcher.withLock { (batcher) throws(Refusal) in
            try batcher.extend(request, texts: texts, bytes: bytes, now: now)
        }
    }

    /// How many texts of so many tokens a request can have scored in time; nil: as many as it
    /// likes.
    package func affordableTexts(_ request: RequestID, tokens: Int, now: Instant) -> Int? {
        batcher.withLock { $0.affordableTexts(request, tokens: tokens, now: now) }
    }

    private func ring() {
        bell.add(1)
        bell.wake()
    }

    // MARK: For the engine thread

    package enum Turn: Sendable {
        case batch(Batch<TokenisedText>)
        case stopped
    }

    /// Waits for work.
    /// - Parameter onExpiry: gets the requests that expired in the queue.
    package func nextBatch(onExpiry: ([RequestID]) -> Void) -> Turn {
        while true {
            let seen = bell.value
            if isStopped.load(ordering: .acquiring) { return .stopped }
            let now = MonotonicClock.now
            let (expired, decision) = batcher.withLock { batcher in
                (batcher.expire(now: now), batcher.next(now: now))
            }
            if !expired.isEmpty { onExpiry(expired) }
            switch decision {
            case .run(let batch): return .batch(batch)
            case .wait(let until): bell.wait(while: seen, nanoseconds: until.since(now))
            case .idle: bell.wait(while: seen)
            }
        }
    }

    /// Interactive work that goes between two layers of a bulk batch; nil when there is none.
    package func nextInterrupting(onExpiry: ([RequestID]) -> Void) -> Batch<TokenisedText>? {
        let now = MonotonicClock.now
        let (expired, decision) = batcher.withLock { batcher in
            (batcher.expire(now: now), batcher.next(now: now, interrupting: true))
        }
        if !expired.isEmpty { onExpiry(expired) }
        if case .run(let batch) = decision { return batch }
        return nil
    }

    package func stepped(
        _ number: UInt64, worth: Int
    ) -> Batcher<TokenisedText>.BetweenLayers {
        batcher.withLock { $0.stepped(number, worth: worth) }
    }

    package func finish(_ number: UInt64, computed: UInt64?, share: Double = 1) {
        batcher.withLock { $0.finish(number, computed: computed, share: share) }
    }

    /// Lets a waiting engine thread return.
    package func stop() {
        isStopped.store(true, ordering: .releasing)
        ring()
    }
}

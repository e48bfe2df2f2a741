// The order of the fair queue is that of a plain search, in any traffic; and what it costs.

import Randomness
import Syscalls
import Testing

@testable import Service

@Suite struct FairQueueTests {
    @Test(arguments: 0..<20)
    func eachChoiceIsThatOfAPlainSearch(block: Int) {
        for seed in 0..<50 {
            var traffic = Traffic(seed: UInt64(block * 50 + seed))
            traffic.run(batches: 60)
            if let fault = traffic.fault {
                Issue.record("seed \(block * 50 + seed): \(fault)")
                return
            }
        }
    }

    /// A search among all for each text of a batch would take 256 times what the first takes.
    @Test func aBatchCostsLittleMoreThanItsFirstText() {
        var ratios: [Double] = []
        for _ in 0..<5 {
            let one = nanoseconds(choices: 1)
            ratios.append(Double(nanoseconds(choices: 256)) / Double(max(1, one)))
        }
        let least = ratios.min()!
        #expect(least < 32, "\(ratios)")
    }

    private func nanoseconds(choices: Int) -> UInt64 {
        var queue = FairQueue(slack: 2048)
        let batchKey = BatchKey(model: 0, output: .logits)
        for number in 0..<4000 {
            queue.insert(
                FairQueue.Entry(
                    request: RequestID(UInt64(number)), deadline: .distantFuture,
                    patience: .distantFuture),
                FairQueue.FlowKey(batchKey: batchKey, user: 0, connection: UInt64(number)))
        }
        let start = MonotonicClock.now
        for _ in 0..<choices {
            guard let (request, key) = queue.best(in: batchKey, now: start) else { break }
            queue.charge(key, tokens: 8)
            queue.remove(request, key)
        }
        return MonotonicClock.now.since(start)
    }
}

/// Random traffic through the queue and through a plain one, which must agree all along.
private struct Traffic {
    private(set) var fault: String?
    private var random: RandomSource
    private var queue: FairQueue
    private var plain: PlainQueue
    private var now = Instant(nanoseconds: 1_000)
    private var nextRequest: UInt64 = 1
    /// Texts that each request still has.
    private var texts: [RequestID: Int] = [:]
    private var keys: [(request: RequestID, key: FairQueue.FlowKey)] = []
    private let users: Int
    private let connections: Int

    init(seed: UInt64) {
        random = RandomSource(seed: seed)
        let slack = random.oneIn(4) ? 0 : random.pick(1...200)
        queue = FairQueue(slack: slack)
        plain = PlainQueue(slack: UInt64(slack))
        users = random.pick(1...5)
        connections = random.pick(1...8)
    }

    mutating func run(batches: Int) {
        for _ in 0..<batches {
            for _ in 0..<random.pick(0...12) { arrive() }
            if random.oneIn(4), let gone = keys.randomElement(using: &random) { leave(gone) }
            fill(most: random.pick(1...20))
            if fault != nil { return }
            if random.oneIn(2) { now = now.advanced(by: UInt64(random.pick(0...300))) }
        }
    }

    private mutating func arrive() {
        let request = RequestID(nextRequest)
        nextRequest += 1
        let key = FairQueue.FlowKey(
            batchKey: BatchKey(model: UInt32(random.pick(0...1)), output: .logits),
            user: UInt32(random.pick(1...users)), connection: UInt64(random.pick(1...connections)))
        let entry = FairQueue.Entry(
            request: request,
            deadline: random.oneIn(2)
                ? .distantFuture : now.advanced(by: UInt64(random.pick(0...500))),
            patience: now.advanced(by: UInt64(random.pick(0...600))))
        queue.insert(entry, key)
        plain.insert(entry, key)
        texts[request] = random.pick(1...4)
        keys.append((request, key))
    }

    private mutating func leave(_ gone: (request: RequestID, key: FairQueue.FlowKey)) {
        queue.remove(gone.request, gone.key)
        plain.remove(gone.request)
        texts[gone.request] = nil
        keys.removeAll { $0.request == gone.request }
    }

    /// As the batcher does it: the first text decides the key. Now and then one leaves meanwhile.
    private mutating func fill(most: Int) {
        var batchKey: BatchKey?
        for _ in 0..<most {
            let (choice, expected) = (
                queue.best(in: batchKey, now: now), plain.best(in: batchKey, now: now)
            )
            guard choice?.request == expected?.request, choice?.key == expected?.key else {
                fault = "\(String(describing: choice)), not \(String(describing: expected))"
                return
            }
            guard let (request, key) = choice else { return }
            batchKey = key.batchKey
            let tokens = random.pick(0...60)
            queue.charge(key, tokens: tokens)
            plain.charge(key, tokens: UInt64(tokens))
            texts[request]! -= 1
            if texts[request] == 0 { leave((request, key)) }
            if random.oneIn(10), let gone = keys.randomElement(using: &random) { leave(gone) }
        }
    }
}

/// The order in as few words as it takes: everything is looked at for each choice.
private struct PlainQueue {
    private struct User {
        var time: UInt64
        var flowNow: UInt64 = 0
    }

    let slack: UInt64
    private var entries: [(entry: FairQueue.Entry, key: FairQueue.FlowKey)] = []
    private var users: [UInt32: User] = [:]
    private var times: [FairQueue.FlowKey: UInt64] = [:]
    private var virtualNow: UInt64 = 0

    init(slack: UInt64) { self.slack = slack }

    mutating func insert(_ entry: FairQueue.Entry, _ key: FairQueue.FlowKey) {
        var user = users[key.user] ?? User(time: virtualNow)
        if !entries.contains(where: { $0.key.user == key.user }) {
            user.time = max(user.time, virtualNow)
        }
        users[key.user] = user
        if !entries.contains(where: { $0.key == key }) { times[key] = user.flowNow }
        entries.append((entry, key))
    }

    mutating func remove(_ request: RequestID) {
        entries.removeAll { $0.entry.request == request }
        if entries.isEmpty { (users, times, virtualNow) = ([:], [:], 0) }
    }

    mutating func charge(_ key: FairQueue.FlowKey, tokens: UInt64) {
        virtualNow = max(virtualNow, users[key.user]!.time)
        users[key.user]!.flowNow = max(users[key.user]!.flowNow, times[key]!)
        users[key.user]!.time += tokens
        times[key]! += tokens
    }

    func best(
        in batchKey: BatchKey?, now: Instant
    ) -> (request: RequestID, key: FairQueue.FlowKey)? {
        let present = entries.filter { batchKey == nil || $0.key.batchKey == batchKey }
        guard let floor = present.map({ users[$0.key.user]!.time }).min() else { return nil }
        let keys = Set(present.map(\.key)).filter { key in
            let flowFloor = present.filter { $0.key.user == key.user }
                .map { times[$0.key]! }.min()!
            return users[key.user]!.time <= floor + slack && times[key]! <= flowFloor + slack
        }
        let best = keys.map { key in (head(of: key, now), key) }.min { left, right in
            order(left.0, left.1, now).lexicographicallyPrecedes(order(right.0, right.1, now))
        }
        return best.map { ($0.0.request, $0.1) }
    }

    /// Out of patience, the first that came; else the earliest deadline.
    private func head(of key: FairQueue.FlowKey, _ now: Instant) -> FairQueue.Entry {
        let waiting = entries.filter { $0.key == key }.map(\.entry)
        let first = waiting.min { $0.request < $1.request }!
        return first.patience <= now
            ? first
            : waiting.min { ($0.deadline, $0.request) < ($1.deadline, $1.request) }!
    }

    /// Urgency, time of the user, time of the flow, arrival.
    private func order(
        _ entry: FairQueue.Entry, _ key: FairQueue.FlowKey, _ now: Instant
    ) -> [UInt64] {
        let urgency = entry.patience <= now ? min(entry.patience, entry.deadline) : entry.deadline
        return [
            urgency.nanoseconds, users[key.user]!.time, times[key]!, entry.request.number,
        ]
    }
}

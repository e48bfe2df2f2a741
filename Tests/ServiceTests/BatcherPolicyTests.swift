// What the batcher prefers, each preference in a schedule that shows nothing else.

import Syscalls
import Testing

@testable import Service

/// A batcher with a small vocabulary for writing schedules.
final class Desk {
    var batcher: Batcher<Int>
    var now = Instant(nanoseconds: 1_000_000_000)
    private var nextRequest: UInt64 = 1

    init(_ change: (inout ServiceLimits) -> Void = { _ in }) {
        var limits = ServiceLimits()
        limits.batchTokens = 100
        limits.batchTexts = 8
        change(&limits)
        batcher = Batcher(limits: limits)
    }

    /// Admits a request and makes its texts ready at once.
    @discardableResult
    func submit(
        user: UInt32 = 0, connection: UInt64 = 0, _ workClass: WorkClass = .interactive,
        model: UInt32 = 0, within: Duration? = nil, texts: Int = 1, tokens: Int = 100
    ) throws(Refusal) -> RequestID {
        let request = RequestID(nextRequest)
        nextRequest += 1
        try batcher.admit(
            Claim(
                request: request, user: user, connection: connection, workClass: workClass,
                batchKey: BatchKey(model: model, output: .logits), arrival: now,
                deadline: within.map { now.advanced(by: $0) } ?? .distantFuture, textCount: texts,
                byteCount: texts, estimatedTokens: texts * tokens), now: now)
        for index in 0..<texts {
            batcher.enqueue(
                WorkItem(
                    request: request, index: index, tokenCount: tokens, byteCount: 1,
                    payload: index))
        }
        return request
    }

    /// Takes the next batch and finishes it, a microsecond a token.
    func run() -> Batch<Int>? {
        _ = batcher.expire(now: now)
        guard case .run(let batch) = batcher.next(now: now) else { return nil }
        now = now.advanced(by: UInt64(batch.tokenCount) * 1000)
        batcher.finish(batch.number, computed: UInt64(batch.tokenCount) * 1000)
        return batch
    }

    /// Two batches, after which the speed is known: a microsecond a token.
    func warmUp() throws {
        for _ in 0..<2 {
            try submit()
            _ = run()
        }
    }

    /// The requests in the order in which their texts are computed.
    func order() -> [RequestID] {
        var order: [RequestID] = []
        while let batch = run() { order += batch.items.map(\.request) }
        return order
    }
}

@Suite struct BatcherPolicyTests {
    @Test func interactiveGoesFirst() throws {
        let desk = Desk()
        let bulk = try desk.submit(.bulk)
        let person = try desk.submit(.interactive)
        #expect(desk.order() == [person, bulk])
    }

    @Test func theEarliestDeadlineGoesFirst() throws {
        let desk = Desk { $0.batchTokens = 1000 }
        let never = try desk.submit(connection: 1, tokens: 10)
        let late = try desk.submit(connection: 2, within: .seconds(9), tokens: 10)
        let soon = try desk.submit(connection: 3, within: .seconds(1), tokens: 10)
        let middle = try desk.submit(connection: 3, within: .seconds(5), tokens: 10)
        #expect(desk.order() == [soon, middle, late, never])
    }

    @Test func aDeadlineBuysNoMoreThanABatchBeyondTheShare() throws {
        let desk = Desk()
        for _ in 0..<50 { try desk.submit(user: 1, within: .seconds(60)) }
        let modest = try desk.submit(user: 2)
        let place = try #require(desk.order().firstIndex(of: modest))
        #expect(place <= 2)
    }

    @Test func oneTextIsNotBehindAThousandOfAnother() throws {
        let desk = Desk { $0.queueTexts = 3000 }
        try desk.submit(user: 1, .bulk, texts: 1000)
        for _ in 0..<20 {
            let single = try desk.submit(user: 2, connection: 9, .bulk)
            let first = try #require(desk.run())
            let second = try #require(desk.run())
            #expect((first.items + second.items).contains { $0.request == single })
        }
    }

    @Test func connectionsOfOneUserShareToo() throws {
        let desk = Desk()
        try desk.submit(connection: 1, texts: 500)
        let single = try desk.submit(connection: 2)
        let place = try #require(desk.order().firstIndex(of: single))
        #expect(place <= 2)
    }

    @Test func sharesAreCountedInTokensNotTexts() throws {
        let desk = Desk { $0.batchTexts = 1 }
        try desk.submit(user: 1, texts: 400, tokens: 10)
        try desk.submit(user: 2, texts: 40, tokens: 100)
        var tokens: [UInt64: Int] = [:]
        for _ in 0..<110 {
            let batch = try #require(desk.run())
            tokens[batch.items[0].request.number, default: 0] += batch.tokenCount
        }
        let difference = abs(tokens[1]! - tokens[2]!)
        #expect(difference <= 200, "\(tokens)")
    }

    @Test func bulkGetsItsShareBesideEndlessInteractiveWork() throws {
        let desk = Desk { $0.bulkShareOneIn = 20 }
        try desk.submit(user: 1, .bulk, texts: 40)
        var bulk = 0
        for _ in 0..<400 {
            while desk.batcher.figures.texts < 60 { try desk.submit(user: 2) }
            if try #require(desk.run()).workClass == .bulk { bulk += 1 }
        }
        #expect((18...22).contains(bulk), "\(bulk) of 400 batches")
    }

    /// However many layers a bulk batch has, between which interactive work goes.
    @Test(arguments: [1, 6, 24]) func bulkGetsItsShareLayerByLayer(layers: Int) throws {
        let desk = Desk { $0.bulkShareOneIn = 20 }
        try desk.submit(user: 1, .bulk, texts: 60, tokens: 24)
        var tokens = [WorkClass.interactive: 0, .bulk: 0]
        while tokens[.interactive]! < 20_000 {
            while desk.batcher.figures.texts < 120 { try desk.submit(user: 2, tokens: 24) }
            guard case .run(let batch) = desk.batcher.next(now: desk.now) else {
                Issue.record("another case")
                return
            }
            for layer in 1...layers where batch.workClass == .bulk && layer < layers {
                let worth = batch.tokenCount / layers
                var next = desk.batcher.stepped(batch.number, worth: worth)
                while next == .interrupt {
                    while desk.batcher.figures.texts < 120 {
                        try desk.submit(user: 2, tokens: 24)
                    }
                    guard
                        case .run(let urgent) = desk.batcher.next(
                            now: desk.now, interrupting: true)
                    else { break }
                    desk.batcher.finish(urgent.number, computed: 1000)
                    tokens[.interactive]! += urgent.tokenCount
                    next = desk.batcher.stepped(batch.number, worth: 0)
                }
            }
            desk.batcher.finish(batch.number, computed: 1000)
            tokens[batch.workClass]! += batch.tokenCount
        }
        let all = tokens[.interactive]! + tokens[.bulk]!
        let oneIn = Double(all) / Double(tokens[.bulk]!)
        #expect((17...23).contains(oneIn), "one in \(oneIn)")
    }

    @Test func patienceEnds() throws {
        let desk = Desk { $0.interactivePatience = .milliseconds(1) }
        let patient = try desk.submit(connection: 1)
        var order: [RequestID] = []
        for _ in 0..<30 {
            try desk.submit(connection: 1, within: .seconds(100))
            order += try #require(desk.run()).items.map(\.request)
        }
        let place = try #require(order.firstIndex(of: patient))
        #expect((9...12).contains(place))  // 1 ms at 0.1 ms a batch
    }

    @Test(arguments: [
        (CloseReason.budget, 3, 40, UInt32(0)), (.texts, 20, 1, 0), (.empty, 1, 40, 0),
        (.model, 1, 40, 1),
    ])
    func aBatchSaysWhyItClosed(reason: CloseReason, texts: Int, tokens: Int, model: UInt32) throws {
        let desk = Desk()
        try desk.submit(texts: texts, tokens: tokens)
        if model != 0 { try desk.submit(model: model) }
        #expect(desk.run()?.closed == reason)
    }

    @Test func aBatchClosesBeforeItMakesItsOwnLate() throws {
        let desk = Desk { $0.batchTokens = 1000 }
        try desk.warmUp()
        try desk.submit(within: .microseconds(150), tokens: 100)
        try desk.submit(connection: 1, .interactive, tokens: 100)
        let batch = try #require(desk.run())
        #expect(batch.items.count == 1)
        #expect(batch.closed == .deadline)
    }

    @Test func aBatchOfASlowModelIsShort() throws {
        let desk = Desk {
            $0.batchTokens = 1000; $0.batchLeastTokens = 40; $0.batchTime = .microseconds(60)
        }
        try desk.warmUp()
        try desk.submit(texts: 8, tokens: 12)
        let first = try #require(desk.run())
        #expect(first.tokenCount == 60)
        #expect(first.closed == .time)
        // Fewer tokens than that are never parted, however slow they are.
        try desk.submit(user: 2, texts: 2, tokens: 20)
        #expect(desk.run()?.items.count == 3)
    }

    @Test func whatCannotBeInTimeIsRefusedAtOnce() throws {
        let desk = Desk()
        try desk.warmUp()
        try desk.submit(texts: 50)  // 5 ms of work
        #expect(throws: Refusal.tooLate(by: 1_100_000, needed: 5_100_000)) {
            try desk.submit(within: .milliseconds(4))
        }
        // Another user waits for no more than as much of it as it brings itself.
        #expect(throws: Never.self) { try desk.submit(user: 2, within: .milliseconds(1)) }
        // Nor does another connection of the same one.
        #expect(throws: Never.self) { try desk.submit(connection: 2, within: .milliseconds(1)) }
        #expect(throws: Refusal.expired) { try desk.submit(within: .zero) }
    }

    @Test func aConnectionThatFloodsLeavesRoomForTheOthers() throws {
        let desk = Desk {
            $0.queueTexts = 400; $0.queueTextsPerUser = 100
        }
        var refusal: Refusal?
        var accepted = 0
        while refusal == nil {
            do throws(Refusal) {
                try desk.submit(connection: 1, .bulk, texts: 5)
                accepted += 5
            } catch { refusal = error }
        }
        guard case .connectionShareFull = refusal else {
            Issue.record("\(String(describing: refusal))")
            return
        }
        #expect(accepted == 50)
        for connection in 2..<5 { try desk.submit(connection: UInt64(connection), texts: 5) }
        try desk.submit(user: 2, texts: 100)
    }

    @Test(arguments: 1...7)
    func usersThatFloodLeaveRoomForTheOthers(_ users: Int) throws {
        let desk = Desk {
            $0.queueTexts = 400; $0.queueTextsPerUser = 200
        }
        var isFull = false
        while !isFull {
            isFull = true
            for user in 1...users {
                for connection in 1...20 {
                    let flow = UInt64(100 * user + connection)
                    guard
                        (try? desk.submit(
                            user: UInt32(user), connection: flow, .bulk, texts: 1)) != nil
                    else { continue }
                    isFull = false
                }
            }
        }
        try desk.submit(user: 9, texts: 400 / (users + 1) / 2)
    }

    @Test func aWrongGuessDoesNotLockTheDoor() throws {
        let desk = Desk()
        try desk.warmUp()
        // One batch takes a minute, for whatever reason.
        try desk.submit(within: .seconds(90))
        guard case .run(let slow) = desk.batcher.next(now: desk.now) else {
            Issue.record("another case")
            return
        }
        desk.now = desk.now.advanced(by: .seconds(60))
        desk.batcher.finish(slow.number, computed: 60_000_000_000)
        // With nothing before it, work is tried, and the guess mends itself.
        for _ in 0..<500 {
            try desk.submit(within: .milliseconds(1))
            #expect(desk.run() != nil)
        }
        for _ in 0..<3 { try desk.submit(within: .milliseconds(500)) }
    }

    @Test func expiredWorkIsDroppedBeforeItIsComputed() throws {
        let desk = Desk()
        let late = try desk.submit(within: .milliseconds(1))
        desk.now = desk.now.advanced(by: .milliseconds(2))
        #expect(desk.batcher.expire(now: desk.now) == [late])
        #expect(desk.run() == nil)
        #expect(desk.batcher.isIdle)
    }

    @Test func aBulkBatchMakesWayBetweenLayersAndOnlyThen() throws {
        let desk = Desk()
        try desk.submit(.bulk)
        guard case .run(let bulk) = desk.batcher.next(now: desk.now) else {
            Issue.record("another case")
            return
        }
        #expect(desk.batcher.stepped(bulk.number, worth: 10) == .goOn)
        let person = try desk.submit(.interactive)
        #expect(desk.batcher.stepped(bulk.number, worth: 10) == .interrupt)
        guard case .run(let between) = desk.batcher.next(now: desk.now, interrupting: true)
        else {
            Issue.record("another case")
            return
        }
        #expect(between.items.map(\.request) == [person])
        #expect(desk.batcher.stepped(between.number, worth: 10) == .goOn)
        desk.batcher.finish(between.number, computed: 1)
        #expect(desk.batcher.stepped(bulk.number, worth: 10) == .goOn)
    }

    @Test func aBatchThatNobodyWantsIsAbandoned() throws {
        let desk = Desk()
        let first = try desk.submit(connection: 1, tokens: 10)
        let second = try desk.submit(connection: 2, tokens: 10)
        guard case .run(let batch) = desk.batcher.next(now: desk.now) else {
            Issue.record("another case")
            return
        }
        desk.batcher.cancel(first)
        #expect(desk.batcher.stepped(batch.number, worth: 1) == .goOn)
        desk.batcher.cancel(second)
        #expect(desk.batcher.stepped(batch.number, worth: 1) == .abandon)
    }

    /// One that is computed again and again stays among any number that come and go.
    @Test func ofTooManyModelsTheStalestIsForgotten() {
        var speeds = SpeedGauge()
        let last = UInt32(SpeedGauge.mostModels + 9)
        for model in 1...last {
            for number in [model, model, 1] {
                speeds.note(tokens: 100, nanoseconds: 1000, model: number)
            }
        }
        for known in [1, last / 2, last] { #expect(speeds.cost(tokens: 100, model: known) > 0) }
        #expect(speeds.cost(tokens: 100, model: 2) == 0)
    }

    @Test func anIdleEngineMayWaitForCompany() throws {
        let desk = Desk { $0.batchDelay = .milliseconds(3) }
        try desk.submit(tokens: 10)
        guard case .wait(let until) = desk.batcher.next(now: desk.now) else {
            Issue.record("did not wait")
            return
        }
        #expect(until.since(desk.now) == 3_000_000)
        try desk.submit(tokens: 90)  // full now
        #expect(desk.run()?.items.count == 2)
    }
}

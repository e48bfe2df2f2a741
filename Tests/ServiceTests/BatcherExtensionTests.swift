// Requests that grow in the queue, as explanations do: bounds, ends, and what time allows.

import Service
import Syscalls
import Testing

@Suite struct BatcherExtensionTests {
    private static func claim(
        _ desk: Desk, _ number: UInt64, user: UInt32 = 0, within: Duration? = nil
    ) -> Claim {
        Claim(
            request: RequestID(number), user: user, connection: 0, workClass: .interactive,
            batchKey: BatchKey(model: 0, output: .logits), arrival: desk.now,
            deadline: within.map { desk.now.advanced(by: $0) } ?? .distantFuture, textCount: 1,
            byteCount: 10, estimatedTokens: 100)
    }

    private static func item(_ number: UInt64, _ index: Int) -> WorkItem<Int> {
        WorkItem(
            request: RequestID(number), index: index, tokenCount: 10, byteCount: 10,
            payload: index)
    }

    @Test func whatIsAddedStandsInTheBoundsAndLeavesThem() throws {
        let desk = Desk { $0.queueTextsPerUser = 10 }
        try desk.batcher.admit(Self.claim(desk, 100), now: desk.now)
        try desk.batcher.extend(RequestID(100), texts: 8, bytes: 80, now: desk.now)
        #expect(desk.batcher.figures.texts == 9 && desk.batcher.figures.bytes == 90)
        #expect(throws: Refusal.self) {
            try desk.batcher.extend(RequestID(100), texts: 2, bytes: 20, now: desk.now)
        }
        #expect(desk.batcher.figures.texts == 9, "a refusal changes nothing")
        for index in 0..<8 { desk.batcher.enqueue(Self.item(100, index)) }
        var computed = 0
        while let batch = desk.run() { computed += batch.items.count }
        #expect(computed == 8 && desk.batcher.figures.texts == 1)
        #expect(desk.batcher.wants(RequestID(100)), "its last text is still to come")
        desk.batcher.enqueue(Self.item(100, 8))
        #expect(desk.run()?.items.count == 1)
        #expect(desk.batcher.isIdle && !desk.batcher.wants(RequestID(100)))
    }

    @Test func cancellingTakesAllOfIt() throws {
        let desk = Desk()
        try desk.batcher.admit(Self.claim(desk, 100), now: desk.now)
        try desk.batcher.extend(RequestID(100), texts: 5, bytes: 50, now: desk.now)
        for index in 0..<3 { desk.batcher.enqueue(Self.item(100, index)) }
        desk.batcher.cancel(RequestID(100))
        #expect(desk.batcher.isIdle && desk.batcher.figures == Desk().batcher.figures)
        // What comes after the end is taken in silence.
        try desk.batcher.extend(RequestID(100), texts: 5, bytes: 50, now: desk.now)
        desk.batcher.enqueue(Self.item(100, 3))
        #expect(desk.batcher.isIdle)
    }

    @Test func theDeadlineSaysHowManyAreAffordable() throws {
        let desk = Desk()
        try desk.warmUp()  // a microsecond a token
        try desk.batcher.admit(Self.claim(desk, 100, within: .milliseconds(10)), now: desk.now)
        // Its own hundred tokens wait; of 9900 microseconds three quarters, ten a text.
        let affordable = desk.batcher.affordableTexts(RequestID(100), tokens: 10, now: desk.now)
        #expect(affordable == 742)
        try desk.batcher.admit(Self.claim(desk, 101), now: desk.now)
        let unbound = desk.batcher.affordableTexts(RequestID(101), tokens: 10, now: desk.now)
        #expect(unbound == nil)
    }

    /// A client may send the largest timeout there is.
    @Test func aDeadlineInCenturiesIsOne() throws {
        let desk = Desk()
        try desk.warmUp()
        let far = Duration.nanoseconds(Int64.max)
        try desk.batcher.admit(Self.claim(desk, 100, within: far), now: desk.now)
        let affordable = desk.batcher.affordableTexts(RequestID(100), tokens: 10, now: desk.now)
        #expect(try #require(affordable) > 1_000_000)
    }

    /// A user whose one explanation has two hundred variants does not keep another's text waiting
    /// for more than a batch.
    @Test func variantsAreChargedToTheirUser() throws {
        let desk = Desk()
        try desk.batcher.admit(Self.claim(desk, 100, user: 1), now: desk.now)
        try desk.batcher.extend(RequestID(100), texts: 199, bytes: 1990, now: desk.now)
        for index in 0..<199 { desk.batcher.enqueue(Self.item(100, index)) }
        _ = desk.run()
        let other = try desk.submit(user: 2, connection: 9, tokens: 10)
        let next = try #require(desk.run())
        #expect(next.items.contains { $0.request == other })
    }
}

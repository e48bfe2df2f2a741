// What is asked again, when, and in whose company.

import Syscalls
import Testing

@testable import TextRuns

@Suite struct DispatchTests {
    private let now = MonotonicClock.Instant(nanoseconds: 1_000_000_000)

    private func part(_ batch: Int, _ texts: Range<Int>) -> Dispatch.Part {
        Dispatch.Part(batch: batch, texts: texts, now: now)
    }

    @Test func whatWasRefusedTwiceGoesAlone() {
        var dispatch = Dispatch()
        for call in 1...2 {
            dispatch.sent(dispatch.ready(part(call, 0..<1), now: now), as: UInt64(call))
        }
        let first = dispatch.ended(1)
        #expect(first?.isAlone == false)
        if let first { dispatch.park(first, until: now) }
        #expect(!dispatch.takesNew)
        // Beside the other once more; the second time it waits until that has ended.
        let again = dispatch.due(now)
        if let again { dispatch.sent(dispatch.ready(again, now: now), as: 3) }
        let second = dispatch.ended(3)
        if let second { dispatch.park(second, until: now) }
        let early = dispatch.due(now)
        #expect(again != nil && second != nil && early == nil)
        _ = dispatch.ended(2)
        let alone = dispatch.due(now)
        if let alone { dispatch.sent(dispatch.ready(alone, now: now), as: 4) }
        #expect(!dispatch.takesNew)
        let last = dispatch.ended(4)
        #expect(last?.isAlone == true)
    }

    @Test func aPauseIsKeptAndOrderToo() {
        var dispatch = Dispatch()
        let later = now.advanced(by: .seconds(1))
        dispatch.park(part(3, 0..<4), until: now)
        dispatch.park(part(1, 0..<4), until: later)
        #expect(dispatch.nextDue == now)
        let batches = [now, now, later].map { dispatch.due($0)?.batch }
        #expect(batches == [3, nil, 1])
    }

    @Test func halvesAreTheWhole() {
        let halves = part(0, 3..<8).halves(now: now)
        #expect(halves.map(\.texts) == [3..<5, 5..<8])
    }
}

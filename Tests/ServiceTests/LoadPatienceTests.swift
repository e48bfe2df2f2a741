// For how long the service manager is asked to wait for a load, by a clock and work of the test's.

import Syscalls
import Testing

@testable import Service

@Suite struct LoadPatienceTests {
    private let start = Instant(nanoseconds: 5_000_000_000)

    private func after(_ seconds: Int) -> Instant { start.advanced(by: .seconds(seconds)) }

    private func work(_ milliseconds: UInt64, read bytes: UInt64 = 0) -> LoadPatience.Work {
        LoadPatience.Work(processorTime: milliseconds * 1_000_000, bytesRead: bytes)
    }

    private func begun() -> LoadPatience {
        var patience = LoadPatience()
        patience.begin(now: start, work(100))
        return patience
    }

    @Test func whatWorksIsWaitedFor() {
        var patience = begun()
        #expect(patience.nextLook == after(10))
        let early = patience.look(now: after(9), work(5000))
        #expect(!early && patience.nextLook == after(10))
        let computed = patience.look(now: after(10), work(110))
        let read = patience.look(now: after(20), work(110, read: 1))
        #expect(computed && read && patience.nextLook == after(30))
    }

    /// Waking up to look costs the processor something too.
    @Test func whatHangsIsNot() {
        var patience = begun()
        for second in stride(from: 10, through: 60, by: 10) {
            let isAsked = patience.look(now: after(second), work(100 + UInt64(second) / 10))
            #expect(!isAsked)
        }
        // It may have been the disk.
        let again = patience.look(now: after(70), work(106, read: 4096))
        #expect(again)
    }

    /// A last look comes before what was asked for is over, though some found nothing.
    @Test func aPauseIsNoEnd() {
        #expect(LoadPatience.grace >= LoadPatience.interval * 3)
    }

    @Test func nothingIsWaitedForForEver() {
        var patience = begun()
        let hour = 3600
        for second in stride(from: 10, to: hour, by: 10) {
            let isAsked = patience.look(now: after(second), work(UInt64(second) * 1000))
            #expect(isAsked && patience.lasts(at: after(second)))
        }
        #expect(!patience.lasts(at: after(hour)))
        let late = patience.look(now: after(hour), work(UInt64(hour) * 1000))
        #expect(!late && patience.nextLook == .distantFuture)
    }

    @Test func eachLoadHasPatienceOfItsOwn() {
        var patience = begun()
        patience.begin(now: after(5), work(200))
        #expect(patience.nextLook == after(10))
        patience.rest()
        #expect(patience.nextLook == .distantFuture)
        let resting = patience.look(now: after(10), work(5000))
        #expect(!resting)
        patience.begin(now: after(4000), work(5000))
        let isAsked = patience.look(now: after(4010), work(6000))
        #expect(isAsked)
    }

    @Test func thisProcessWorks() {
        let before = LoadPatience.Work.ofThisProcess
        #expect(before.processorTime > 0)
        #expect(LoadPatience.Work.ofThisProcess.bytesRead >= before.bytesRead)
    }
}

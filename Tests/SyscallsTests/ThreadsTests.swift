// Threads, the word they wait on, and the memory they share.

import Synchronization
import Syscalls
import Testing

@Suite struct ThreadsTests {
    @Test func aThreadRunsItsBody() throws {
        let sum = SharedCount()
        for index in 0..<4 {
            let thread = try Thread.spawn(name: "adder-\(index)") { sum.add(index) }
            thread.join()
        }
        #expect(sum.value == 6)
    }

    @Test func aWaiterIsWoken() throws {
        let gate = Gate()
        let sum = SharedCount()
        let thread = try Thread.spawn(name: "waiter") {
            if gate.pass() { sum.add(1) }
        }
        MonotonicClock.sleep(nanoseconds: 1_000_000)
        #expect(sum.value == 0)
        gate.open()
        thread.join()
        #expect(sum.value == 1)
    }

    @Test func waitingEndsWithItsTime() {
        let word = Futex(7)
        let start = MonotonicClock.now
        word.wait(while: 7, nanoseconds: 3_000_000)
        #expect(MonotonicClock.now.since(start) >= 3_000_000)
        word.wait(while: 8)  // another value: at once
        let (sum, value) = (word.add(1), word.value)
        #expect(sum == 8 && value == 8)
    }

    @Test(arguments: [(1, 64), (4096, 64), (100_000, 4096), (3 << 20, 2 << 20)])
    func memoryIsAlignedAndZero(byteCount: Int, alignment: Int) throws {
        let memory = try AlignedMemory(
            byteCount: byteCount, alignment: alignment, hugePages: byteCount > 1 << 20)
        #expect(Int(bitPattern: memory.base) % alignment == 0)
        #expect(memory.bytes.allSatisfy { $0 == 0 })
        #expect(memory.bytes.count == byteCount)
        memory.bytes[byteCount - 1] = 1
    }

    @Test func pinningStaysWithinTheAllowed() throws {
        let allowed = ThisProcess.allowedProcessors
        #expect(allowed.count >= 1)
        let thread = try Thread.spawn(name: "pinned") {
            #expect(Thread.pin(toProcessor: allowed[0]))
            #expect(ThisProcess.allowedProcessors == [allowed[0]])
            #expect(!Thread.pin(toProcessor: 5000))
        }
        thread.join()
        #expect(ThisProcess.allowedProcessors == allowed)
    }
}

final class SharedCount: Sendable {
    private let count = Mutex(0)
    func add(_ amount: Int) { count.withLock { $0 += amount } }
    var value: Int { count.withLock { $0 } }
}

final class Gate: Sendable {
    private let word = Futex(0)
    /// - Returns: false when nobody woke it within ten seconds.
    func pass() -> Bool {
        let limit = MonotonicClock.now.advanced(by: .seconds(10))
        while word.value == 0, MonotonicClock.now < limit {
            word.wait(while: 0, nanoseconds: limit.since(MonotonicClock.now))
        }
        return MonotonicClock.now < limit
    }
    func open() {
        word.store(1)
        word.wakeAll()
    }
}

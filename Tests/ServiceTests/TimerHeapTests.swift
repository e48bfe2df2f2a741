// Timers in order, and the heap that does not remember for ever.

import Randomness
import Syscalls
import Testing
import TextflixProtocol

@testable import Service

@Suite struct TimerHeapTests {
    @Test func entriesComeInOrder() {
        var random = RandomSource(seed: 3)
        var heap = TimerHeap<Int>()
        let times = (0..<500).map { _ in random.pick(1...1000) }
        for (key, time) in times.enumerated() {
            heap.push(Instant(nanoseconds: UInt64(time)), key)
        }
        var last = 0
        var seen = 0
        while let key = heap.pop(due: Instant(nanoseconds: 600)) {
            #expect(times[key] >= last && times[key] <= 600)
            last = times[key]
            seen += 1
        }
        #expect(seen == times.filter { $0 <= 600 }.count)
        #expect(heap.first.nanoseconds == UInt64(times.filter { $0 > 600 }.min()!))
    }

    @Test func sweepingKeepsWhatIsAlive() {
        var heap = TimerHeap<Int>()
        for key in 0..<1000 { heap.push(Instant(nanoseconds: UInt64(1000 - key)), key) }
        heap.sweep { $0.isMultiple(of: 10) }
        #expect(heap.count == 100)
        #expect(heap.pop(due: .distantFuture) == 990)
    }

    @Test func anEmptyHeapIsNeverDue() {
        var heap = TimerHeap<Int>()
        #expect(heap.first == .distantFuture)
        #expect(heap.pop(due: .distantFuture) == nil)
    }
}

@Suite struct FiguresTests {
    @Test func countsAreCumulativeAndEndWithAll() {
        var distribution = Distribution(.powers)
        for value in [1, 2, 3, 4, 5, 100_000] as [Double] { distribution.add(value) }
        #expect(distribution.cumulative.prefix(4) == [1, 2, 4, 5])
        #expect(distribution.cumulative.last == 6)
        #expect(distribution.sum == 100_015)
    }

    @Test func seriesAreToldApartByTheirLabels() {
        var figures = Figures()
        figures.count("a_total", 2, "code", "OK")
        figures.count("a_total", 1, "code", "INTERNAL")
        figures.count("a_total", 3, "code", "OK")
        let messages = figures.counterMessages.filter { $0.name == "a_total" }
        #expect(messages.map(\.value) == [1, 5])
        #expect(messages[1].labels.map(\.value) == ["OK"])
    }
}

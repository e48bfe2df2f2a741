// The pool: every lane runs once, every task once, barriers hold, on 1 to 64 threads.

import Numerics
import Synchronization
import Testing

@Suite(.serialized)
struct WorkerPoolTests {
    @Test(arguments: [1, 2, 3, 64])
    func everyTaskRunsOnce(threads: Int) throws {
        let pool = try WorkerPool(threads: threads)
        let counts = (0..<500).map { _ in Counter() }
        for round in 1...20 {
            pool.forEach(500) { counts[$0].add() }
            #expect(counts.allSatisfy { $0.value == round })
        }
    }

    @Test(arguments: [1, 2, 3, 64])
    func barriersPartThePhases(threads: Int) throws {
        let pool = try WorkerPool(threads: threads)
        let phase = Counter()
        let broken = Counter()
        let rounds = threads > 8 ? 20 : 500
        pool.run { lane in
            for round in 0..<rounds {
                phase.add()
                lane.barrier()
                if phase.value != (round + 1) * lane.count { broken.add() }
                lane.barrier()
                lane.forEach(7) { _ in phase.add(0) }
            }
        }
        #expect(broken.value == 0)
        #expect(phase.value == rounds * threads)
    }

    @Test(arguments: [1, 2, 5])
    func sharesCoverEverythingOnce(threads: Int) throws {
        let pool = try WorkerPool(threads: threads)
        for n in [0, 1, 2, 7, 100] {
            let counts = (0..<n).map { _ in Counter() }
            pool.run { lane in for index in lane.share(of: n) { counts[index].add() } }
            #expect(counts.allSatisfy { $0.value == 1 })
        }
    }

    @Test func poolsComeAndGo() throws {
        for _ in 0..<50 {
            let pool = try WorkerPool(threads: 4)
            let runs = Counter()
            pool.run { _ in runs.add() }
            #expect(runs.value == 4)
        }
    }

    private final class Counter: Sendable {
        private let count = Atomic<Int>(0)
        func add(_ amount: Int = 1) { count.add(amount, ordering: .relaxed) }
        var value: Int { count.load(ordering: .relaxed) }
    }
}

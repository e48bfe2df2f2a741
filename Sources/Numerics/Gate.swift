// Where threads wait for each other: spin first, then sleep.
//
// Between two steps of a batch a lane waits less than a system call takes, so it looks at the word
// for some microseconds before it sleeps on it. Whoever advances the word makes a system call only
// when somebody sleeps. Invariant: `sleepers` is raised before the last look at the word, so an
// advance is either seen by that look or sees the sleeper.

internal import CKernels
internal import Synchronization
internal import Syscalls

/// A number that only grows, and threads that wait for it to.
final class Signal: Sendable {
    private let word = Futex()
    private let sleepers = Atomic<Int>(0)
    private let spins: Int

    init(spins: Int) { self.spins = spins }

    var value: UInt32 { word.value }

    func advance() {
        word.add(1)
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        if sleepers.load(ordering: .relaxed) > 0 { word.wakeAll() }
    }

    func wait(whileStill old: UInt32) {
        for _ in 0..<spins {
            if word.value != old { return }
            tf_pause()
        }
        sleepers.add(1, ordering: .sequentiallyConsistent)
        while word.value == old { word.wait(while: old) }
        sleepers.subtract(1, ordering: .relaxed)
    }
}

/// A barrier of a fixed number of lanes, used over and over.
final class Gate: Sendable {
    private let lanes: Int
    private let arrived = Atomic<Int>(0)
    private let opened: Signal

    init(lanes: Int, spins: Int) {
        self.lanes = lanes
        opened = Signal(spins: spins)
    }

    /// Returns once every lane has called it. What any lane wrote before, all see after.
    /// - Parameter last: run by the lane that comes last, before the others go on.
    func pass(last: () -> Void = {}) {
        if lanes == 1 { return last() }
        let phase = opened.value
        if arrived.add(1, ordering: .acquiringAndReleasing).newValue == lanes {
            arrived.store(0, ordering: .relaxed)
            last()
            opened.advance()
        } else {
            opened.wait(whileStill: phase)
        }
    }
}

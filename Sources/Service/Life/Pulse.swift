// Signs of life of one thread: for the watchdog, and for whoever waits for its end.
//
// A thread that has work beats; one that has none rests. Reading costs the thread nothing.

internal import Synchronization
internal import Syscalls

package final class Pulse: Sendable {
    private let beats = Atomic<UInt64>(0)
    private let isResting = Atomic(true)
    private let ended = Futex()

    package init() {}

    package func beat() {
        isResting.store(false, ordering: .relaxed)
        beats.wrappingAdd(1, ordering: .relaxed)
    }

    package func rest() { isResting.store(true, ordering: .relaxed) }

    /// The thread's last act.
    func end() {
        ended.store(1)
        ended.wakeAll()
    }

    /// Waits for the thread's last act, at most so long.
    func waitForEnd(nanoseconds: UInt64) {
        let limit = MonotonicClock.now.advanced(by: nanoseconds)
        while ended.value == 0, MonotonicClock.now < limit {
            ended.wait(while: 0, nanoseconds: limit.since(MonotonicClock.now))
        }
    }

    /// nil while resting; otherwise a number that changes as long as the thread moves.
    package var reading: UInt64? {
        isResting.load(ordering: .relaxed) ? nil : beats.load(ordering: .relaxed)
    }
}

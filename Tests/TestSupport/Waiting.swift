// Waiting for what other threads do, but not for ever.

internal import Synchronization
internal import Syscalls

/// Looks again every millisecond until it holds.
/// - Returns: false when it still does not hold after so many seconds.
package func eventually(seconds: Int = 60, _ holds: () throws -> Bool) rethrows -> Bool {
    let limit = MonotonicClock.now.advanced(by: .seconds(seconds))
    while try !holds() {
        guard MonotonicClock.now < limit else { return false }
        MonotonicClock.sleep(nanoseconds: 1_000_000)
    }
    return true
}

/// A flag that one thread raises and another sees.
package final class EventFlag: Sendable {
    private let flag = Atomic<Bool>(false)

    package init() {}

    package var isRaised: Bool { flag.load(ordering: .acquiring) }
    package func raise() { flag.store(true, ordering: .releasing) }
}

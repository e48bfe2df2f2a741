// The kernel's event sources for one thread that waits for all of them at once: epoll, and the
// counter, the timer and the signals as descriptors.
//
// Invariant: each entry of the set carries a 64-bit key of the caller's, never a pointer, so a late
// event of a closed connection is only a key that nobody knows any more.

internal import CLinux
internal import Glibc

package struct EventSet: ~Copyable, Sendable {
    package struct Interest: OptionSet, Sendable, Hashable {
        package let rawValue: UInt32
        package init(rawValue: UInt32) { self.rawValue = rawValue }
        package static let readable = Interest(rawValue: UInt32(EPOLLIN.rawValue))
        package static let writable = Interest(rawValue: UInt32(EPOLLOUT.rawValue))
        /// The peer closed its writing side.
        package static let halfClosed = Interest(rawValue: UInt32(EPOLLRDHUP.rawValue))
        /// Both sides are closed; reported unasked.
        package static let hangUp = Interest(rawValue: UInt32(EPOLLHUP.rawValue))
        /// Reported unasked.
        package static let failure = Interest(rawValue: UInt32(EPOLLERR.rawValue))
    }

    package struct Event: Sendable {
        package let key: UInt64
        package let ready: Interest
    }

    private let descriptor: Descriptor
    /// Where the kernel writes events; as many are handled between two waits. One thread waits.
    private nonisolated(unsafe) let room: UnsafeMutableBufferPointer<epoll_event>

    package init(eventsAtOnce: Int = 256) throws(Errno) {
        let number = try checked("epoll_create1") { epoll_create1(Int32(EPOLL_CLOEXEC)) }
        descriptor = Descriptor(adopting: number)
        room = .allocate(capacity: eventsAtOnce)
        room.initialize(repeating: epoll_event())
    }

    deinit { room.deallocate() }

    package func add(_ number: Int32, key: UInt64, interest: Interest) throws(Errno) {
        try control(EPOLL_CTL_ADD, number, key, interest)
    }

    package func change(_ number: Int32, key: UInt64, interest: Interest) throws(Errno) {
        try control(EPOLL_CTL_MOD, number, key, interest)
    }

    package func remove(_ number: Int32) throws(Errno) {
        try control(EPOLL_CTL_DEL, number, 0, [])
    }

    private func control(
        _ operation: Int32, _ number: Int32, _ key: UInt64, _ interest: Interest
    ) throws(Errno) {
        var event = epoll_event(events: interest.rawValue, data: epoll_data_t(u64: key))
        try perform("epoll_ctl") { epoll_ctl(descriptor.number, operation, number, &event) }
    }

    /// Waits for events and appends them to `events`, which is emptied first.
    /// - Parameter milliseconds: -1 waits for ever.
    package func wait(into events: inout [Event], milliseconds: Int32) throws(Errno) {
        events.removeAll(keepingCapacity: true)
        let count = try checked("epoll_wait") {
            epoll_wait(descriptor.number, room.baseAddress, Int32(room.count), milliseconds)
        }
        for event in room.prefix(Int(count)) {
            events.append(Event(key: event.data.u64, ready: Interest(rawValue: event.events)))
        }
    }
}

/// A counter that one thread raises and another waits for: an eventfd.
package struct EventCounter: ~Copyable, Sendable {
    private let descriptor: Descriptor
    package var number: Int32 { descriptor.number }

    package init() throws(Errno) {
        let flags = Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK)
        descriptor = Descriptor(adopting: try checked("eventfd") { eventfd(0, flags) })
    }

    package func raise() { _ = eventfd_write(descriptor.number, 1) }

    /// Sets it to zero; it is no error when it was.
    package func clear() {
        var value: eventfd_t = 0
        _ = eventfd_read(descriptor.number, &value)
    }
}

/// One alarm on the monotonic clock: a timerfd.
package struct AlarmClock: ~Copyable, Sendable {
    private let descriptor: Descriptor
    package var number: Int32 { descriptor.number }

    package init() throws(Errno) {
        let flags = Int32(TFD_CLOEXEC) | Int32(TFD_NONBLOCK)
        let clock = CLOCK_MONOTONIC
        descriptor = Descriptor(
            adopting: try checked("timerfd_create") { timerfd_create(clock, flags) })
    }

    /// Rings once at that instant, at once when it is past; `distantFuture` means never.
    package func set(_ instant: MonotonicClock.Instant) {
        var setting = itimerspec()
        if instant != .distantFuture {
            // Zero would disarm it.
            let nanoseconds = max(1, instant.nanoseconds)
            setting.it_value = timespec(
                tv_sec: Int(clamping: nanoseconds / 1_000_000_000),
                tv_nsec: Int(nanoseconds % 1_000_000_000))
        }
        timerfd_settime(descriptor.number, Int32(TFD_TIMER_ABSTIME), &setting, nil)
    }

    /// Takes note that it rang.
    package func clear() {
        var expirations: UInt64 = 0
        _ = Glibc.read(descriptor.number, &expirations, 8)
    }
}

/// Signals as things to read: they are blocked in every thread started afterwards, and as before in
/// the thread that ends the queue.
package struct SignalQueue: ~Copyable, Sendable {
    package enum Signal: Int32, Sendable, CaseIterable {
        case hangUp = 1
        case interrupt = 2
        case terminate = 15
    }

    private let descriptor: Descriptor
    /// What was blocked before.
    private let mask: sigset_t
    package var number: Int32 { descriptor.number }

    /// Call it on the main thread before any other starts.
    package init(_ signals: [Signal]) throws(Errno) {
        var set: sigset_t
        (set, mask) = Self.block(signals)
        let flags = Int32(SFD_CLOEXEC) | Int32(SFD_NONBLOCK)
        descriptor = Descriptor(adopting: try checked("signalfd") { signalfd(-1, &set, flags) })
    }

    /// From now on these signals wait, until a queue of them is made and asked.
    package static func hold(_ signals: [Signal]) { _ = block(signals) }

    private static func block(_ signals: [Signal]) -> (set: sigset_t, before: sigset_t) {
        var (set, before) = (sigset_t(), sigset_t())
        sigemptyset(&set)
        for signal in signals { sigaddset(&set, signal.rawValue) }
        pthread_sigmask(SIG_BLOCK, &set, &before)
        return (set, before)
    }

    deinit {
        var mask = mask
        pthread_sigmask(SIG_SETMASK, &mask, nil)
    }

    /// The next signal that has come; nil when there is none.
    package func next() -> Signal? {
        var entry = signalfd_siginfo()
        let count = Glibc.read(descriptor.number, &entry, MemoryLayout<signalfd_siginfo>.size)
        guard count == MemoryLayout<signalfd_siginfo>.size else { return nil }
        return Signal(rawValue: Int32(entry.ssi_signo))
    }
}

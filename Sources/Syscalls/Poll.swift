// Waiting for a handful of descriptors of any kind, also files and terminals, which an epoll set
// would refuse: for clients, whose few descriptors change with what they are doing.

internal import Glibc

/// A descriptor, what is awaited of it, and after the wait what it is ready for.
package struct PollEntry: Sendable {
    package let number: Int32
    package let toRead: Bool
    package let toWrite: Bool
    /// Data, an end, or an error: reading will not block.
    package fileprivate(set) var isReadable = false
    package fileprivate(set) var isWritable = false

    package init(_ number: Int32, toRead: Bool = false, toWrite: Bool = false) {
        self.number = number
        self.toRead = toRead
        self.toWrite = toWrite
    }
}

/// As below, for one.
package func waitForAny(_ entry: inout PollEntry, milliseconds: Int32) throws(Errno) {
    var entries = [entry]
    try waitForAny(&entries, milliseconds: milliseconds)
    entry = entries[0]
}

/// Waits until one of them is ready, or the time is over; an empty list is a sleep.
/// - Parameter milliseconds: -1 waits for ever.
package func waitForAny(_ entries: inout [PollEntry], milliseconds: Int32) throws(Errno) {
    var set = entries.map { entry in
        let events = (entry.toRead ? POLLIN : 0) | (entry.toWrite ? POLLOUT : 0)
        return pollfd(fd: entry.number, events: Int16(events), revents: 0)
    }
    try poll(&set, milliseconds)
    let ended = Int16(POLLHUP | POLLERR | POLLNVAL)
    for (index, seen) in set.enumerated() {
        let happened = seen.revents
        entries[index].isReadable = entries[index].toRead && happened & (Int16(POLLIN) | ended) != 0
        entries[index].isWritable =
            entries[index].toWrite && happened & (Int16(POLLOUT) | ended) != 0
    }
}

/// However often a signal interrupts it, it waits no longer than that.
private func poll(_ set: inout [pollfd], _ milliseconds: Int32) throws(Errno) {
    let limit = MonotonicClock.now.advanced(by: .milliseconds(Int64(max(0, milliseconds))))
    var rest = milliseconds
    while Glibc.poll(&set, nfds_t(set.count), rest) == -1 {
        let code = errno
        guard code == EINTR else { throw Errno(code, "poll") }
        guard milliseconds > 0 else { continue }
        let left = max(0, limit.since(MonotonicClock.now))
        rest = Int32(clamping: (left + 999_999) / 1_000_000)
    }
}

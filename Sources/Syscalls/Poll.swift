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

/// Waits until one of them is ready, or the time is over; an empty list is a sleep.
/// - Parameter milliseconds: -1 waits for ever.
package func waitForAny(_ entries: inout [PollEntry], milliseconds: Int32) throws(Errno) {
    var set = entries.map { entry in
        let events = (entry.toRead ? POLLIN : 0) | (entry.toWrite ? POLLOUT : 0)
        return pollfd(fd: entry.number, events: Int16(events), revents: 0)
    }
    try perform("poll") { poll(&set, nfds_t(set.count), milliseconds) }
    let ended = Int16(POLLHUP | POLLERR | POLLNVAL)
    for (index, seen) in set.enumerated() {
        let happened = seen.revents
        entries[index].isReadable = entries[index].toRead && happened & (Int16(POLLIN) | ended) != 0
        entries[index].isWritable =
            entries[index].toWrite && happened & (Int16(POLLOUT) | ended) != 0
    }
}

// Letters for the I/O thread, which sleeps in epoll: a list under a lock, and a counter that wakes.
//
// Invariant: a letter posted is read exactly once, in the order of posting by one thread. Posting
// never blocks on the reader.

internal import Synchronization
package import Syscalls

package final class Mailbox: Sendable {
    private let letters = Mutex<[Notice]>([])
    private let bell: EventCounter

    package init() throws(Errno) { bell = try EventCounter() }

    /// What to watch for readability.
    package var descriptor: Int32 { bell.number }

    package func post(_ notice: Notice) {
        let isFirst = letters.withLock { list in
            list.append(notice)
            return list.count == 1
        }
        if isFirst { bell.raise() }
    }

    /// Everything that has come.
    package func take() -> [Notice] {
        bell.clear()
        return letters.withLock { list in
            defer { list = [] }
            return list
        }
    }
}

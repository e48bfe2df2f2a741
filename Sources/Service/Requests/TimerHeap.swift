// Instants with something to do at each, earliest first.
//
// An entry cannot be taken out before its time; whoever pops one asks whether it still applies.
// Entries that no longer do are swept out now and then, so the heap stays within a few times what
// is alive.

internal import Syscalls

struct TimerHeap<Key: Sendable>: Sendable {
    private struct Entry: Comparable, Sendable {
        let at: Instant
        let key: Key

        static func < (left: Entry, right: Entry) -> Bool { left.at < right.at }
        static func == (left: Entry, right: Entry) -> Bool { left.at == right.at }
    }

    private var entries = Heap<Entry>()

    var first: Instant { entries.first?.at ?? .distantFuture }
    var count: Int { entries.count }

    mutating func push(_ at: Instant, _ key: Key) { entries.push(Entry(at: at, key: key)) }

    /// Drops the entries that no longer apply.
    mutating func sweep(_ isAlive: (Key) -> Bool) { entries.sweep { isAlive($0.key) } }

    /// The earliest entry that is due.
    mutating func pop(due now: Instant) -> Key? {
        guard let first = entries.first, first.at <= now else { return nil }
        entries.pop()
        return first.key
    }
}

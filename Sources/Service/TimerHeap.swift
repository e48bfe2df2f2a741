// Instants with something to do at each, earliest first: a binary heap.
//
// An entry cannot be taken out before its time; whoever pops one asks whether it still applies.
// Entries that no longer do are swept out now and then, so the heap stays within a few times what
// is alive.

internal import Syscalls

struct TimerHeap<Key: Sendable>: Sendable {
    private var entries: [(at: Instant, key: Key)] = []

    var first: Instant { entries.first?.at ?? .distantFuture }

    mutating func push(_ at: Instant, _ key: Key) {
        entries.append((at, key))
        var child = entries.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard entries[child].at < entries[parent].at else { break }
            entries.swapAt(child, parent)
            child = parent
        }
    }

    var count: Int { entries.count }

    /// Drops the entries that no longer apply.
    mutating func sweep(_ isAlive: (Key) -> Bool) {
        let kept = entries.filter { isAlive($0.key) }
        entries = []
        for entry in kept { push(entry.at, entry.key) }
    }

    /// The earliest entry that is due.
    mutating func pop(due now: Instant) -> Key? {
        guard let first = entries.first, first.at <= now else { return nil }
        let last = entries.removeLast()
        if !entries.isEmpty {
            entries[0] = last
            siftDown()
        }
        return first.key
    }

    private mutating func siftDown() {
        var parent = 0
        while true {
            var child = 2 * parent + 1
            guard child < entries.count else { return }
            if child + 1 < entries.count, entries[child + 1].at < entries[child].at { child += 1 }
            guard entries[child].at < entries[parent].at else { return }
            entries.swapAt(child, parent)
            parent = child
        }
    }
}

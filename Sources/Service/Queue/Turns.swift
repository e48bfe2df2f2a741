// Whose turn it is among those who share one thread, by what each has used of it.
//
// A member's turn is worth a slice. One that has used more, since what it does cannot be divided,
// owes the rest, and is passed over until it has paid: a slice each time that its turn comes. This
// is deficit round robin in the form that knows a cost only afterwards, surplus round robin. But
// one that comes anew goes before those who were served already, every other time:
//
//     newcomers  [e, f]        next: e, a, f, then b, unless it owes; and so on in a circle
//     circle     [a, b, c, d]
//
// One that has nothing more to do stays in the circle until its turn, so coming and going makes no
// newcomer of it, and pays no debt. Invariant: whoever has something to do, or owes something, is
// in exactly one line, but for the one that is served.

struct Turns<Key: Hashable & Sendable>: Sendable {
    private struct Member: Sendable {
        /// Things that it has to do.
        var tasks = 0
        /// What it has used beyond its turns; below zero: what is left of this one.
        var debt = 0
    }

    private let slice: Int
    private var members: [Key: Member] = [:]
    private var newcomers = Line<Key>()
    private var circle = Line<Key>()
    private var newcomerWasLast = false
    private var taskCount = 0

    /// - Parameter slice: what a turn is worth.
    init(slice: Int) { self.slice = slice }

    /// Nobody has anything to do.
    var isEmpty: Bool { taskCount == 0 }

    /// A member has one thing more to do.
    mutating func add(_ key: Key) {
        if members[key] == nil { newcomers.append(key) }
        members[key, default: Member()].tasks += 1
        taskCount += 1
    }

    /// Whose turn it is to do one thing. Say what it has used before asking again.
    mutating func next() -> Key? {
        guard taskCount > 0 else { return nil }
        while true {
            let isNewcomer = !newcomers.isEmpty && (circle.isEmpty || !newcomerWasLast)
            guard let key = isNewcomer ? newcomers.take() : circle.take() else { return nil }
            members[key]!.debt -= slice
            if members[key]!.debt >= 0 {
                newcomerWasLast = false
                circle.append(key)
            } else if members[key]!.tasks == 0 {
                members[key] = nil
            } else {
                newcomerWasLast = isNewcomer
                members[key]!.tasks -= 1
                taskCount -= 1
                return key
            }
        }
    }

    /// The turn is over. If there is more to do, say so first.
    mutating func end(_ key: Key, used: Int) {
        guard taskCount > 0 else {
            // Nobody waits, so nobody is ahead of anybody.
            members.removeAll(keepingCapacity: true)
            circle.removeAll()
            newcomerWasLast = false
            return
        }
        members[key]!.debt = max(0, members[key]!.debt + used)
        circle.append(key)
    }
}

/// First come, first gone; each step constant, taken over time.
struct Line<Element: Sendable>: Sendable {
    private var elements: [Element] = []
    private var start = 0

    var isEmpty: Bool { start == elements.count }

    mutating func append(_ element: Element) { elements.append(element) }

    mutating func take() -> Element? {
        guard start < elements.count else { return nil }
        defer {
            start += 1
            if 2 * start >= elements.count {
                elements.removeFirst(start)
                start = 0
            }
        }
        return elements[start]
    }

    mutating func removeAll() {
        elements.removeAll(keepingCapacity: true)
        start = 0
    }
}

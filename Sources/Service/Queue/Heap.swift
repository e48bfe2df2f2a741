// A binary heap: the least element first, any number of them, each step logarithmic.
//
// Nothing can be taken out but the least; whoever has elements that no longer apply drops them when
// they come up. Equal elements come in any order.

struct Heap<Element: Comparable & Sendable>: Sendable {
    private var elements: [Element]

    /// Takes linear time.
    init(_ elements: [Element] = []) {
        self.elements = elements
        for parent in (0..<elements.count / 2).reversed() { siftDown(parent) }
    }

    var count: Int { elements.count }
    var first: Element? { elements.first }

    mutating func push(_ element: Element) {
        elements.append(element)
        var child = elements.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard elements[child] < elements[parent] else { break }
            elements.swapAt(child, parent)
            child = parent
        }
    }

    @discardableResult
    mutating func pop() -> Element? {
        guard let last = elements.popLast() else { return nil }
        guard let first = elements.first else { return last }
        elements[0] = last
        siftDown(0)
        return first
    }

    /// Drops the elements that no longer apply.
    mutating func sweep(_ isAlive: (Element) -> Bool) { self = Heap(elements.filter(isAlive)) }

    private mutating func siftDown(_ start: Int) {
        var parent = start
        while true {
            var child = 2 * parent + 1
            guard child < elements.count else { return }
            if child + 1 < elements.count, elements[child + 1] < elements[child] { child += 1 }
            guard elements[child] < elements[parent] else { return }
            elements.swapAt(child, parent)
            parent = child
        }
    }
}

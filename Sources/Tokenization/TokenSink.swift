// Where staged tokens go: as many as the policy keeps, all of them counted.
//
// With head and tail the tail is a ring at the end of the buffer, put in order by `finish`, so no
// more than the limit is ever stored. `capacity` leaves out the special tokens, which stand before
// `base` and are added after the end by the caller.

struct TokenSink {
    private let policy: TruncationPolicy
    private let capacity: Int
    private let countAll: Bool
    private let base: Int
    /// Tokens of the text so far, kept or not.
    private(set) var total = 0

    /// - Parameter base: How many tokens the buffer has before the first of the text.
    init(policy: TruncationPolicy, capacity: Int, countAll: Bool, base: Int) {
        self.policy = policy
        self.capacity = policy == .none ? Int.max : capacity
        self.countAll = countAll || policy != .head
        self.base = base
    }

    var overflowed: Bool { total > capacity }

    /// Takes `count` tokens; returns whether it wants more.
    mutating func take(_ staged: Scratch, count: Int, into buffer: inout TokenBuffer) -> Bool {
        let kept = min(count, capacity - min(total, capacity))
        buffer.ids.append(contentsOf: UnsafeBufferPointer(start: staged.ids, count: kept))
        buffer.starts.append(contentsOf: UnsafeBufferPointer(start: staged.starts, count: kept))
        buffer.ends.append(contentsOf: UnsafeBufferPointer(start: staged.ends, count: kept))
        if case .headAndTail(let head) = policy {
            for i in kept..<count { replaceOldest(head, total + i, staged, i, in: &buffer) }
        }
        total += count
        return countAll || !overflowed
    }

    /// Puts token number `number` of the text in the place of the oldest of the tail.
    private func replaceOldest(
        _ head: Int, _ number: Int, _ staged: Scratch, _ i: Int, in buffer: inout TokenBuffer
    ) {
        let head = min(max(head, 0), capacity)
        guard head < capacity else { return }
        let place = base + head + (number - head) % (capacity - head)
        buffer.ids[place] = staged.ids[i]
        buffer.starts[place] = staged.starts[i]
        buffer.ends[place] = staged.ends[i]
    }

    /// Puts the tail into the order of the text.
    func finish(_ buffer: inout TokenBuffer) {
        guard case .headAndTail(let head) = policy, overflowed else { return }
        let tail = base + min(max(head, 0), capacity)..<base + capacity
        guard !tail.isEmpty else { return }
        let oldest = (total - (tail.lowerBound - base)) % tail.count
        Self.rotate(&buffer.ids, tail, by: oldest)
        Self.rotate(&buffer.starts, tail, by: oldest)
        Self.rotate(&buffer.ends, tail, by: oldest)
    }

    /// Makes element `shift` of the range its first, by three reversals.
    private static func rotate(_ values: inout [UInt32], _ range: Range<Int>, by shift: Int) {
        let middle = range.lowerBound + shift
        values[range.lowerBound..<middle].reverse()
        values[middle..<range.upperBound].reverse()
        values[range].reverse()
    }
}

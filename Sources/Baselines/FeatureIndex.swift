// From an n-gram's name to its column: an open-addressed table, grown while training reads.
//
// Linear probing at most two thirds full; a slot is a name and a column. Names are avalanched
// already, so their low bits are the slot.

struct FeatureIndex {
    private(set) var count = 0
    private var names: [UInt64]
    private var columns: [UInt32]
    private var mask: Int

    init(capacity: Int = 1 << 16) {
        precondition(capacity & (capacity - 1) == 0, "a power of two")
        names = Array(repeating: 0, count: capacity)
        columns = Array(repeating: 0, count: capacity)
        mask = capacity - 1
    }

    /// The column of a name, a new one if it was not seen before.
    mutating func insert(_ name: UInt64) -> UInt32 {
        var slot = Int(truncatingIfNeeded: name) & mask
        while names[slot] != name {
            if names[slot] == 0 { return add(name, slot) }
            slot = (slot + 1) & mask
        }
        return columns[slot]
    }

    /// Names by column.
    func namesByColumn() -> [UInt64] {
        var ordered = Array(repeating: UInt64(0), count: count)
        for slot in names.indices where names[slot] != 0 {
            ordered[Int(columns[slot])] = names[slot]
        }
        return ordered
    }

    private mutating func add(_ name: UInt64, _ slot: Int) -> UInt32 {
        let column = UInt32(count)
        names[slot] = name
        columns[slot] = column
        count += 1
        if 3 * count > 2 * names.count { grow() }
        return column
    }

    private mutating func grow() {
        var larger = FeatureIndex(capacity: 2 * names.count)
        for slot in names.indices where names[slot] != 0 {
            var target = Int(truncatingIfNeeded: names[slot]) & larger.mask
            while larger.names[target] != 0 { target = (target + 1) & larger.mask }
            larger.names[target] = names[slot]
            larger.columns[target] = columns[slot]
        }
        larger.count = count
        self = larger
    }
}

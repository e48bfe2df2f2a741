// Which n-grams a text has shown already: a set that is emptied in no time.
//
// Open addressing, at most half full. A slot counts only if it bears the stamp of this round, so
// beginning a round is one addition.

struct NameSet {
    private var names: [UInt64] = []
    private var stamps: [UInt32] = []
    private var stamp: UInt32 = 0

    /// Empties the set and makes room.
    mutating func begin(atMost count: Int) {
        if names.count < 2 * count || stamp == .max {
            var capacity = 1024
            while capacity < 2 * count { capacity *= 2 }
            names = Array(repeating: 0, count: capacity)
            stamps = Array(repeating: 0, count: capacity)
            stamp = 0
        }
        stamp += 1
    }

    /// False where the name is in the set already.
    mutating func insert(_ name: UInt64) -> Bool {
        let mask = names.count - 1
        var slot = Int(truncatingIfNeeded: name >> 32) & mask
        while stamps[slot] == stamp {
            if names[slot] == name { return false }
            slot = (slot + 1) & mask
        }
        stamps[slot] = stamp
        names[slot] = name
        return true
    }
}

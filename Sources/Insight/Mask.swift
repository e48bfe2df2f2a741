// Which features of a text are kept: one bit a feature.
//
// Invariant: bits past `count` are zero, so equality, hashing and `keptCount` need no care. The
// removed-feature convention of LIME is its complement: a mask says what stays.

/// A subset of S features, bit i set where feature i is kept.
package struct Mask: Sendable, Hashable {
    package let count: Int
    private var words: [UInt64]

    /// All S features kept, or none.
    package init(count: Int, keeping all: Bool) {
        self.count = count
        words = Array(repeating: all ? ~0 : 0, count: (count + 63) / 64)
        clearTail()
    }

    /// The subset that the low S bits of `bits` name; S is at most 64.
    package init(count: Int, bits: UInt64) {
        precondition(count <= 64, "a one-word mask has at most 64 features")
        self.count = count
        words = count == 0 ? [] : [bits]
        clearTail()
    }

    package subscript(feature: Int) -> Bool {
        get { words[feature >> 6] >> UInt64(feature & 63) & 1 == 1 }
        set {
            let bit = UInt64(1) << UInt64(feature & 63)
            if newValue { words[feature >> 6] |= bit } else { words[feature >> 6] &= ~bit }
        }
    }

    package var keptCount: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }

    /// The features that are kept, in ascending order.
    package var kept: [Int] {
        var kept: [Int] = []
        kept.reserveCapacity(keptCount)
        for (index, word) in words.enumerated() {
            var left = word
            while left != 0 {
                kept.append(index << 6 + left.trailingZeroBitCount)
                left &= left - 1
            }
        }
        return kept
    }

    package var complement: Mask {
        var mask = self
        for index in words.indices { mask.words[index] = ~words[index] }
        mask.clearTail()
        return mask
    }

    private mutating func clearTail() {
        guard count % 64 != 0, !words.isEmpty else { return }
        words[words.count - 1] &= (1 << UInt64(count % 64)) - 1
    }
}

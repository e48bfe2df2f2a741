// Seeded randomness that is the same on every machine and in every release.
//
// SplitMix64 (Steele, Lea, Flood 2014): 64 bits of state, passes BigCrush. It is for sampling, not
// for secrets.

package struct RandomSource: RandomNumberGenerator, Sendable {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var bits = state
        bits = (bits ^ bits >> 30) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ bits >> 27) &* 0x94D0_49BB_1331_11EB
        return bits ^ bits >> 31
    }

    /// Uniform on 0..<bound, without bias (Lemire 2019: multiply, reject the short remainder).
    package mutating func below(_ bound: Int) -> Int {
        let range = UInt64(bound)
        var product = next().multipliedFullWidth(by: range)
        if product.low < range {
            let threshold = (0 &- range) % range
            while product.low < threshold { product = next().multipliedFullWidth(by: range) }
        }
        return Int(product.high)
    }

    /// Uniform on [0, 1), 53 bits.
    package mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// Fisher-Yates: every order equally likely.
    package mutating func shuffle<Element>(_ order: inout [Element]) {
        for last in order.indices.dropFirst().reversed() { order.swapAt(last, below(last + 1)) }
    }
}

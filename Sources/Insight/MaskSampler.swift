// Which variants of a text an explanation looks at: drawn from a distribution, or all of them.
//
// Invariant: `masks` are distinct, the first keeps everything; `draws` counts how often each was
// drawn. Draws come in pairs, a mask and its complement, which keeps the distribution of a sample
// and cuts the variance of the difference that a feature makes. Same seed, same masks, everywhere.

internal import Randomness

struct MaskSampler {
    let featureCount: Int
    private(set) var masks: [Mask] = []
    private(set) var draws: [Double] = []
    private var indices: [Mask: Int] = [:]
    private var random: RandomSource

    init(featureCount: Int, seed: UInt64) {
        self.featureCount = featureCount
        random = RandomSource(seed: seed)
        add(Mask(count: featureCount, keeping: true))
    }

    private mutating func add(_ mask: Mask, times: Double = 1) {
        if let known = indices[mask] {
            draws[known] += times
        } else {
            indices[mask] = masks.count
            masks.append(mask)
            draws.append(times)
        }
    }

    mutating func leaveOneOut() {
        for feature in 0..<featureCount {
            var mask = masks[0]
            mask[feature] = false
            add(mask)
        }
    }

    /// All 2^S masks, in an order whose beginnings are spread over them: an odd stride meets every
    /// number below a power of two once.
    mutating func enumerate() {
        let all = UInt64(1) << UInt64(featureCount)
        for step in 1..<max(1, all) {
            let removed = step &* Self.stride & (all - 1)
            add(Mask(count: featureCount, bits: all - 1 - removed))
        }
    }

    /// 2^64 over the golden ratio, odd.
    private static let stride: UInt64 = 0x9E37_79B9_7F4A_7C15

    /// `samples` rows, in pairs, beside the text itself (which the reference counts among them). A
    /// pair keeps the law: removed r is uniform on 1..<S and so is S - r; r = S (the empty text,
    /// whose complement would be the text itself) is paired with itself.
    mutating func drawLime(_ samples: Int) {
        guard featureCount > 0 else { return }
        for _ in 0..<max(1, samples / 2) {
            let removed = 1 + random.below(featureCount)
            let mask = random.subset(of: featureCount, size: removed).complement
            if removed == featureCount {
                add(mask, times: 2)
            } else {
                add(mask)
                add(mask.complement)
            }
        }
    }

    /// Sizes by Shapley's kernel, in complementary pairs; the two ends once, as constraints.
    mutating func drawShapley(_ samples: Int) {
        add(masks[0].complement)
        let sizes = ShapleyLaw.sizeDistribution(of: featureCount)
        for _ in 0..<max(1, samples / 2) {
            let point = random.unit()
            let size = 1 + (sizes.firstIndex { point < $0 } ?? sizes.count - 1)
            let mask = random.subset(of: featureCount, size: size)
            add(mask)
            add(mask.complement)
        }
    }
}

extension RandomSource {
    /// A uniformly random subset of `size` of the numbers 0..<count (Floyd 1987), as a mask.
    mutating func subset(of count: Int, size: Int) -> Mask {
        var mask = Mask(count: count, keeping: false)
        for limit in (count - size)..<count {
            let candidate = below(limit + 1)
            mask[mask[candidate] ? limit : candidate] = true
        }
        return mask
    }
}

// LIME's distribution over masks (Ribeiro 2016, as marcotcr/lime computes it), and Shapley's.
//
// A sample removes r of S features, r uniform on 1...S, the subset uniform among those of its size.
// With k = S - r kept, its distance to the text is the cosine distance of two 0/1 rows in per cent,
//     d(k) = 100 (1 - sqrt(k / S)),     weight(k) = exp(-d² / 1250)      (kernel width 25)
// Since both depend on k alone, a mask's total weight in infinitely many samples is
//     w(k) = weight(k) / (S · C(S, k))    for k < S.
// Shapley's kernel (Lundberg & Lee 2017) is (S - 1) / (C(S, k) · k · (S - k)) for 0 < k < S.

internal import func Glibc.exp

enum LimeLaw {
    static func weight(kept: Int, of count: Int) -> Double {
        let distance = 100 * (1 - (Double(kept) / Double(count)).squareRoot())
        return exp(-distance * distance / 1250)
    }

    /// The weight of one mask of that size in the infinite sample; 0 for the text itself.
    static func measure(kept: Int, of count: Int) -> Double {
        kept == count ? 0 : weight(kept: kept, of: count) / (Double(count) * binomial(count, kept))
    }
}

enum ShapleyLaw {
    /// The kernel's weight of one mask; the two ends are constraints, not samples: 0.
    static func measure(kept: Int, of count: Int) -> Double {
        guard kept > 0, kept < count else { return 0 }
        let pairs = Double(kept) * Double(count - kept)
        return Double(count - 1) / (binomial(count, kept) * pairs)
    }

    /// The chance of each size 1..<S, as cumulative sums to 1.
    static func sizeDistribution(of count: Int) -> [Double] {
        let weights = (1..<count).map { 1 / (Double($0) * Double(count - $0)) }
        let total = weights.reduce(0, +)
        var sum = 0.0
        return weights.map { weight in
            sum += weight / total
            return sum
        }
    }
}

/// C(n, k), exact as long as a Double holds it.
func binomial(_ n: Int, _ k: Int) -> Double {
    var product = 1.0
    for step in 0..<min(k, n - k) {
        product = product * Double(n - step) / Double(step + 1)
    }
    return product
}

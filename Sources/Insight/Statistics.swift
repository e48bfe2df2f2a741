// Intervals of shares and of draws, and the test of two classifiers on the same texts.
//
// Intervals of shares are Wilson's (1927) score intervals: unlike the textbook's, they stay inside
// 0...1 and hold their level for few texts.

internal import func Glibc.exp
internal import func Glibc.lgamma
internal import func Glibc.log

/// A figure and where it would lie in 95 of 100 files of this kind.
package struct Estimate: Sendable, Equatable {
    package let value: Double
    package let low: Double
    package let high: Double

    package init(value: Double, low: Double, high: Double) {
        self.value = value
        self.low = low
        self.high = high
    }
}

/// Wilson's interval of a share, 95 % unless told otherwise.
package func wilsonInterval(
    successes: Int, of total: Int, z: Double = 1.959963984540054
) -> ClosedRange<Double> {
    guard total > 0 else { return 0...1 }
    let n = Double(total)
    let share = Double(successes) / n
    let centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    let spread = share * (1 - share) / n + z * z / (4 * n * n)
    let half = z * spread.squareRoot() / (1 + z * z / n)
    // At the ends the interval reaches them: rounding must not leave a gap.
    let low = successes == 0 ? 0 : max(0, centre - half)
    return low...(successes == total ? 1 : min(1, centre + half))
}

/// McNemar's test of two classifiers, of which one alone is right `onlyFirst` times and the other
/// alone `onlySecond` times: could they be equally good? The two-sided binomial p, and its mid-p,
/// where the observed outcome counts half: the exact test is too conservative (Fagerland, Lydersen
/// and Laake 2013).
package func mcNemar(onlyFirst: Int, onlySecond: Int) -> (exact: Double, mid: Double) {
    let trials = onlyFirst + onlySecond
    guard trials > 0 else { return (1, 1) }
    let log2Total = Double(trials) * log(2.0)
    let least = min(onlyFirst, onlySecond)
    let tail = (0...least).reduce(0.0) { sum, k in
        sum + exp(logBinomial(trials, k) - log2Total)
    }
    let seen = exp(logBinomial(trials, least) - log2Total)
    return (min(1, 2 * tail), min(1, 2 * tail - seen))
}

private func logBinomial(_ n: Int, _ k: Int) -> Double {
    lgamma(Double(n + 1)) - lgamma(Double(k + 1)) - lgamma(Double(n - k + 1))
}

/// The middle 95 % of the draws; nil without any.
package func percentileInterval(_ draws: [Double]) -> ClosedRange<Double>? {
    guard !draws.isEmpty else { return nil }
    let sorted = draws.sorted()
    let cut = Int((0.025 * Double(sorted.count)).rounded(.down))
    return sorted[cut]...sorted[sorted.count - 1 - cut]
}

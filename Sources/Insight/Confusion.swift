// How often each label was given for each truth, and the rates that follow.
//
// Intervals are Wilson's (1927) score intervals: unlike the textbook's, they stay inside 0...1 and
// hold their level for few texts.

internal import func Glibc.exp
internal import func Glibc.lgamma
internal import func Glibc.log

package struct Confusion: Sendable, Equatable {
    package let labelCount: Int
    /// counts[truth][given]
    package private(set) var counts: [[Int]]

    package init(labelCount: Int) {
        self.labelCount = labelCount
        counts = Array(repeating: Array(repeating: 0, count: labelCount), count: labelCount)
    }

    package mutating func record(truth: Int, given: Int) { counts[truth][given] += 1 }

    package var total: Int { counts.reduce(0) { $0 + $1.reduce(0, +) } }

    package var rightCount: Int { counts.indices.reduce(0) { $0 + counts[$1][$1] } }

    /// NaN where there is no text.
    package var accuracy: Double { Double(rightCount) / Double(total) }

    /// The share of each label's texts that were given it; nil where the label has no text.
    package var recalls: [Double?] {
        counts.indices.map { label in
            let texts = counts[label].reduce(0, +)
            return texts == 0 ? nil : Double(counts[label][label]) / Double(texts)
        }
    }

    /// The mean of the recalls, of the labels that have texts.
    package var balancedAccuracy: Double {
        let known = recalls.compactMap(\.self)
        return known.reduce(0, +) / Double(known.count)
    }

    package func f1(of label: Int) -> Double? {
        let given = counts.reduce(0) { $0 + $1[label] }
        let real = counts[label].reduce(0, +)
        return given + real == 0 ? nil : 2 * Double(counts[label][label]) / Double(given + real)
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
    return max(0, centre - half)...min(1, centre + half)
}

/// McNemar's exact test: could two classifiers that disagree in truth `onlyFirst` and `onlySecond`
/// times be equally good? The two-sided binomial p.
package func mcNemar(onlyFirst: Int, onlySecond: Int) -> Double {
    let trials = onlyFirst + onlySecond
    guard trials > 0 else { return 1 }
    let log2Total = Double(trials) * log(2.0)
    let tail = (0...min(onlyFirst, onlySecond)).reduce(0.0) { sum, k in
        sum + exp(logBinomial(trials, k) - log2Total)
    }
    return min(1, 2 * tail)
}

private func logBinomial(_ n: Int, _ k: Int) -> Double {
    lgamma(Double(n + 1)) - lgamma(Double(k + 1)) - lgamma(Double(n - k + 1))
}

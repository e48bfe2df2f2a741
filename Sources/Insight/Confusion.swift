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

    /// Of predictions with a probability for each label.
    package init(_ predictions: [Prediction]) {
        self.init(labelCount: predictions.first?.probabilities.count ?? 0)
        for each in predictions { record(truth: each.truth, given: each.label) }
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

    /// With the interval that the recalls' own intervals give together, as independent shares:
    /// their distances to the values, added by squares.
    var balancedAccuracyEstimate: Estimate {
        let value = balancedAccuracy
        var (below, above, known) = (0.0, 0.0, 0.0)
        for (label, row) in counts.enumerated() {
            let texts = row.reduce(0, +)
            guard texts > 0 else { continue }
            let recall = Double(row[label]) / Double(texts)
            let interval = wilsonInterval(successes: row[label], of: texts)
            below += (recall - interval.lowerBound) * (recall - interval.lowerBound)
            above += (interval.upperBound - recall) * (interval.upperBound - recall)
            known += 1
        }
        return Estimate(
            value: value, low: value - below.squareRoot() / known,
            high: value + above.squareRoot() / known)
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
    // At the ends the interval reaches them: rounding must not leave a gap.
    let low = successes == 0 ? 0 : max(0, centre - half)
    return low...(successes == total ? 1 : min(1, centre + half))
}

/// McNemar's test: of two classifiers one alone is right `onlyFirst` times, the other alone
/// `onlySecond` times; could they be equally good? The two-sided binomial p, and its mid-p, where
/// what was seen counts half: the exact test is too careful (Fagerland, Lydersen and Laake 2013).
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

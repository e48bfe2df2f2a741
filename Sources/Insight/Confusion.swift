// How often each label was given for each truth, and the rates that follow.

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

    /// The mean of the F1 of all labels that a text has or was given.
    package var macroF1: Double {
        let known = counts.indices.compactMap(f1)
        return known.reduce(0, +) / Double(known.count)
    }

    package func f1(of label: Int) -> Double? {
        let given = counts.reduce(0) { $0 + $1[label] }
        let real = counts[label].reduce(0, +)
        return given + real == 0 ? nil : 2 * Double(counts[label][label]) / Double(given + real)
    }
}

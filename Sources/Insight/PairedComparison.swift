// Two classifiers on the same texts: what one gets right and the other does not.
//
// Everything is paired: texts that both get right or both get wrong say nothing about which is
// better, so McNemar's test looks at the others alone, and the interval of the difference (Newcombe
// 1998, method 10) is made of both accuracies' Wilson intervals and of how the answers go together.

package struct PairedComparison: Sendable, Equatable {
    package private(set) var bothRight = 0
    package private(set) var onlyFirst = 0
    package private(set) var onlySecond = 0
    package private(set) var bothWrong = 0

    package init() {}

    package mutating func record(firstIsRight: Bool, secondIsRight: Bool) {
        switch (firstIsRight, secondIsRight) {
        case (true, true): bothRight += 1
        case (true, false): onlyFirst += 1
        case (false, true): onlySecond += 1
        case (false, false): bothWrong += 1
        }
    }

    package var total: Int { bothRight + onlyFirst + onlySecond + bothWrong }

    /// Could both be equally good? McNemar's two-sided p, and its mid-p.
    package var p: (exact: Double, mid: Double) {
        mcNemar(onlyFirst: onlyFirst, onlySecond: onlySecond)
    }

    /// How much more often the second is right.
    package var difference: Estimate {
        guard total > 0 else { return Estimate(value: 0, low: -1, high: 1) }
        let first = reach(bothRight + onlyFirst)
        let second = reach(bothRight + onlySecond)
        let value = Double(onlySecond - onlyFirst) / Double(total)
        func joined(_ a: Double, _ b: Double) -> Double {
            max(0, a * a - 2 * association * a * b + b * b).squareRoot()
        }
        return Estimate(
            value: value, low: max(-1, value - joined(second.below, first.above)),
            high: min(1, value + joined(first.below, second.above)))
    }

    /// How far the interval of a share goes to both sides.
    private func reach(_ right: Int) -> (below: Double, above: Double) {
        let interval = wilsonInterval(successes: right, of: total)
        let share = Double(right) / Double(total)
        return (share - interval.lowerBound, interval.upperBound - share)
    }

    /// φ of the four counts, with Newcombe's correction for continuity where it is positive.
    private var association: Double {
        let (a, b) = (Double(bothRight), Double(onlyFirst))
        let (c, d) = (Double(onlySecond), Double(bothWrong))
        let margins = (a + b) * (c + d) * (a + c) * (b + d)
        guard margins > 0 else { return 0 }
        let product = a * d - b * c
        let corrected = product > 0 ? max(0, product - Double(total) / 2) : product
        return corrected / margins.squareRoot()
    }
}

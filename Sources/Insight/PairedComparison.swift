// Two classifiers on the same texts: what one gets right and the other does not.
//
// Everything is paired: texts that both get right or both get wrong say nothing about which is
// better, so McNemar's test looks at the others alone, and the interval of the difference comes
// from drawing whole texts, with both answers, anew (bootstrap, seeded).

internal import Randomness

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

    /// Could both be equally good? McNemar's exact two-sided p.
    package var p: Double { mcNemar(onlyFirst: onlyFirst, onlySecond: onlySecond) }

    /// How much more often the second is right, with its bootstrap interval.
    package func difference(resamples: Int = 1000, seed: UInt64 = 0) -> Estimate {
        let count = Double(max(1, total))
        let value = Double(onlySecond - onlyFirst) / count
        var random = RandomSource(seed: seed)
        let draws = (0..<resamples).map { _ in
            var sum = 0
            for _ in 0..<total {
                let text = random.below(total)
                if text < onlyFirst { sum -= 1 } else if text < onlyFirst + onlySecond { sum += 1 }
            }
            return Double(sum) / count
        }
        let interval = percentileInterval(draws) ?? value...value
        return Estimate(value: value, low: interval.lowerBound, high: interval.upperBound)
    }
}

// Whether a measurement may be believed: was it steady, and was the generator on time?

internal import func Glibc.exp
internal import func Glibc.log

enum Verdict {
    /// Three windows must agree to within this.
    static let mostSpread = 0.10
    /// The generator's own lag, at p99, in nanoseconds.
    static let mostLag: UInt64 = 1_000_000

    /// How far the windows are apart: the larger of the spreads of their medians and of their rates
    /// (in an open loop, of the share that was answered), each as (max - min) / mean.
    static func spread(_ figures: LaneFigures, isOpen: Bool) -> Double {
        let medians = figures.windows.map { Double($0.latency.quantile(0.5)) }
        let rates = figures.windows.map { window in
            isOpen
                ? Double(window.answered) / Double(max(1, window.offered)) : Double(window.answered)
        }
        return max(spread(medians), spread(rates))
    }

    private static func spread(_ values: [Double]) -> Double {
        guard let least = values.min(), let most = values.max(), most > 0 else { return 0 }
        let mean = values.reduce(0, +) / Double(values.count)
        return (most - least) / mean
    }

    static func isSteady(_ figures: LaneFigures, isOpen: Bool) -> Bool {
        figures.windows.allSatisfy { $0.latency.count > 0 }
            && spread(figures, isOpen: isOpen) <= mostSpread
    }

    static func isOnTime(_ figures: LaneFigures) -> Bool {
        figures.lag.count == 0 || figures.lag.quantile(0.99) <= mostLag
    }
}

extension ValueHistogram {
    /// A value that the true quantile does not pass, with that confidence, whatever the
    /// distribution: the order statistic whose rank the binomial law gives.
    /// - Returns: nil: too few values to say.
    func upperBound(ofQuantile share: Double, confidence: Double = 0.99) -> UInt64? {
        guard count > 0, share > 0, share < 1 else { return nil }
        // Values above the true quantile are Binomial(count, 1 - share): find the largest j with
        // P(X <= j) <= 1 - confidence; the bound is the value of rank count - j.
        let odds = (1 - share) / share
        var logTerm = Double(count) * log(share)  // log P(X = 0)
        var sum = 0.0
        var above: UInt64 = 0
        while above < count {
            sum += exp(logTerm)
            if sum > 1 - confidence { break }
            logTerm += log(Double(count - above) / Double(above + 1) * odds)
            above += 1
        }
        return above == 0 ? nil : rank(count - above + 1)
    }
}

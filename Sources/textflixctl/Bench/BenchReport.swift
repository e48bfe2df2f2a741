// A finished run with all that a reader needs to judge and repeat it, and its figures by name.

import TextflixProtocol

struct BenchReport: Sendable {
    static let quantiles: [(name: String, share: Double)] = [
        ("p50", 0.5), ("p75", 0.75), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99), ("p99.9", 0.999),
        ("p99.99", 0.9999),
    ]

    let plan: BenchPlan
    let run: RunFigures
    let host: HostFacts
    let daemon: StatusResponse
    let path: String
    /// Seconds since 1970.
    let finishedAt: Int64

    func isOpen(_ lane: Int) -> Bool { plan.lanes[lane].arrivals.rate != nil }
    func isSteady(_ lane: Int) -> Bool {
        Verdict.isSteady(run.lanes[lane], isOpen: isOpen(lane))
    }

    /// The generator kept its own times, so the latencies are the daemon's.
    var isOnTime: Bool { run.lanes.allSatisfy(Verdict.isOnTime) }

    /// Good answers a second.
    func rate(_ lane: Int) -> Double {
        perSecond(Double(run.lanes[lane].windows.reduce(0) { $0 + $1.answered }))
    }

    func offeredRate(_ lane: Int) -> Double { perSecond(Double(run.lanes[lane].offered)) }

    func textRate(_ lane: Int) -> Double { rate(lane) * Double(plan.lanes[lane].textsPerRequest) }

    func tokenRate(_ lane: Int) -> Double {
        perSecond(Double(run.lanes[lane].windows.reduce(0) { $0 + $1.tokens }))
    }

    /// A run that was stopped in its warm-up measured nothing.
    private func perSecond(_ count: Double) -> Double {
        run.measuredSeconds > 0 ? count / run.measuredSeconds : 0
    }

    /// A figure by the name that `--assert` and `--slo` use; times in nanoseconds.
    ///
    /// `p99`, `p99.9`, `mean`, `max`, `rate`, `offered`, `texts`, `tokens`, `errors`, `lag`,
    /// `steady`; of the second lane with its name before it: `bulk.rate`.
    func figure(_ name: String) -> Double? {
        var name = name[...]
        var lane = 0
        for (index, candidate) in plan.lanes.enumerated() where name.hasPrefix("\(candidate.name).")
        {
            lane = index
            name = name.dropFirst(candidate.name.count + 1)
        }
        let figures = run.lanes[lane]
        // Times are of good answers: without one there is nothing to hold a condition.
        let isMeasured = figures.latency.count > 0
        switch name {
        case "mean": return isMeasured ? figures.latency.mean : nil
        case "max": return isMeasured ? Double(figures.latency.largest) : nil
        case "rate": return rate(lane)
        case "offered": return offeredRate(lane)
        case "texts": return textRate(lane)
        case "tokens": return tokenRate(lane)
        case "errors": return Double(figures.errors + figures.failedTexts)
        case "lag": return Double(figures.lag.quantile(0.99))
        case "steady": return isSteady(lane) ? 1 : 0
        default:
            guard isMeasured, name.first == "p", let percent = Double(name.dropFirst()),
                percent > 0, percent <= 100
            else { return nil }
            return Double(figures.latency.quantile(percent / 100))
        }
    }
}

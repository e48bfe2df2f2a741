// The highest rate at which a condition holds: doubling until it breaks, then halving the gap.
//
//     rate   8 ok   16 ok   32 no   24 ok   28 no   26 ok   27 no  ->  26
//
// Pure: it says which rate to try, is told how that went, and says when it knows enough.

struct CapacitySearch: Sendable, Equatable {
    /// The answer is within this of the true one.
    static let precision = 0.03
    static let mostTrials = 20

    private(set) var holds: Double?
    private(set) var breaks: Double?
    private(set) var trials = 0
    private let first: Double

    /// - Parameter first: where to begin, above 0: a guess.
    init(first: Double) { self.first = first }

    /// The rate to try next; nil: it is known, or there is none.
    var next: Double? {
        guard trials < Self.mostTrials else { return nil }
        switch (holds, breaks) {
        case (nil, nil): return first
        case (let low?, nil): return low * 2
        case (nil, let high?): return high > first / 1024 ? high / 2 : nil
        case (let low?, let high?):
            return high - low > Self.precision * low ? (low + high) / 2 : nil
        }
    }

    mutating func note(_ rate: Double, held: Bool) {
        trials += 1
        if held { holds = max(holds ?? rate, rate) } else { breaks = min(breaks ?? rate, rate) }
    }
}

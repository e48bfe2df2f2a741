// What was measured of one lane.
//
// Invariant: every request that was scheduled in the measured time is counted once, under the code
// it ended with (those under way when Ctrl-C ends the run have none); the latencies of good answers
// count from the scheduled instant, so waiting that a slow daemon causes is never left out.

import TextflixProtocol

struct LaneFigures: Sendable {
    /// How a request ended that got no answer.
    enum Fate: Int, CaseIterable, Sendable {
        case noAnswer, connectionLost, notSent

        var name: String {
            switch self {
            case .noAnswer: "NO_ANSWER"
            case .connectionLost: "CONNECTION_LOST"
            case .notSent: "NOT_SENT"
            }
        }
    }

    /// One of the parts that the measured time is judged in.
    struct Window: Sendable {
        var offered = 0
        /// Good answers that came in it.
        var answered = 0
        var tokens: UInt64 = 0
        /// Of good answers to what was scheduled in it.
        var latency = ValueHistogram()
    }

    var windows = [Window](repeating: Window(), count: BenchPlan.windows)
    /// The parts of a good answer's latency: in the daemon's queue, in its engine, elsewhere.
    var queued = ValueHistogram()
    var computed = ValueHistogram()
    var elsewhere = ValueHistogram()
    /// Of answers that refuse: RESOURCE_EXHAUSTED, UNAVAILABLE, and DEADLINE_EXCEEDED before the
    /// deadline.
    var refusals = ValueHistogram()
    /// Accepted, and then not answered by the deadline.
    var expired = 0
    /// How late this program was itself.
    var lag = ValueHistogram()
    /// Tokens used by a text.
    var tokens = ValueHistogram()
    var batchTexts = ValueHistogram()
    /// By gRPC code, 0...16.
    private(set) var codes = [Int](repeating: 0, count: 17)
    private(set) var fates = [Int](repeating: 0, count: Fate.allCases.count)
    var failedTexts = 0

    mutating func count(code: Int32) {
        codes[codes.indices.contains(Int(code)) ? Int(code) : 2] += 1  // 2: UNKNOWN
    }

    mutating func count(_ fate: Fate) { fates[fate.rawValue] += 1 }

    var offered: Int { windows.reduce(0) { $0 + $1.offered } }
    var answered: Int { codes[0] }
    var errors: Int { codes.dropFirst().reduce(0, +) + fates.reduce(0, +) }

    var latency: ValueHistogram {
        windows.reduce(into: ValueHistogram()) { $0.add($1.latency) }
    }

    /// Errors by name, the frequent ones first.
    var errorCounts: [(name: String, count: Int)] {
        let byCode = codes.indices.dropFirst().map {
            (StatusCode(rawValue: Int32($0))?.name ?? "\($0)", codes[$0])
        }
        let byFate = Fate.allCases.map { ($0.name, fates[$0.rawValue]) }
        return (byCode + byFate).filter { $0.1 > 0 }.sorted { $0.1 > $1.1 }
    }
}

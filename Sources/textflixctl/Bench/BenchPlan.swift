// What a load test does, as values: everything that a second run needs to be the same.

import TextflixProtocol

/// The scenarios of MLPerf Inference by name, and what they set.
enum Scenario: String, CaseIterable, Sendable {
    /// One request at a time; judged by p90.
    case singleStream = "single-stream"
    /// Independent users at a rate; judged by the rate at which p99 holds.
    case server
    /// All work at once; judged by texts a second.
    case offline
}

/// One kind of traffic.
struct Lane: Sendable, Equatable {
    /// `interactive` or `bulk`.
    let name: String
    let arrivals: Arrivals
    let priority: Priority
    let textsPerRequest: Int
}

struct BenchPlan: Sendable, Equatable {
    var scenario: Scenario?
    /// The first is what the run is about; a second is traffic beside it.
    var lanes: [Lane]
    var connections: Int
    /// Connections that are held open and never used.
    var idleConnections = 0
    var warmUp: Duration
    var measured: Duration
    var seed: UInt64
    var timeout: Duration
    var model = ""
    /// Where the texts come from, for the report.
    var source = ""

    /// Measured time is judged in so many equal parts.
    static let windows = 3
}

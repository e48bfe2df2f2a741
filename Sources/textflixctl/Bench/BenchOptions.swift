// The options of `bench` and `bench compare`, and the plan that they come to.
//
//     --concurrency N            closed loop
//     --rate X                   open loop
//     --scenario single-stream   closed loop of 1
//     --scenario server          open loop, Poisson
//     --scenario offline         closed loop of 256, bulk priority
//
// What contradicts itself is an error, not a silent choice: a scenario fixes its kind of arrivals.

import CommandLineTable
import TextflixProtocol

enum BenchOptions {
    static let usualLengths = "16-256"

    static let scenario = Option("scenario", .choice(Scenario.self), "MLPerf's, by name")
    static let concurrency = Option(
        "concurrency", short: "c", .integer(1...100_000), "closed loop, N at a time (this, with 1)")
    static let rate = Option(
        "rate", short: "r", .decimal(0.001...10_000_000), "open loop, X requests a second")
    static let arrivals = Option(
        "arrivals", .choice(["poisson", "constant"]), default: "poisson", hidden: true,
        "of an open loop")
    static let bulk = Option(
        "bulk-concurrency", .integer(0...100_000), "bulk traffic beside it, N at a time")
    static let connections = Option(
        "connections", .integer(1...100_000), hidden: true,
        "connections to share, else one a request under way, at most 32")
    static let idle = Option(
        "idle", .integer(0...1_000_000), default: "0", hidden: true, "connections held, not used")
    static let duration = Option("duration", short: "d", .duration, default: "30s", "to measure")
    static let warmUp = Option("warm-up", .duration, default: "5s", "before that")
    static let perRequest = Option(
        "texts", .integer(1...1024), default: "1", hidden: true, "texts a request")
    static let tokens = Option(
        "tokens", .text("LENGTHS"), "made-up: 128, 32:3,512:1 or [\(usualLengths)]")
    static let seed = Option(
        "seed", .integer(0...Int.max), default: "1", hidden: true, "of arrivals and made-up texts")
    static let findCapacity = Option("find-capacity", "search the highest rate that meets --slo")
    static let slo = Option("slo", .text("LIMIT"), default: "p99=250ms", "what must hold there")
    static let assertion = Option(
        "assert", .text("LIMITS"), "p99<250ms,errors=0,steady; or exit with 1")
    static let out = Option("out", .file("FILE"), "the result as JSON")
    static let plot = Option("plot", .file("FILE"), "latency over percentile as SVG")
    static let file = Option(
        "file", .file("FILE"), "texts to send; --jsonl, --csv, --text-field as usual")
    static let jsonl = Option("jsonl", hidden: true, "the file holds one JSON object a line")
    static let csv = Option("csv", hidden: true, "the file is a table")
    static let textField = Option(
        "text-field", .text("FIELD"), default: "text", hidden: true, "the field that holds the text"
    )

    /// In the order of help: the load, its texts, the judgement, the results.
    static let all = [
        scenario, concurrency, rate, arrivals, bulk, connections, idle, duration, warmUp,
        perRequest,
        file, jsonl, csv, textField, tokens, Options.model, seed, findCapacity, slo, assertion, out,
        plot,
    ]

    /// What is to be run; where the texts come from is filled in when they have been read.
    static func plan(_ call: Invocation) throws(UsageError) -> BenchPlan {
        try checkTexts(call)
        let scenario = call.choice(Self.scenario, Scenario.self)
        let texts = call.integer(perRequest) ?? 1
        let main = Lane(
            name: scenario == .offline ? "bulk" : "interactive",
            arrivals: try arrivals(call, scenario),
            priority: scenario == .offline ? .bulk : .interactive, textsPerRequest: texts)
        var lanes = [main]
        if let count = call.integer(bulk), count > 0 {
            guard scenario != .offline else {
                throw call.complaint(
                    "--bulk-concurrency is for traffic beside interactive requests")
            }
            lanes.append(
                Lane(
                    name: "bulk", arrivals: .closed(concurrency: count), priority: .bulk,
                    textsPerRequest: texts))
        }
        return BenchPlan(
            scenario: scenario, lanes: lanes,
            connections: call.integer(connections) ?? connectionCount(lanes),
            idleConnections: call.integer(idle) ?? 0,
            warmUp: call.duration(warmUp) ?? .seconds(5),
            measured: max(.milliseconds(3), call.duration(duration) ?? .seconds(30)),
            seed: UInt64(call.integer(seed) ?? 1),
            timeout: call.duration(Options.timeout) ?? .seconds(10),
            model: call.text(Options.model) ?? "")
    }

    /// Texts are made up, or a file's.
    private static func checkTexts(_ call: Invocation) throws(UsageError) {
        if call.has(file) {
            guard !call.has(tokens) else {
                throw call.complaint("--file and --tokens exclude each other")
            }
        } else if let form = [jsonl, csv].first(where: call.has) {
            throw call.complaint("\(form.flag) is of a --file")
        }
        try TextCommands.checkForm(call)
    }

    private static func arrivals(
        _ call: Invocation, _ scenario: Scenario?
    ) throws(UsageError) -> Arrivals {
        let count = call.integer(concurrency)
        let rate = call.decimal(Self.rate)
        if count != nil, rate != nil {
            throw call.complaint("--concurrency and --rate exclude each other")
        }
        if call.has(findCapacity), count != nil || scenario == .singleStream || scenario == .offline
        {
            throw call.complaint("--find-capacity searches a rate: an open loop, scenario server")
        }
        switch scenario {
        case .singleStream:
            guard rate == nil, count ?? 1 == 1 else {
                throw call.complaint("single-stream is one request at a time")
            }
            return .closed(concurrency: 1)
        case .offline:
            guard rate == nil else { throw call.complaint("offline has no rate") }
            return .closed(concurrency: count ?? 256)
        case .server:
            guard count == nil else {
                throw call.complaint("server is an open loop: give a --rate")
            }
            guard rate != nil || call.has(findCapacity) else {
                throw call.complaint("server needs a --rate, or --find-capacity")
            }
        case nil: break
        }
        if call.has(findCapacity), rate != nil {
            throw call.complaint("--find-capacity searches the rate: --rate sets none")
        }
        guard let rate = rate ?? (call.has(findCapacity) ? 1 : nil) else {
            guard !call.has(Self.arrivals) else {
                throw call.complaint("--arrivals is of an open loop: give a --rate")
            }
            return .closed(concurrency: count ?? 1)
        }
        return call.text(Self.arrivals) == "constant" ? .constant(rate: rate) : .poisson(rate: rate)
    }

    /// One a request under way, as real clients would have; 8 stand for an open loop.
    private static func connectionCount(_ lanes: [Lane]) -> Int {
        let concurrent = lanes.reduce(0) { sum, lane in
            if case .closed(let count) = lane.arrivals { sum + count } else { sum + 8 }
        }
        return min(max(1, concurrent), 32)
    }
}

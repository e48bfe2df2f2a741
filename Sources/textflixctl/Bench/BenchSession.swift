// Runs against one daemon: a single one, or as many as it takes to find its capacity.

import CommandLineTable
import Presentation
import Syscalls
import TextRuns
import TextflixClient
import TextflixProtocol

struct BenchSession {
    private let client: Client
    private let texts: [[UInt8]]
    private let host = HostFacts.read()

    init(_ call: Invocation, texts: [[UInt8]]) throws(Failure) {
        client = try connect(call)
        self.texts = texts
        // Thousands of connections are more than the usual soft limit.
        _ = ThisProcess.raiseDescriptorLimit()
    }

    /// One run as planned.
    func measure(_ plan: BenchPlan, title: String = "") throws(Failure) -> BenchReport {
        var pools: [RequestPool] = []
        for lane in plan.lanes {
            pools.append(try RequestPool(texts: texts, lane: lane, plan: plan))
        }
        let daemon = try status(plan.timeout)
        try check(plan.model, of: daemon)
        let generator = try LoadGenerator(plan, pools: pools, path: client.path)
        let progress = BenchProgress(plan, title: title)
        if progress.isWanted { generator.watch = progress.show }
        let figures = try generator.run()
        progress.erase()
        return BenchReport(
            plan: plan, run: figures, host: host, daemon: daemon, path: client.path,
            finishedAt: WallClock.secondsSince1970)
    }

    /// The report at the highest rate that meets the condition, or of the run that was interrupted;
    /// nil: none was found.
    func findCapacity(_ plan: BenchPlan, slo: Assertion) throws(Failure) -> BenchReport? {
        let probe = try measure(plan.probe, title: "probing")
        if probe.run.isInterrupted { return probe }
        // Half of what a short closed loop gets through.
        var search = CapacitySearch(first: max(0.05, probe.rate(0) / 2))
        var trial = plan
        trial.warmUp = min(plan.warmUp, .seconds(2))
        trial.measured = max(.seconds(2), plan.measured / 3)
        while let rate = search.next {
            let report = try measure(trial.at(rate), title: "trying \(rateText(rate))/s")
            if report.run.isInterrupted { return report }
            search.note(rate, held: holds(slo, report, rate))
        }
        // Short trials are lucky at times: the answer must hold for the whole length.
        var rate = search.holds ?? 0
        for _ in 0..<5 where rate > 0 {
            let report = try measure(plan.at(rate), title: "confirming \(rateText(rate))/s")
            if report.run.isInterrupted { return report }
            if holds(slo, report, rate) {
                printOutput("capacity: \(rateText(rate)) requests/s meet \(slo.text)\n\n")
                return report
            }
            rate *= 1 - CapacitySearch.precision
        }
        printError("textflixctl: no rate was found at which \(slo.text) holds\n")
        return nil
    }

    /// A rate counts only if nothing failed and the generator was on time.
    private func holds(_ slo: Assertion, _ report: BenchReport, _ rate: Double) -> Bool {
        let answered = report.run.lanes[0]
        guard answered.errors == 0, answered.failedTexts == 0, answered.answered > 0,
            let value = report.figure(slo.figure)
        else { return false }
        let verdict = slo.holds(value) && report.isOnTime
        BenchProgress(report.plan).erase()
        printOutput(
            "  \(rateText(rate))/s: \(slo.figure) \(slo.shown(value)) "
                + (verdict ? "holds\n" : "fails\n")
        )
        return verdict
    }

    /// A run for a model that is not there would measure refusals.
    private func check(_ name: String, of daemon: StatusResponse) throws(Failure) {
        let names = daemon.models.map(\.name)
        guard name.isEmpty || names.contains(name) else {
            let shown = names.map { DisplayWidth.oneLine($0) }.joined(separator: ", ")
            throw Failure(.usage, "no model '\(name)'; the daemon serves \(shown)")
        }
    }

    /// What the daemon is just before the run.
    private func status(_ timeout: Duration) throws(Failure) -> StatusResponse {
        do throws(ClientError) {
            return try client.call(.status, StatusRequest(), timeout: timeout)
        } catch { throw Failure(error) }
    }
}

extension BenchPlan {
    /// The same as a short closed loop.
    fileprivate var probe: BenchPlan {
        var plan = self
        plan.warmUp = .milliseconds(500)
        plan.measured = .seconds(2)
        plan.lanes[0] = lanes[0].with(.closed(concurrency: 4 * connections))
        return plan
    }

    /// The same with the first lane as an open loop at that rate.
    func at(_ rate: Double) -> BenchPlan {
        var plan = self
        let isConstant = if case .constant = lanes[0].arrivals { true } else { false }
        plan.lanes[0] = lanes[0].with(isConstant ? .constant(rate: rate) : .poisson(rate: rate))
        return plan
    }
}

extension Lane {
    func with(_ arrivals: Arrivals) -> Lane {
        Lane(
            name: name, arrivals: arrivals, priority: priority, textsPerRequest: textsPerRequest)
    }
}

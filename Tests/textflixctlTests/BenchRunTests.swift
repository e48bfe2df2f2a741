// Whole runs against a daemon of the tests: short, so they check counting and shape, not speed.

import JSONText
import Syscalls
import TestSupport
import Testing
import TextflixProtocol

@testable import textflixctl

private func answer(_ request: FakeDaemon.Request) -> FakeDaemon.Reaction {
    guard let message = try? ClassifyRequest(decoding: request.envelope.payload) else {
        return .fail(Status(code: .invalidArgument))
    }
    let results = message.texts.map { Classification(label: "x", tokens: UInt32($0.utf8.count)) }
    return .answer(
        ClassifyResponse(
            results: results, timing: Timing(queuedNs: 1000, computeNs: 2000, batchTexts: 1)
        ).encoded)
}

@Suite(.serialized) struct BenchRunTests {
    private func plan(
        _ lanes: [Lane], warmUp: Duration = .milliseconds(30),
        measured: Duration = .milliseconds(300), timeout: Duration = .seconds(2)
    ) -> BenchPlan {
        BenchPlan(
            lanes: lanes, connections: 3, warmUp: warmUp, measured: measured, seed: 1,
            timeout: timeout)
    }

    private func lane(_ arrivals: Arrivals, name: String = "interactive") -> Lane {
        Lane(name: name, arrivals: arrivals, priority: .interactive, textsPerRequest: 2)
    }

    private func report(
        _ plan: BenchPlan, _ script: @escaping FakeDaemon.Script = answer
    ) throws -> BenchReport {
        let daemon = try FakeDaemon(script)
        defer { daemon.stop() }
        let texts: [[UInt8]] = [Array("one".utf8), Array("second".utf8)]
        let pools = try plan.lanes.map { try RequestPool(texts: texts, lane: $0, plan: plan) }
        let run = try LoadGenerator(plan, pools: pools, path: daemon.path).run()
        return BenchReport(
            plan: plan, run: run, host: HostFacts.read(), daemon: StatusResponse(),
            path: daemon.path, finishedAt: 0)
    }

    @Test func aClosedLoop() throws {
        let report = try report(plan([lane(.closed(concurrency: 5))], measured: .seconds(1)))
        let figures = report.run.lanes[0]
        #expect(figures.offered > 33)
        #expect(figures.answered == figures.offered && figures.errors == 0)
        #expect(figures.latency.count == UInt64(figures.answered))
        #expect(figures.queued.quantile(0.5) == 1000 && figures.computed.quantile(0.5) == 2000)
        #expect(figures.tokens.smallest >= 3 && figures.tokens.largest <= 6)
        #expect(figures.lag.count == 0)
    }

    @Test func anOpenLoopOffersItsRateWhateverHappens() throws {
        // Without a warm-up every request counts, so that half of them are answered.
        let plan = plan([lane(.constant(rate: 1000))], warmUp: .zero, timeout: .seconds(10))
        let report = try report(plan) {
            $0.number.isMultiple(of: 2)
                ? .fail(Status(code: .resourceExhausted)) : answer($0)
        }
        let figures = report.run.lanes[0]
        #expect(figures.offered == 300)
        #expect(figures.answered == 150 && figures.errors == 150)
        #expect(figures.refusals.count == UInt64(figures.errors))
        #expect(figures.errorCounts.map(\.name) == ["RESOURCE_EXHAUSTED"])
        #expect(report.figure("errors") == Double(figures.errors))
        #expect(figures.lag.count == UInt64(figures.offered))
    }

    @Test func aGeneratorThatWasLateOffersTheRestBehindTheEnd() throws {
        let daemon = try FakeDaemon(answer)
        defer { daemon.stop() }
        let plan = plan([lane(.constant(rate: 1000))], timeout: .seconds(10))
        let pool = try RequestPool(texts: [Array("one".utf8)], lane: plan.lanes[0], plan: plan)
        let generator = try LoadGenerator(plan, pools: [pool], path: daemon.path)
        // First called at 250 ms; what is due until 330 ms is then offered after 400 ms.
        generator.watch = { time, _, _ in
            if time < 330_000_000 { MonotonicClock.sleep(nanoseconds: 150_000_000) }
        }
        let figures = try generator.run().lanes[0]
        #expect(figures.offered == 300 && figures.answered == 300)
        #expect(figures.lag.count == 300)
    }

    @Test func brokenConnectionsAreCountedAndMadeAnew() throws {
        let report = try report(plan([lane(.constant(rate: 500))])) {
            $0.number.isMultiple(of: 50) ? .close : answer($0)
        }
        let figures = report.run.lanes[0]
        #expect(figures.answered + figures.errors == figures.offered)
        #expect(figures.errors > 0 && figures.answered > 0)
    }

    @Test func silenceEndsTheRun() throws {
        let report = try report(
            plan([lane(.closed(concurrency: 2))], timeout: .milliseconds(10))
        ) { _ in .silence }
        let figures = report.run.lanes[0]
        #expect(figures.answered == 0)
        #expect(figures.offered == figures.errors)
    }

    @Test func twoLanesAndTheirReport() throws {
        let report = try report(
            plan(
                [lane(.poisson(rate: 300)), lane(.closed(concurrency: 2), name: "bulk")],
                measured: .seconds(1)))
        #expect(try #require(report.figure("bulk.rate")) > 0)
        #expect(report.figure("nonsense") == nil)
        let page = BenchPage(report: report, screen: plainScreen).lines
        #expect(page.contains("bulk: closed loop, 2 at a time, 2 texts each"))
        let root = try JSONDocument.parse(Array(BenchJSON.text(report).utf8))
        #expect(root["format"]?.string == BenchJSON.format)
        #expect(root["lanes"]?.array?.count == 2)
        #expect(root["lanes"]?.array?[0]["offered"]?.int == report.run.lanes[0].offered)
        let svg = PercentilePlot(report).text
        #expect(svg.hasPrefix("<svg ") && svg.hasSuffix("</svg>\n"))
        #expect(!svg.contains("nan") && !svg.contains("inf"))
    }

    @Test func aRunThatWasStoppedHasTheRatesOfWhatPassed() throws {
        let whole = try report(plan([lane(.constant(rate: 500))]))
        func stopped(after seconds: Double) -> BenchReport {
            var run = whole.run
            run.interruption = .interrupt
            run.measuredSeconds = seconds
            return BenchReport(
                plan: whole.plan, run: run, host: whole.host, daemon: whole.daemon,
                path: whole.path, finishedAt: 0)
        }
        #expect(abs(stopped(after: 0.1).rate(0) - 3 * whole.rate(0)) < 1e-6)
        let page = BenchPage(report: stopped(after: 0.1), screen: plainScreen).lines
        #expect(page.contains { $0.contains("interrupted: 100 ms of 300 ms were measured") })
        #expect(!page.contains { $0.contains("windows") })
        // In the warm-up nothing was measured: no rate is divided by it.
        let empty = stopped(after: 0)
        #expect(empty.rate(0) == 0 && empty.offeredRate(0) == 0 && empty.tokenRate(0) == 0)
        #expect(
            !BenchPage(report: whole, screen: plainScreen).lines.contains {
                $0.contains("interrupted")
            })
    }

    @Test func aResultComparedWithItselfIsTheSame() throws {
        let report = try report(plan([lane(.constant(rate: 500))]))
        let folder = try TemporaryFolder("bench")
        let result = try BenchResult(path: folder.write("a.json", BenchJSON.text(report)))
        let comparison = BenchComparison(result, result)
        #expect(comparison.rows.count == 8)
        #expect(comparison.rows.allSatisfy { $0.verdict == .same })
        #expect(comparison.differences.isEmpty)
    }

    @Test(arguments: [
        (100.0, 103.0, false, 0.05, "same"), (100, 120, false, 0.05, "worse"),
        (100, 80, false, 0.05, "better"), (100, 120, true, 0.05, "better"),
        (100, 100.5, true, 0, "same"),
    ])
    func verdicts(before: Double, after: Double, wantsMore: Bool, noise: Double, verdict: String) {
        let row = BenchComparison.Row(
            name: "x", before: before, after: after, isTime: true, wantsMore: wantsMore,
            noise: noise)
        #expect(row.verdict.rawValue == verdict)
    }
}

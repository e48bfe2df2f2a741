// A run as a page for a person: what was asked, whether to believe it, what came out, a picture.
//
//     textflixctl bench  server, 8 connections, 30.0 s after 5.00 s, seed 1
//       stopped                   how much of it was measured, where Ctrl-C ended it
//       daemon, host, texts       what a second run would need
//     interactive: open loop, Poisson at 40.0/s
//       offered, answered, errors, windows
//       quantiles of the latency and its parts, and what so many answers can prove
//       the distribution
//       generator                 whether this program kept its own times
//
// A share of the latency is the daemon's own word (queue, computing); the rest is the socket, the
// tokenizer, the daemon's threads and ours.

import Presentation
import Syscalls
import TextflixProtocol

struct BenchPage {
    let report: BenchReport
    let screen: Screen

    var lines: [String] {
        var lines = [heading]
        lines += row("stopped", stopped)
        lines += row("daemon", daemon) + row("host", host) + row("texts", texts)
        for lane in report.plan.lanes.indices { lines += section(lane) }
        lines.append("")
        lines += row("generator", generator)
        return lines
    }

    private var heading: String {
        let plan = report.plan
        let name = plan.scenario.map { "\($0.rawValue), " } ?? ""
        let idle = plan.idleConnections > 0 ? " and \(grouped(plan.idleConnections)) idle" : ""
        return screen.paint("textflixctl bench", .bold)
            + "  \(name)\(plan.connections) connection\(plan.connections == 1 ? "" : "s")\(idle), "
            + "\(plan.measured.shown) after \(plan.warmUp.shown), seed \(plan.seed)"
    }

    /// Whether the figures are those of a part; nothing where they are not.
    private var stopped: String {
        guard report.run.isInterrupted else { return "" }
        let measured = Duration.seconds(report.run.measuredSeconds).shown
        return screen.paint(
            "interrupted: \(measured) of \(report.plan.measured.shown) were measured", .yellow)
    }

    /// Model, revision and kernels: figures of another model are other figures.
    private var daemon: String {
        let name = report.plan.model
        let model = report.daemon.models.first { name.isEmpty || $0.name == name }
        let what = model.map {
            "\(DisplayWidth.oneLine($0.name)) \(DisplayWidth.oneLine($0.precision)), "
                + "\(DisplayWidth.oneLine($0.architecture)) \($0.layers) × \($0.hiddenSize), "
                + "revision \(DisplayWidth.oneLine($0.revision).prefix(12))"
        }
        let engine = report.daemon.engine.map {
            $0.threads > 0
                ? ", \($0.threads) threads \(DisplayWidth.oneLine($0.instructionSet))" : ""
        }
        return (what ?? "no model") + (engine ?? "")
    }

    private var host: String {
        "\(report.host.processors) of \(report.host.processor), Linux \(report.host.kernel)"
    }

    /// Lengths as the daemon counted them, not as they were wished for.
    private var texts: String {
        let tokens = report.run.lanes[0].tokens
        guard tokens.count > 0 else { return report.plan.source }
        return "\(report.plan.source); tokens \(tokens.smallest) "
            + screen.paint(Sparkline.text(of: tokens, columns: 16), .cyan)
            + " \(tokens.largest), median \(tokens.quantile(0.5))"
    }

    /// Whether the run counts at all.
    private var generator: String {
        let run = report.run
        let lag = run.lanes.reduce(into: ValueHistogram()) { $0.add($1.lag) }
        let share = 100 * run.processorSeconds / max(run.wallSeconds, 1e-9)
        var text =
            "\(fixed(share, decimals: 1)) % of a processor, \(run.priority.rawValue) priority"
        guard lag.count > 0 else { return text }
        text += "; lag p99 \(time(lag.quantile(0.99))), most \(time(lag.largest)): "
        return text
            + (report.isOnTime
                ? screen.paint("on time", .green)
                : screen.paint("too late, this run does not count", .red))
    }

    /// One lane.
    private func section(_ index: Int) -> [String] {
        let lane = report.plan.lanes[index]
        let figures = report.run.lanes[index]
        var lines = ["", screen.paint("\(lane.name): \(load(lane))", .bold)]
        if let offered = lane.arrivals.rate {
            lines += row(
                "offered", "\(rateText(offered)) requests/s, \(grouped(figures.offered)) in all")
        }
        lines += row(
            "answered",
            "\(rateText(report.rate(index))) requests/s, "
                + "\(rateText(report.textRate(index))) texts/s, "
                + "\(rateText(report.tokenRate(index))) tokens/s")
        lines += row("errors", errors(figures))
        // They are thirds of the time that was planned.
        if !report.run.isInterrupted { lines += row("windows", windows(index)) }
        guard figures.latency.count > 0 else { return lines }
        lines.append("")
        lines += latencyTable(figures) + bounds(figures) + [""]
        return lines + LatencyPlot.lines(figures.latency, on: screen)
    }

    private func load(_ lane: Lane) -> String {
        let each = lane.textsPerRequest == 1 ? "" : ", \(lane.textsPerRequest) texts each"
        return switch lane.arrivals {
        case .closed(let count): "closed loop, \(count) at a time\(each)"
        case .constant(let rate): "open loop, every \(Duration.seconds(1 / rate).shown)\(each)"
        case .poisson(let rate): "open loop, Poisson at \(rateText(rate))/s\(each)"
        }
    }

    /// By code, and how fast refusals came: a refusal should cost nobody time.
    private func errors(_ figures: LaneFigures) -> String {
        var parts = figures.errorCounts.map { "\($0.name) \(grouped($0.count))" }
        if figures.failedTexts > 0 { parts.append("texts failed \(grouped(figures.failedTexts))") }
        guard !parts.isEmpty else { return screen.paint("none", .green) }
        if figures.refusals.count > 0 {
            parts.append("refused within p99 \(time(figures.refusals.quantile(0.99)))")
        }
        if figures.expired > 0 { parts.append("expired \(grouped(figures.expired))") }
        return screen.paint(parts.joined(separator: ", "), .red)
    }

    /// Rate and median of each third of the time: drift shows here.
    private func windows(_ index: Int) -> String {
        let figures = report.run.lanes[index]
        let length = report.run.measuredSeconds / Double(BenchPlan.windows)
        let rates = figures.windows.map { rateText(Double($0.answered) / length) }
        let medians = figures.windows.map { time($0.latency.quantile(0.5)) }
        let spread = Verdict.spread(figures, isOpen: report.isOpen(index))
        let word = report.isSteady(index) ? "steady" : "unstable"
        return
            "\(rates.joined(separator: ", ")) requests/s; p50 \(medians.joined(separator: ", ")): "
            + screen.paint(
                "\(word) (\(fixed(100 * spread, decimals: 1)) %)",
                report.isSteady(index) ? .green : .yellow)
    }

    /// Where a screen is too narrow for all, it shows the tail rather than the middle.
    private static let widest = 96
    private var quantiles: [(name: String, share: Double)] {
        guard screen.isTerminal, screen.columns < Self.widest else { return BenchReport.quantiles }
        return BenchReport.quantiles.filter { !["p75", "p95"].contains($0.name) }
    }

    /// From the scheduled instant; the parts do not add up in quantiles, only in means.
    private func latencyTable(_ figures: LaneFigures) -> [String] {
        let names = quantiles.map { TextTable.Column(title: $0.name, isNumber: true) }
        var table = TextTable(
            [.init(title: "")] + names
                + [.init(title: "max", isNumber: true), .init(title: "mean", isNumber: true)])
        for (name, histogram) in [
            ("latency", figures.latency), ("in queue", figures.queued),
            ("computing", figures.computed), ("elsewhere", figures.elsewhere),
        ] {
            let values = quantiles.map { time(histogram.quantile($0.share)) }
            table.append(
                [name] + values + [time(histogram.largest), time(UInt64(histogram.mean))])
        }
        return table.lines(on: screen, indent: "  ")
    }

    /// What so many answers can prove of a tail.
    private func bounds(_ figures: LaneFigures) -> [String] {
        let latency = figures.latency
        guard let bound = latency.upperBound(ofQuantile: 0.99) else {
            return ["  \(grouped(latency.count)) answers are too few to bound p99"]
        }
        return [
            "  p99 is at most \(time(bound)) with 99 % confidence "
                + "(\(grouped(latency.count)) answers)"
        ]
    }

    private func row(_ name: String, _ text: String) -> [String] {
        text.isEmpty ? [] : ["  \(DisplayWidth.pad(name, to: 11))\(text)"]
    }

    private func time(_ nanoseconds: UInt64) -> String {
        Duration.nanoseconds(Int64(clamping: nanoseconds)).shown
    }
}

// A run as JSON: read by `bench compare`, kept beside a release, plotted by anything.
//
//     { "format", "finished_at", "host": { … }, "daemon": { … }, "plan": { … }, "generator": { … },
//       "lanes": [{ "name", "arrivals", "rate", "errors": { … }, "windows": [ … ],
//                   "latency": { "count", "min", "mean", "p50", …, "histogram": [[ns, n], …] } }] }
//
// Times are nanoseconds. `latency.histogram` holds [upper end, count] pairs, so that quantiles that
// nobody thought of can be had later.

import JSONText
import Syscalls
import TextflixProtocol

enum BenchJSON {
    /// Raised when a field changes its meaning; new fields do not raise it.
    static let format = "textflix-bench/1"

    static func text(_ report: BenchReport) -> String {
        var writer = JSONWriter(pretty: true)
        writer.beginObject()
        writer.member("format", format)
        writer.member("finished_at", WallClock.utcText(report.finishedAt))
        host(report, &writer)
        daemon(report, &writer)
        plan(report.plan, &writer)
        generator(report, &writer)
        writer.key("lanes")
        writer.array(report.plan.lanes.indices) { lane($1, report, &$0) }
        writer.endObject()
        return writer.text
    }

    private static func host(_ report: BenchReport, _ writer: inout JSONWriter) {
        writer.key("host")
        writer.beginObject()
        writer.member("processor", report.host.processor)
        writer.member("processors", report.host.processors)
        writer.member("memory_bytes", report.host.memoryBytes)
        writer.member("kernel", report.host.kernel)
        writer.endObject()
    }

    private static func daemon(_ report: BenchReport, _ writer: inout JSONWriter) {
        let name = report.plan.model
        let model = report.daemon.models.first { name.isEmpty || $0.name == name }
        writer.key("daemon")
        writer.beginObject()
        writer.member("version", report.daemon.version)
        writer.member("socket", report.path)
        writer.member("model", model?.name ?? "")
        writer.member("architecture", model?.architecture ?? "")
        writer.member("precision", model?.precision ?? "")
        writer.member("revision", model?.revision ?? "")
        writer.member("max_tokens", model?.maxTokens ?? 0)
        writer.member("threads", report.daemon.engine?.threads ?? 0)
        writer.member("instruction_set", report.daemon.engine?.instructionSet ?? "")
        writer.member("batch_tokens", report.daemon.limits?.batchTokens ?? 0)
        writer.member("queue_texts", report.daemon.limits?.queueTexts ?? 0)
        writer.key("limits")
        writer.beginObject()
        for limit in report.daemon.limits?.configured ?? [] {
            writer.member(limit.name, limit.value)
        }
        writer.endObject()
        writer.endObject()
    }

    private static func plan(_ plan: BenchPlan, _ writer: inout JSONWriter) {
        writer.key("plan")
        writer.beginObject()
        if let scenario = plan.scenario { writer.member("scenario", scenario.rawValue) }
        writer.member("connections", plan.connections)
        writer.member("idle_connections", plan.idleConnections)
        writer.member("warm_up_ns", plan.warmUp.inNanoseconds)
        writer.member("measured_ns", plan.measured.inNanoseconds)
        writer.member("timeout_ns", plan.timeout.inNanoseconds)
        writer.member("seed", plan.seed)
        writer.member("texts", plan.source)
        writer.endObject()
    }

    private static func generator(_ report: BenchReport, _ writer: inout JSONWriter) {
        writer.key("generator")
        writer.beginObject()
        writer.member("processor_seconds", report.run.processorSeconds)
        writer.member("wall_seconds", report.run.wallSeconds)
        writer.member("priority", report.run.priority.rawValue)
        writer.member("on_time", report.isOnTime)
        writer.endObject()
    }

    /// Counts, rates, windows and histograms of one lane.
    private static func lane(_ index: Int, _ report: BenchReport, _ writer: inout JSONWriter) {
        let lane = report.plan.lanes[index]
        let figures = report.run.lanes[index]
        writer.beginObject()
        writer.member("name", lane.name)
        arrivals(lane, &writer)
        writer.member("texts_per_request", lane.textsPerRequest)
        writer.member("offered", figures.offered)
        writer.member("answered", figures.answered)
        writer.member("offered_rate", report.offeredRate(index))
        writer.member("rate", report.rate(index))
        writer.member("texts_rate", report.textRate(index))
        writer.member("tokens_rate", report.tokenRate(index))
        writer.key("errors")
        writer.beginObject()
        for error in figures.errorCounts { writer.member(error.name, error.count) }
        writer.endObject()
        writer.member("failed_texts", figures.failedTexts)
        writer.member("refused", figures.refusals.count)
        writer.member("expired", figures.expired)
        writer.member("steady", report.isSteady(index))
        windows(figures, report, &writer)
        for (name, histogram) in [
            ("latency", figures.latency), ("queued", figures.queued),
            ("computed", figures.computed), ("elsewhere", figures.elsewhere),
            ("refusals", figures.refusals), ("lag", figures.lag), ("tokens", figures.tokens),
            ("batch_texts", figures.batchTexts),
        ] where histogram.count > 0 {
            writer.histogram(name, histogram)
        }
        writer.endObject()
    }

    private static func arrivals(_ lane: Lane, _ writer: inout JSONWriter) {
        switch lane.arrivals {
        case .closed(let count):
            writer.member("arrivals", "closed")
            writer.member("concurrency", count)
        case .constant: writer.member("arrivals", "constant")
        case .poisson: writer.member("arrivals", "poisson")
        }
        if let rate = lane.arrivals.rate { writer.member("target_rate", rate) }
    }

    private static func windows(
        _ figures: LaneFigures, _ report: BenchReport, _ writer: inout JSONWriter
    ) {
        writer.key("windows")
        let seconds = report.run.measuredSeconds / Double(BenchPlan.windows)
        writer.array(figures.windows) { writer, window in
            writer.beginObject()
            writer.member("rate", Double(window.answered) / seconds)
            writer.member("p50", window.latency.quantile(0.5))
            writer.member("p99", window.latency.quantile(0.99))
            writer.endObject()
        }
    }
}

extension JSONWriter {
    /// Summary figures, and for those worth drawing again the buckets themselves.
    fileprivate mutating func histogram(_ name: String, _ histogram: ValueHistogram) {
        key(name)
        beginObject()
        member("count", histogram.count)
        member("min", histogram.smallest)
        member("mean", histogram.mean)
        for quantile in BenchReport.quantiles {
            member(quantile.name, histogram.quantile(quantile.share))
        }
        member("max", histogram.largest)
        if name == "latency" || name == "tokens" {
            let pairs = histogram.entries.map { "[\($0.upperEnd),\($0.count)]" }
            member("histogram", raw: "[\(pairs.joined(separator: ","))]".utf8)
        }
        endObject()
    }
}

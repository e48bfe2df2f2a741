// A run as JSON: read by `bench compare`, kept beside a release, plotted by anything.
//
//     { "format", "finished_at", "host": { … }, "daemon": { … }, "plan": { … }, "generator": { … },
//       "lanes": [{ "name", "arrivals", "rate", "errors": { … }, "windows": [ … ],
//                   "latency": { "count", "min", "mean", "p50", …, "histogram": [[ns, n], …] } }] }
//
// Times are nanoseconds. `latency.histogram` holds [upper end, count] pairs, so that quantiles that
// nobody thought of can be had later.

import CommandLineTable
import JSONText
import Syscalls
import TextflixProtocol

enum BenchJSON {
    /// Raised when a field changes its meaning; new fields do not raise it.
    static let format = "textflix-bench/1"

    static func text(_ report: BenchReport) -> String {
        var writer = JSONWriter(pretty: true)
        writer.beginObject()
        writer.field("format", format)
        writer.field("finished_at", WallClock.utcText(report.finishedAt))
        host(report, &writer)
        daemon(report, &writer)
        plan(report.plan, &writer)
        generator(report, &writer)
        writer.key("lanes")
        writer.beginArray()
        for index in report.plan.lanes.indices { lane(index, report, &writer) }
        writer.endArray()
        writer.endObject()
        return writer.text
    }

    private static func host(_ report: BenchReport, _ writer: inout JSONWriter) {
        writer.key("host")
        writer.beginObject()
        writer.field("processor", report.host.processor)
        writer.field("processors", report.host.processors)
        writer.field("memory_bytes", report.host.memoryBytes)
        writer.field("kernel", report.host.kernel)
        writer.endObject()
    }

    private static func daemon(_ report: BenchReport, _ writer: inout JSONWriter) {
        let name = report.plan.model
        let model = report.daemon.models.first { name.isEmpty || $0.name == name }
        writer.key("daemon")
        writer.beginObject()
        writer.field("version", report.daemon.version)
        writer.field("socket", report.path)
        writer.field("model", model?.name ?? "")
        writer.field("architecture", model?.architecture ?? "")
        writer.field("precision", model?.precision ?? "")
        writer.field("revision", model?.revision ?? "")
        writer.field("max_tokens", model?.maxTokens ?? 0)
        writer.field("threads", report.daemon.engine?.threads ?? 0)
        writer.field("instruction_set", report.daemon.engine?.instructionSet ?? "")
        writer.field("batch_tokens", report.daemon.limits?.batchTokens ?? 0)
        writer.field("queue_texts", report.daemon.limits?.queueTexts ?? 0)
        writer.key("limits")
        writer.beginObject()
        for limit in report.daemon.limits?.configured ?? [] {
            writer.number(limit.name, limit.value)
        }
        writer.endObject()
        writer.endObject()
    }

    private static func plan(_ plan: BenchPlan, _ writer: inout JSONWriter) {
        writer.key("plan")
        writer.beginObject()
        if let scenario = plan.scenario { writer.field("scenario", scenario.rawValue) }
        writer.field("connections", plan.connections)
        writer.field("idle_connections", plan.idleConnections)
        writer.field("warm_up_ns", plan.warmUp.inNanoseconds)
        writer.field("measured_ns", plan.measured.inNanoseconds)
        writer.field("timeout_ns", plan.timeout.inNanoseconds)
        writer.field("seed", plan.seed)
        writer.field("texts", plan.source)
        writer.endObject()
    }

    private static func generator(_ report: BenchReport, _ writer: inout JSONWriter) {
        writer.key("generator")
        writer.beginObject()
        writer.number("processor_seconds", report.run.processorSeconds)
        writer.number("wall_seconds", report.run.wallSeconds)
        writer.field("priority", report.run.priority.rawValue)
        writer.flag("on_time", report.isOnTime)
        writer.endObject()
    }

    /// Counts, rates, windows and histograms of one lane.
    private static func lane(_ index: Int, _ report: BenchReport, _ writer: inout JSONWriter) {
        let lane = report.plan.lanes[index]
        let figures = report.run.lanes[index]
        writer.beginObject()
        writer.field("name", lane.name)
        arrivals(lane, &writer)
        writer.field("texts_per_request", lane.textsPerRequest)
        writer.field("offered", figures.offered)
        writer.field("answered", figures.answered)
        writer.number("offered_rate", report.offeredRate(index))
        writer.number("rate", report.rate(index))
        writer.number("texts_rate", report.textRate(index))
        writer.number("tokens_rate", report.tokenRate(index))
        writer.key("errors")
        writer.beginObject()
        for error in figures.errorCounts { writer.field(error.name, error.count) }
        writer.endObject()
        writer.field("failed_texts", figures.failedTexts)
        writer.field("refused", figures.refusals.count)
        writer.field("expired", figures.expired)
        writer.flag("steady", report.isSteady(index))
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
            writer.field("arrivals", "closed")
            writer.field("concurrency", count)
        case .constant: writer.field("arrivals", "constant")
        case .poisson: writer.field("arrivals", "poisson")
        }
        if let rate = lane.arrivals.rate { writer.number("target_rate", rate) }
    }

    private static func windows(
        _ figures: LaneFigures, _ report: BenchReport, _ writer: inout JSONWriter
    ) {
        writer.key("windows")
        writer.beginArray()
        for window in figures.windows {
            let seconds = report.run.measuredSeconds / Double(BenchPlan.windows)
            writer.beginObject()
            writer.number("rate", Double(window.answered) / seconds)
            writer.field("p50", window.latency.quantile(0.5))
            writer.field("p99", window.latency.quantile(0.99))
            writer.endObject()
        }
        writer.endArray()
    }
}

extension JSONWriter {
    fileprivate mutating func number(_ name: String, _ value: Double) {
        key(name)
        double(value)
    }

    fileprivate mutating func flag(_ name: String, _ value: Bool) {
        key(name)
        bool(value)
    }

    /// Summary figures, and for those worth drawing again the buckets themselves.
    fileprivate mutating func histogram(_ name: String, _ histogram: ValueHistogram) {
        key(name)
        beginObject()
        field("count", histogram.count)
        field("min", histogram.smallest)
        number("mean", histogram.mean)
        for quantile in BenchReport.quantiles {
            field(quantile.name, histogram.quantile(quantile.share))
        }
        field("max", histogram.largest)
        if name == "latency" || name == "tokens" {
            let pairs = histogram.entries.map { "[\($0.upperEnd),\($0.count)]" }
            key("histogram")
            raw("[\(pairs.joined(separator: ","))]".utf8)
        }
        endObject()
    }
}

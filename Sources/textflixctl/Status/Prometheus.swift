// The daemon's status in the Prometheus text format, 0.0.4: what node_exporter's textfile collector
// reads, or anything that scrapes through a script.
//
//     # HELP textflix_queue_texts Texts that wait for the engine.
//     # TYPE textflix_queue_texts gauge
//     textflix_queue_texts 12
//
// Counters and histograms come from the daemon under their own names; gauges are made here from the
// fields of the status. Each name is declared once, with all its samples together.

import TextflixProtocol

struct PrometheusPage {
    private enum Kind: String { case gauge, counter, histogram }
    private var page = ""

    static func text(_ status: StatusResponse) -> String {
        var page = PrometheusPage()
        page.server(status)
        page.models(status.models)
        if let queue = status.queue { page.queue(queue) }
        if let engine = status.engine { page.engine(engine) }
        if let limits = status.limits { page.limits(limits) }
        page.counters(status.counters)
        page.histograms(status.histograms)
        return page.page
    }

    // MARK: - Gauges

    private mutating func server(_ status: StatusResponse) {
        declare("build_info", .gauge, "Version of the daemon; always 1.")
        sample("build_info", [("version", status.version)], "1")
        declare("ready", .gauge, "Whether requests are answered: 0 while loading or draining.")
        sample("ready", [], status.state == .ready ? "1" : "0")
        gauge("uptime_seconds", "Time since the daemon started.", Double(status.uptimeNs) / 1e9)
    }

    private mutating func models(_ models: [ModelStatus]) {
        declare("model_info", .gauge, "A model that is configured; always 1.")
        for model in models {
            sample(
                "model_info",
                [
                    ("model", model.name), ("architecture", model.architecture),
                    ("precision", model.precision), ("revision", model.revision),
                ], "1")
        }
        declare("model_ready", .gauge, "Whether the model is served.")
        for model in models {
            sample("model_ready", [("model", model.name)], model.state == .ready ? "1" : "0")
        }
        declare(
            "model_fault", .gauge, "Whether its last load was refused; an older one may be served.")
        for model in models {
            sample("model_fault", [("model", model.name)], model.error.isEmpty ? "0" : "1")
        }
        declare("model_mapped_bytes", .gauge, "Bytes of the model's files that are mapped.")
        for model in models {
            sample("model_mapped_bytes", [("model", model.name)], "\(model.mappedBytes)")
        }
    }

    private mutating func queue(_ queue: QueueStatus) {
        gauge("queue_texts", "Texts that wait for the engine.", Double(queue.texts))
        gauge("queue_bytes", "Bytes of the texts that wait.", Double(queue.bytes))
        gauge("queue_tokens", "Tokens of the texts that wait.", Double(queue.tokens))
        gauge("running_texts", "Texts in the engine now.", Double(queue.runningTexts))
        gauge("connections", "Open connections.", Double(queue.connections))
    }

    private mutating func engine(_ engine: EngineStatus) {
        declare("engine_info", .gauge, "Instruction set of the kernels; always 1.")
        sample("engine_info", [("instruction_set", engine.instructionSet)], "1")
        gauge("engine_threads", "Threads that compute.", Double(engine.threads))
        gauge(
            "engine_tokens_per_second", "Recent speed of the engine.", engine.tokensPerSecond)
        gauge(
            "resident_private_bytes", "Resident memory that no file backs.",
            Double(engine.privateBytes))
    }

    private mutating func limits(_ limits: LimitsStatus) {
        guard !limits.configured.isEmpty else { return }
        declare("limit", .gauge, "Limits by their keys in the configuration.")
        for limit in limits.configured {
            sample("limit", [("name", limit.name)], Self.number(limit.value))
        }
    }

    // MARK: - What the daemon counts

    private mutating func counters(_ counters: [Counter]) {
        for name in Self.names(counters.map(\.name)) {
            declare(name, .counter, FigureNames.help(name))
            for counter in counters where counter.name == name {
                sample(name, counter.labels.map { ($0.name, $0.value) }, "\(counter.value)")
            }
        }
    }

    private mutating func histograms(_ histograms: [Histogram]) {
        for name in Self.names(histograms.map(\.name)) {
            declare(name, .histogram, FigureNames.help(name))
            for histogram in histograms where histogram.name == name {
                guard histogram.counts.count == histogram.bounds.count + 1 else { continue }
                let labels = histogram.labels.map { ($0.name, $0.value) }
                let ends = histogram.bounds.map(Self.number) + ["+Inf"]
                for (end, count) in zip(ends, histogram.counts) {
                    sample("\(name)_bucket", labels + [("le", end)], "\(count)")
                }
                sample("\(name)_sum", labels, Self.number(histogram.sum))
                sample("\(name)_count", labels, "\(histogram.counts.last ?? 0)")
            }
        }
    }

    // MARK: - Lines

    private mutating func gauge(_ name: String, _ help: String, _ value: Double) {
        declare(name, .gauge, help)
        sample(name, [], Self.number(value))
    }

    /// Once a name, before its samples.
    private mutating func declare(_ name: String, _ kind: Kind, _ help: String) {
        let full = FigureNames.full(name)
        page += "# HELP \(full) \(help)\n# TYPE \(full) \(kind.rawValue)\n"
    }

    private mutating func sample(_ name: String, _ labels: [(String, String)], _ value: String) {
        page += FigureNames.full(name)
        if !labels.isEmpty {
            let pairs = labels.map { "\($0.0)=\"\(Self.escaped($0.1))\"" }
            page += "{\(pairs.joined(separator: ","))}"
        }
        page += " \(value)\n"
    }

    /// Each once, in the order of their first appearance.
    private static func names(_ all: [String]) -> [String] {
        all.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }

    /// Whole numbers without a fraction, others with the shortest that reads back.
    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
        return Int64(exactly: value).map { "\($0)" } ?? value.description
    }

    /// A label's value: backslash, quote and line feed are all that must be escaped.
    static func escaped(_ value: String) -> String {
        var text = ""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\\": text += #"\\"#
            case "\"": text += #"\""#
            case "\n": text += #"\n"#
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text
    }
}

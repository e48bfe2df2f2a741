// The daemon's status as JSON: every field under its name in the schema.
//
//     { "version", "state", "uptime_ns", "process_id", "detail", "models": [{ "name", … }],
//       "queue": { "texts", … }, "engine": { … }, "limits": { … },
//       "counters": [{ "name", "labels": { … }, "value" }],
//       "histograms": [{ "name", "labels", "bounds": [ … ], "counts": [ … ], "sum" }] }
//
// Fields are added as the schema grows, never renamed. Counts of a histogram are cumulative and one
// more than its bounds, as on the wire. A part that the daemon did not send is absent, not zero.

import JSONText
import TextRuns
import TextflixProtocol

enum StatusJSON {
    static func text(_ status: StatusResponse) -> String {
        var writer = JSONWriter(pretty: true)
        writer.beginObject()
        writer.member("version", status.version)
        writer.member("state", status.state.word)
        writer.member("uptime_ns", status.uptimeNs)
        writer.member("process_id", status.processId)
        writer.member("detail", status.detail)
        writer.key("models")
        write(status.models, to: &writer)
        if let queue = status.queue { write(queue, to: &writer) }
        if let engine = status.engine { write(engine, to: &writer) }
        if let limits = status.limits { write(limits, to: &writer) }
        write(status.counters, to: &writer)
        write(status.histograms, to: &writer)
        writer.endObject()
        return writer.text
    }

    /// An array of models: also the whole of `models --format json`.
    static func write(_ models: [ModelStatus], to writer: inout JSONWriter) {
        writer.array(models) { writer, model in
            writer.beginObject()
            writer.member("name", model.name)
            writer.member("architecture", model.architecture)
            writer.member("precision", model.precision)
            writer.member("precision_reason", model.precisionReason)
            writer.member("labels", model.labels)
            writer.member("revision", model.revision)
            writer.member("mapped_bytes", model.mappedBytes)
            writer.member("max_tokens", model.maxTokens)
            writer.member("hidden_size", model.hiddenSize)
            writer.member("layers", model.layers)
            writer.member("temperature", model.temperature)
            writer.member("abstain_below", model.abstainBelow)
            writer.member("state", model.state.word)
            writer.member("error", model.error)
            writer.endObject()
        }
    }

    private static func write(_ queue: QueueStatus, to writer: inout JSONWriter) {
        writer.key("queue")
        writer.beginObject()
        writer.member("texts", queue.texts)
        writer.member("bytes", queue.bytes)
        writer.member("tokens", queue.tokens)
        writer.member("running_texts", queue.runningTexts)
        writer.member("connections", queue.connections)
        writer.endObject()
    }

    private static func write(_ engine: EngineStatus, to writer: inout JSONWriter) {
        writer.key("engine")
        writer.beginObject()
        writer.member("threads", engine.threads)
        writer.member("instruction_set", engine.instructionSet)
        writer.member("tokens_per_second", engine.tokensPerSecond)
        writer.member("private_bytes", engine.privateBytes)
        writer.endObject()
    }

    private static func write(_ limits: LimitsStatus, to writer: inout JSONWriter) {
        writer.key("limits")
        writer.beginObject()
        writer.member("body_bytes", limits.bodyBytes)
        writer.member("texts_per_request", limits.textsPerRequest)
        writer.member("text_bytes", limits.textBytes)
        writer.member("queue_texts", limits.queueTexts)
        writer.member("queue_bytes", limits.queueBytes)
        writer.member("queue_texts_per_user", limits.queueTextsPerUser)
        writer.member("batch_tokens", limits.batchTokens)
        writer.member("connections", limits.connections)
        writer.member("connections_per_user", limits.connectionsPerUser)
        writer.member("streams_per_connection", limits.streamsPerConnection)
        writer.member("stream_window", limits.streamWindow)
        writer.key("configured")
        writer.beginObject()
        for limit in limits.configured { writer.member(limit.name, limit.value) }
        writer.endObject()
        writer.endObject()
    }

    private static func write(_ counters: [Counter], to writer: inout JSONWriter) {
        writer.key("counters")
        writer.array(counters) { writer, counter in
            writer.beginObject()
            writer.member("name", counter.name)
            writer.labels(counter.labels)
            writer.member("value", counter.value)
            writer.endObject()
        }
    }

    private static func write(_ histograms: [Histogram], to writer: inout JSONWriter) {
        writer.key("histograms")
        writer.array(histograms) { writer, histogram in
            writer.beginObject()
            writer.member("name", histogram.name)
            writer.labels(histogram.labels)
            writer.member("bounds", histogram.bounds)
            writer.member("counts", histogram.counts)
            writer.member("sum", histogram.sum)
            writer.endObject()
        }
    }
}

extension JSONWriter {
    fileprivate mutating func labels(_ labels: [Label]) {
        key("labels")
        beginObject()
        for label in labels { member(label.name, label.value) }
        endObject()
    }
}

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
        writer.field("version", status.version)
        writer.field("state", status.state.word)
        writer.field("uptime_ns", status.uptimeNs)
        writer.field("process_id", status.processId)
        writer.field("detail", status.detail)
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
        writer.beginArray()
        for model in models {
            writer.beginObject()
            writer.field("name", model.name)
            writer.field("architecture", model.architecture)
            writer.field("precision", model.precision)
            writer.field("precision_reason", model.precisionReason)
            writer.key("labels")
            writer.beginArray()
            for label in model.labels { writer.string(label) }
            writer.endArray()
            writer.field("revision", model.revision)
            writer.field("mapped_bytes", model.mappedBytes)
            writer.field("max_tokens", model.maxTokens)
            writer.field("hidden_size", model.hiddenSize)
            writer.field("layers", model.layers)
            writer.field("temperature", model.temperature)
            writer.field("abstain_below", model.abstainBelow)
            writer.field("state", model.state.word)
            writer.field("error", model.error)
            writer.endObject()
        }
        writer.endArray()
    }

    private static func write(_ queue: QueueStatus, to writer: inout JSONWriter) {
        writer.key("queue")
        writer.beginObject()
        writer.field("texts", queue.texts)
        writer.field("bytes", queue.bytes)
        writer.field("tokens", queue.tokens)
        writer.field("running_texts", queue.runningTexts)
        writer.field("connections", queue.connections)
        writer.endObject()
    }

    private static func write(_ engine: EngineStatus, to writer: inout JSONWriter) {
        writer.key("engine")
        writer.beginObject()
        writer.field("threads", engine.threads)
        writer.field("instruction_set", engine.instructionSet)
        writer.key("tokens_per_second")
        writer.double(engine.tokensPerSecond)
        writer.field("private_bytes", engine.privateBytes)
        writer.endObject()
    }

    private static func write(_ limits: LimitsStatus, to writer: inout JSONWriter) {
        writer.key("limits")
        writer.beginObject()
        writer.field("body_bytes", limits.bodyBytes)
        writer.field("texts_per_request", limits.textsPerRequest)
        writer.field("text_bytes", limits.textBytes)
        writer.field("queue_texts", limits.queueTexts)
        writer.field("queue_bytes", limits.queueBytes)
        writer.field("queue_texts_per_user", limits.queueTextsPerUser)
        writer.field("batch_tokens", limits.batchTokens)
        writer.field("connections", limits.connections)
        writer.field("connections_per_user", limits.connectionsPerUser)
        writer.field("streams_per_connection", limits.streamsPerConnection)
        writer.field("stream_window", limits.streamWindow)
        writer.key("configured")
        writer.beginObject()
        for limit in limits.configured {
            writer.key(limit.name)
            writer.double(limit.value)
        }
        writer.endObject()
        writer.endObject()
    }

    private static func write(_ counters: [Counter], to writer: inout JSONWriter) {
        writer.key("counters")
        writer.beginArray()
        for counter in counters {
            writer.beginObject()
            writer.field("name", counter.name)
            writer.labels(counter.labels)
            writer.field("value", counter.value)
            writer.endObject()
        }
        writer.endArray()
    }

    private static func write(_ histograms: [Histogram], to writer: inout JSONWriter) {
        writer.key("histograms")
        writer.beginArray()
        for histogram in histograms {
            writer.beginObject()
            writer.field("name", histogram.name)
            writer.labels(histogram.labels)
            writer.key("bounds")
            writer.beginArray()
            for bound in histogram.bounds { writer.double(bound) }
            writer.endArray()
            writer.key("counts")
            writer.beginArray()
            for count in histogram.counts { writer.int(count) }
            writer.endArray()
            writer.key("sum")
            writer.double(histogram.sum)
            writer.endObject()
        }
        writer.endArray()
    }
}

/// A field in one call: its name and its value.
extension JSONWriter {
    mutating func field(_ name: String, _ text: String) {
        key(name)
        string(text)
    }

    mutating func field(_ name: String, _ number: some BinaryInteger) {
        key(name)
        int(number)
    }

    mutating func field(_ name: String, _ number: Float) {
        key(name)
        float(number)
    }

    fileprivate mutating func labels(_ labels: [Label]) {
        key("labels")
        beginObject()
        for label in labels { field(label.name, label.value) }
        endObject()
    }
}

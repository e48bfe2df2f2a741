// An audit for programs: one object; shares and scores are 0...1.

import Insight
import JSONText

enum AuditJSON {
    static func text(_ report: AuditReport) -> String {
        var json = JSONWriter(pretty: true)
        json.beginObject()
        json.key("model")
        json.string(report.model)
        json.key("revision")
        json.string(report.revision)
        json.key("positive")
        json.string(report.sides.praise)
        json.key("negative")
        json.string(report.sides.blame)
        json.key("seed")
        json.int(report.seed)
        json.key("cases")
        json.int(report.caseCount)
        json.key("failures")
        json.int(report.failureCount)
        json.key("behaviour")
        json.beginArray()
        for outcome in report.behaviour { write(outcome, report.examples, to: &json) }
        json.endArray()
        json.key("bias")
        json.beginArray()
        for outcome in report.bias { write(outcome, to: &json) }
        json.endArray()
        json.endObject()
        return json.text
    }

    private static func write(
        _ outcome: BehaviourTest.Outcome, _ examples: Int, to json: inout JSONWriter
    ) {
        json.beginObject()
        for (name, text) in [
            ("ability", outcome.test.ability), ("test", outcome.test.name),
            ("demand", outcome.test.demand.words),
        ] {
            json.key(name)
            json.string(text)
        }
        json.key("cases")
        json.int(outcome.test.cases.count)
        json.key("failures")
        json.int(outcome.failures.count)
        json.numbers([("rate", outcome.rate)])
        json.key("examples")
        json.beginArray()
        for failure in outcome.failures.prefix(examples) {
            json.beginArray()
            for (text, score) in zip(failure.texts, failure.scores) {
                json.sentence(text, score)
            }
            json.endArray()
        }
        json.endArray()
        json.endObject()
    }

    private static func write(_ outcome: BiasTest.Outcome, to json: inout JSONWriter) {
        json.beginObject()
        for (name, text) in [
            ("pairs_of", outcome.test.name), ("first", outcome.test.sides.first),
            ("second", outcome.test.sides.second),
        ] {
            json.key(name)
            json.string(text)
        }
        json.key("pairs")
        json.int(outcome.test.pairs.count)
        json.key("independent_pairs")
        json.int(outcome.independentPairs)
        json.key("flips")
        json.int(outcome.flips)
        json.numbers([
            ("mean_difference", outcome.mean), ("standard_error", outcome.error),
            ("mean_low", outcome.interval.lowerBound), ("mean_high", outcome.interval.upperBound),
            ("p", outcome.p),
        ])
        if let widest = outcome.widest {
            json.key("widest")
            json.beginArray()
            json.sentence(widest.first, widest.scores.0)
            json.sentence(widest.second, widest.scores.1)
            json.endArray()
        }
        json.endObject()
    }
}

extension JSONWriter {
    /// Members with numbers.
    mutating func numbers(_ members: [(String, Double)]) {
        for (name, number) in members {
            key(name)
            double(number)
        }
    }

    fileprivate mutating func sentence(_ text: String, _ score: Double) {
        beginObject()
        key("text")
        string(text)
        numbers([("score", score)])
        endObject()
    }
}

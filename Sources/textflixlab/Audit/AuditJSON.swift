// An audit for programs: one object; shares and scores are 0...1.

import Insight
import JSONText

enum AuditJSON {
    static func text(_ report: AuditReport) -> String {
        var json = JSONWriter(pretty: true)
        json.beginObject()
        json.member("model", report.model)
        json.member("revision", report.revision)
        json.member("positive", report.sides.praise)
        json.member("negative", report.sides.blame)
        json.member("seed", report.seed)
        json.member("cases", report.caseCount)
        json.member("failures", report.failureCount)
        json.key("behaviour")
        json.array(report.behaviour) { write($1, report.examples, to: &$0) }
        json.key("bias")
        json.array(report.bias) { write($1, to: &$0) }
        json.endObject()
        return json.text
    }

    private static func write(
        _ outcome: BehaviourTest.Outcome, _ examples: Int, to json: inout JSONWriter
    ) {
        json.beginObject()
        json.member("ability", outcome.test.ability)
        json.member("test", outcome.test.name)
        json.member("demand", outcome.test.demand.words)
        json.member("cases", outcome.test.cases.count)
        json.member("failures", outcome.failures.count)
        json.member("rate", outcome.rate)
        json.key("examples")
        json.array(outcome.failures.prefix(examples)) { json, failure in
            json.array(zip(failure.texts, failure.scores)) { $0.sentence($1.0, $1.1) }
        }
        json.endObject()
    }

    private static func write(_ outcome: BiasTest.Outcome, to json: inout JSONWriter) {
        json.beginObject()
        json.member("pairs_of", outcome.test.name)
        json.member("first", outcome.test.sides.first)
        json.member("second", outcome.test.sides.second)
        json.member("pairs", outcome.test.pairs.count)
        json.member("independent_pairs", outcome.independentPairs)
        json.member("flips", outcome.flips)
        json.member("mean_difference", outcome.mean)
        json.member("standard_error", outcome.error)
        json.member("mean_low", outcome.interval.lowerBound)
        json.member("mean_high", outcome.interval.upperBound)
        json.member("p", outcome.p)
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
    fileprivate mutating func sentence(_ text: String, _ score: Double) {
        beginObject()
        member("text", text)
        member("score", score)
        endObject()
    }
}

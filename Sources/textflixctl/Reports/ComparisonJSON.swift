// A comparison for programs: one object; lists of two are A and B.

import Insight
import JSONText
import TextRuns
import TextflixProtocol

enum ComparisonJSON {
    static func text(_ comparison: Comparison) -> String {
        var json = JSONWriter(pretty: true)
        json.beginObject()
        json.key("file")
        json.string(comparison.file)
        json.key("texts")
        json.int(comparison.textCount)
        json.key("failed")
        json.int(comparison.failed)
        json.key("labels")
        json.strings(comparison.labels)
        json.key("models")
        json.beginArray()
        for (side, model) in comparison.models.enumerated() {
            json.beginObject()
            json.key("model")
            json.string(model.name)
            json.key("revision")
            json.string(model.revision)
            if comparison.isLabelled { json.write(comparison.evaluations[side]) }
            json.endObject()
        }
        json.endArray()
        json.key("agreement")
        json.double(comparison.agreement)
        json.key("answers")
        json.beginArray()
        for row in comparison.answers.counts {
            json.beginArray()
            for count in row { json.int(count) }
            json.endArray()
        }
        json.endArray()
        if comparison.isLabelled { paired(comparison, to: &json) }
        json.key("differences")
        json.beginArray()
        for difference in comparison.differences {
            write(difference, comparison.labels, to: &json)
        }
        json.endArray()
        json.endObject()
        return json.text
    }

    private static func paired(_ comparison: Comparison, to json: inout JSONWriter) {
        let paired = comparison.paired
        json.estimate("accuracy_difference", paired.difference)
        json.key("paired")
        json.beginObject()
        for (name, count) in [
            ("both_right", paired.bothRight), ("only_first", paired.onlyFirst),
            ("only_second", paired.onlySecond), ("both_wrong", paired.bothWrong),
        ] {
            json.key(name)
            json.int(count)
        }
        json.key("mcnemar_p")
        json.double(paired.p.exact)
        json.key("mcnemar_mid_p")
        json.double(paired.p.mid)
        json.endObject()
    }

    private static func write(
        _ difference: Difference, _ labels: [String], to json: inout JSONWriter
    ) {
        json.beginObject()
        json.key("id")
        json.raw(difference.item.identity)
        if let truth = difference.truth {
            json.key("truth")
            json.string(labels[truth])
        }
        json.key("given")
        json.strings(difference.given.map { labels[$0] })
        json.key("probabilities")
        json.beginArray()
        for probability in difference.confidence { json.float(Float(probability)) }
        json.endArray()
        json.key("text")
        json.string(utf8: difference.item.text.utf8)
        json.key("explanations")
        json.beginArray()
        for explained in difference.explanations {
            guard let explained else {
                json.null()
                continue
            }
            json.beginObject()
            json.explanation(explained, of: difference.item.text.utf8)
            json.endObject()
        }
        json.endArray()
        json.endObject()
    }
}

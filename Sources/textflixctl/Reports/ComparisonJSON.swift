// A comparison for programs: one object; lists of two are A and B.

import JSONText
import TextRuns
import TextflixProtocol

enum ComparisonJSON {
    static func text(_ comparison: Comparison) -> String {
        var json = JSONWriter(pretty: true)
        json.beginObject()
        json.member("file", comparison.file)
        json.member("texts", comparison.textCount)
        json.member("failed", comparison.failed)
        json.member("labels", comparison.labels)
        json.key("models")
        json.array(comparison.models.enumerated()) { json, entry in
            let (side, model) = entry
            json.beginObject()
            json.member("model", model.name)
            json.member("revision", model.revision)
            if comparison.isLabelled { json.write(comparison.evaluations[side]) }
            json.endObject()
        }
        json.member("agreement", comparison.agreement)
        json.member("answers", comparison.answers)
        if comparison.isLabelled { json.members(of: comparison.paired) }
        json.key("differences")
        json.array(comparison.differences) { write($1, comparison.labels, to: &$0) }
        json.endObject()
        return json.text
    }

    private static func write(
        _ difference: Difference, _ labels: [String], to json: inout JSONWriter
    ) {
        json.beginObject()
        json.member("id", raw: difference.item.identity)
        if let truth = difference.truth { json.member("truth", labels[truth]) }
        json.member("given", difference.given.map { labels[$0] })
        json.member("probabilities", difference.confidence.map { Float($0) })
        json.member("text", utf8: difference.item.text.utf8)
        json.key("explanations")
        json.array(difference.explanations) { json, explained in
            guard let explained else { return json.null() }
            json.beginObject()
            json.explanation(explained, of: difference.item.text.utf8)
            json.endObject()
        }
        json.endObject()
    }
}

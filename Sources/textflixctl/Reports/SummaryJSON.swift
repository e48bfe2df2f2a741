// A summary for programs: an object a film, a line each.

import JSONText
import TextRuns

enum SummaryJSON {
    static func text(_ summary: Summary) -> String {
        var json = JSONWriter()
        var lines: [UInt8] = []
        for group in summary.groups {
            write(group, summary.model.labels, to: &json)
            lines += json.takeLine()
        }
        return String(decoding: lines, as: UTF8.self)
    }

    private static func write(
        _ group: ReviewGroup, _ labels: [String], to json: inout JSONWriter
    ) {
        json.beginObject()
        json.member("group", group.name)
        if let title = group.title { json.member("title", title) }
        json.member("reviews", group.reviewCount)
        json.member("duplicates", group.duplicates)
        if let accuracy = group.accuracy { json.member("accuracy", accuracy) }
        json.key("labels")
        json.beginObject()
        for label in labels {
            json.key(label)
            json.beginObject()
            json.member("reviews", group.counts[label] ?? 0)
            json.member("share", group.share(of: label))
            json.key("lines")
            json.array(group.lines(of: label)) { write($1, to: &$0) }
            json.endObject()
        }
        json.endObject()
        json.endObject()
    }

    private static func write(_ line: SummaryLine, to json: inout JSONWriter) {
        json.beginObject()
        json.member("text", utf8: line.text)
        json.member("weight", line.weight)
        json.member("probability", line.probability)
        json.member("id", raw: line.identity)
        json.member("reviews", line.reviews)
        json.endObject()
    }
}

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
        json.key("group")
        json.string(group.name)
        if let title = group.title {
            json.key("title")
            json.string(title)
        }
        json.key("reviews")
        json.int(group.reviewCount)
        json.key("duplicates")
        json.int(group.duplicates)
        if let accuracy = group.accuracy {
            json.key("accuracy")
            json.double(accuracy)
        }
        json.key("labels")
        json.beginObject()
        for label in labels {
            json.key(label)
            json.beginObject()
            json.key("reviews")
            json.int(group.counts[label] ?? 0)
            json.key("share")
            json.double(group.share(of: label))
            json.key("lines")
            json.beginArray()
            for line in group.lines(of: label) { write(line, to: &json) }
            json.endArray()
            json.endObject()
        }
        json.endObject()
        json.endObject()
    }

    private static func write(_ line: SummaryLine, to json: inout JSONWriter) {
        json.beginObject()
        json.key("text")
        json.string(utf8: line.text)
        json.key("weight")
        json.double(line.weight)
        json.key("probability")
        json.float(line.probability)
        json.key("id")
        json.raw(line.identity)
        json.key("reviews")
        json.int(line.reviews)
        json.endObject()
    }
}

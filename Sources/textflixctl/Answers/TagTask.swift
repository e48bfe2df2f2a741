// `tag`: the entities in each text.
//
//     Ada Lovelace[PER] wrote to Babbage[PER] from London[LOC].

import JSONText
import Presentation
import TextRuns
import TextflixClient
import TextflixProtocol

struct TagTask: TextTask {
    let procedure = Procedure<TagRequest, TagResponse>.tag
    var template = TagRequest()
    var format: AnswerFormat
    var screen: Screen
    private var writer = JSONWriter()
    /// Labels in the order of their appearance: each keeps its colour.
    private var seen: [String] = []

    init(format: AnswerFormat, screen: Screen) {
        self.format = format
        self.screen = screen
    }

    func answers(of response: TagResponse) -> [Tags] { response.results }

    mutating func show(_ answer: Tags, of item: TextItem, to lines: inout [UInt8]) {
        switch format {
        case .jsonl: lines.append(contentsOf: json(answer, item))
        case .tsv:
            for span in answer.spans {
                let numbers = ["\(span.start)", "\(span.end)", span.label, "\(span.probability)"]
                let row = [item.plainIdentity] + numbers.map { Array($0.utf8) } + [span.text.utf8]
                TabSeparated.append(row, to: &lines, on: screen)
            }
        case .table: lines.append(contentsOf: "\(marked(answer, item))\n".utf8)
        }
    }

    /// `{"id":1,"spans":[{"start":0,"end":3,"text":"Ada","label":"PER","probability":0.99}],…}`
    private mutating func json(_ answer: Tags, _ item: TextItem) -> [UInt8] {
        writer.beginObject()
        writer.member("id", raw: item.identity)
        writer.key("spans")
        writer.array(answer.spans) { writer, span in
            writer.beginObject()
            writer.member("start", span.start)
            writer.member("end", span.end)
            writer.member("text", utf8: span.text.utf8)
            writer.member("label", span.label)
            writer.member("probability", span.probability)
            writer.endObject()
        }
        writer.member("tokens", answer.tokens)
        writer.member("truncated", answer.truncated)
        writer.carried(item)
        writer.endObject()
        return writer.takeLine()
    }

    /// The text with its entities marked, whole: a person wants to read it in place.
    private mutating func marked(_ answer: Tags, _ item: TextItem) -> String {
        let text = item.text.utf8
        var line = ""
        var end = 0
        for span in answer.spans {
            let (start, stop) = (Int(span.start), Int(span.end))
            guard end <= start, start <= stop, stop <= text.count else { continue }
            if !seen.contains(span.label) { seen.append(span.label) }
            let index = seen.firstIndex(of: span.label) ?? 0
            line += Self.between(text[end..<start])
            line += screen.paint(
                DisplayWidth.oneLine(text[start..<stop]),
                LabelInk.others[index % LabelInk.others.count])
            line += screen.paint("[\(DisplayWidth.oneLine(span.label))]", .dim)
            end = stop
        }
        return line + Self.between(text[end...])
    }

    /// As `oneLine`, with one space kept at either end.
    private static func between(_ bytes: ArraySlice<UInt8>) -> String {
        func isSpace(_ byte: UInt8?) -> Bool {
            byte == 0x20 || byte.map { (9...13).contains($0) } == true
        }
        let middle = DisplayWidth.oneLine(bytes, limit: .max)
        if middle.isEmpty { return bytes.isEmpty ? "" : " " }
        return (isSpace(bytes.first) ? " " : "") + middle + (isSpace(bytes.last) ? " " : "")
    }
}

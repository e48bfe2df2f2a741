// `embed`: a vector for each text.
//
//     384 dimensions, length 1.00  [ 0.031 -0.052  0.008  0.114 …]  A very, very fun movie …

import JSONText
import Presentation
import TextRuns
import TextflixClient
import TextflixProtocol

struct EmbedTask: TextTask {
    let procedure = Procedure<EmbedRequest, EmbedResponse>.embed
    var template = EmbedRequest()
    var format: AnswerFormat
    var screen: Screen
    private var writer = JSONWriter()

    init(format: AnswerFormat, screen: Screen) {
        self.format = format
        self.screen = screen
    }

    func answers(of response: EmbedResponse) -> [Embedding] { response.embeddings }

    mutating func show(_ answer: Embedding, of item: TextItem, to lines: inout [UInt8]) {
        switch format {
        case .jsonl: lines.append(contentsOf: json(answer, item))
        case .tsv:
            let values = answer.values.map { Array($0.description.utf8) }
            TabSeparated.append([item.plainIdentity] + values, to: &lines, on: screen)
        case .table: lines.append(contentsOf: "\(row(answer, item))\n".utf8)
        }
    }

    /// `{"id":1,"embedding":[0.031,…],"tokens":9,"truncated":false}`
    private mutating func json(_ answer: Embedding, _ item: TextItem) -> [UInt8] {
        writer.beginObject()
        writer.member("id", raw: item.identity)
        writer.member("embedding", answer.values)
        writer.member("tokens", answer.tokens)
        writer.member("truncated", answer.truncated)
        writer.carried(item)
        writer.endObject()
        return writer.takeLine()
    }

    /// The shape, the length and a taste of the numbers.
    private func row(_ answer: Embedding, _ item: TextItem) -> String {
        let length = answer.values.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
        let first = answer.values.prefix(4).map {
            DisplayWidth.pad(fixed(Double($0), decimals: 3), to: 6, left: true)
        }
        let more = answer.values.count > 4 ? " …" : ""
        let head =
            "\(answer.values.count) dimensions, length \(threeDigits(length))  "
            + "[\(first.joined(separator: " "))\(more)]  "
        let room = max(16, screen.columns - DisplayWidth.of(head))
        return head + DisplayWidth.cut(DisplayWidth.oneLine(item.text.utf8), to: room)
    }
}

// `tokenize`: the pieces of each text, as ids and byte ranges.
//
//     ids        1037 2200 3185
//     table      a·1037  very·2200  movie·3185
//     jsonl      {"id":1,"ids":[1037,…],"starts":[0,…],"ends":[1,…]}

import JSONText
import Presentation
import TextRuns
import TextflixClient
import TextflixProtocol

enum TokenFormat: String, CaseIterable, Sendable { case ids, table, tsv, jsonl }

struct TokenizeTask: TextTask {
    let procedure = Procedure<TokenizeRequest, TokenizeResponse>.tokenize
    var template = TokenizeRequest()
    var format: TokenFormat
    var screen: Screen
    private var writer = JSONWriter()

    init(format: TokenFormat, screen: Screen) {
        self.format = format
        self.screen = screen
    }

    func answers(of response: TokenizeResponse) -> [Tokens] { response.results }

    mutating func show(_ answer: Tokens, of item: TextItem, to lines: inout [UInt8]) {
        switch format {
        case .jsonl: lines.append(contentsOf: json(answer, item))
        case .ids: Self.append(answer.ids, to: &lines)
        case .tsv:
            for (index, id) in answer.ids.enumerated() {
                let range = range(answer, index, item)
                let numbers = ["\(id)", "\(range.lowerBound)", "\(range.upperBound)"]
                TabSeparated.append(
                    [item.plainIdentity] + numbers.map { Array($0.utf8) }
                        + [Array(item.text.utf8[range])], to: &lines, on: screen)
            }
        case .table:
            let pieces = answer.ids.indices.map { index in
                let text = DisplayWidth.oneLine(item.text.utf8[range(answer, index, item)])
                return (text.isEmpty ? "∅" : text) + screen.paint("·\(answer.ids[index])", .dim)
            }
            lines.append(contentsOf: "\(pieces.joined(separator: "  "))\n".utf8)
        }
    }

    /// Ids parted by spaces: what other tokenizers' tools read and write.
    private static func append(_ ids: [UInt32], to lines: inout [UInt8]) {
        for (index, id) in ids.enumerated() {
            if index > 0 { lines.append(UInt8(ascii: " ")) }
            lines.append(contentsOf: String(id).utf8)
        }
        lines.append(UInt8(ascii: "\n"))
    }

    /// Which bytes of the text the piece stands for; none for one such as [CLS].
    private func range(_ answer: Tokens, _ index: Int, _ item: TextItem) -> Range<Int> {
        guard index < answer.starts.count, index < answer.ends.count else { return 0..<0 }
        let (start, end) = (Int(answer.starts[index]), Int(answer.ends[index]))
        return start <= end && end <= item.text.utf8.count ? start..<end : 0..<0
    }

    private mutating func json(_ answer: Tokens, _ item: TextItem) -> [UInt8] {
        writer.beginObject()
        writer.member("id", raw: item.identity)
        writer.member("ids", answer.ids)
        writer.member("starts", answer.starts)
        writer.member("ends", answer.ends)
        writer.carried(item)
        writer.endObject()
        return writer.takeLine()
    }
}

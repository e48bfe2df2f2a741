// `classify`: a label for each text.
//
//     positive  97.1 % █████████▋  A very, very fun movie that I could sit through twice …
//
//     {"id":7,"label":"positive","probability":0.971,"scores":{…},"tokens":231,"truncated":false}
//
//     7 <tab> positive <tab> 0.971 <tab> the text

import JSONText
import Presentation
import TextRuns
import TextflixClient
import TextflixProtocol

struct ClassifyTask: TextTask {
    let procedure = Procedure<ClassifyRequest, ClassifyResponse>.classify
    var template = ClassifyRequest()
    var format: AnswerFormat
    var screen: Screen
    /// Whether a row of the table begins with the text's number.
    var isNumbered = false

    private var writer = JSONWriter()
    private var labels = LabelInk()

    init(format: AnswerFormat, screen: Screen) {
        self.format = format
        self.screen = screen
    }

    func answers(of response: ClassifyResponse) -> [Classification] { response.results }

    func agrees(_ answer: Classification, with item: TextItem) -> Bool? {
        guard let given = item.givenLabel, answer.scores.contains(where: { $0.label == given })
        else { return nil }
        return answer.label == given
    }

    mutating func show(_ answer: Classification, of item: TextItem, to lines: inout [UInt8]) {
        switch format {
        case .jsonl: lines.append(contentsOf: json(answer, item))
        case .tsv:
            TabSeparated.append(
                [
                    item.plainIdentity, Array(answer.label.utf8),
                    Array(answer.probability.description.utf8), item.text.utf8,
                ], to: &lines, on: screen)
        case .table: lines.append(contentsOf: "\(row(answer, item))\n".utf8)
        }
    }

    /// The line that scripts rely on; fields are added at the end, before those carried through.
    private mutating func json(_ answer: Classification, _ item: TextItem) -> [UInt8] {
        writer.beginObject()
        writer.member("id", raw: item.identity)
        writer.member("label", answer.label)
        writer.member("probability", answer.probability)
        writer.key("scores")
        writer.beginObject()
        for score in answer.scores { writer.member(score.label, score.probability) }
        writer.endObject()
        writer.member("tokens", answer.tokens)
        writer.member("truncated", answer.truncated)
        if answer.truncated, answer.tokensTotal > 0 {
            writer.member("tokens_total", answer.tokensTotal)
        }
        if answer.windows > 0 { writer.member("windows", answer.windows) }
        writer.doubts(answer)
        writer.carried(item)
        writer.endObject()
        return writer.takeLine()
    }

    /// Label and bar in the label's colour, then as much of the text as the line holds.
    private mutating func row(_ answer: Classification, _ item: TextItem) -> String {
        labels.learn(answer.scores.map(\.label))
        let number = isNumbered ? DisplayWidth.pad("\(item.number)", to: 4, left: true) + "  " : ""
        let label = DisplayWidth.oneLine(answer.label)
        let shown = DisplayWidth.pad(answer.abstained ? "\(label)?" : label, to: labels.width + 1)
        let ink: Ink = answer.abstained ? .yellow : labels.ink(of: answer.label)
        let share = DisplayWidth.pad(certaintyText(Double(answer.probability)), to: 7, left: true)
        let bar = Bar.text(Double(answer.probability), columns: 10)
        let notes = Self.others(answer) + Self.reach(answer)
        let taken = DisplayWidth.of(number + shown + share + notes) + 1 + 10 + 2  // spaces and bar
        let text = DisplayWidth.cut(
            DisplayWidth.oneLine(item.text.utf8), to: max(16, screen.columns - taken))
        return screen.paint(number, .dim) + screen.paint(shown, ink) + share + " "
            + screen.paint(bar, ink) + "  " + text + screen.paint(notes, .yellow)
    }

    /// The labels that the model's promise lets stand beside the one that won.
    private static func others(_ answer: Classification) -> String {
        let names = answer.labelSet.filter { $0 != answer.label }
            .map { DisplayWidth.oneLine($0) }
        return names.isEmpty ? "" : " [or \(names.joined(separator: ", "))]"
    }

    /// How a long text was read: how much of it, or in how many parts.
    private static func reach(_ answer: Classification) -> String {
        if answer.windows > 0 { return " [in \(answer.windows) windows]" }
        guard answer.truncated else { return "" }
        return answer.tokensTotal > 0
            ? " [\(answer.tokens) of \(answer.tokensTotal) tokens]"
            : " [\(answer.tokens) tokens of more]"
    }
}

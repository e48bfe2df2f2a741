// An explanation in the terminal.
//
//     positive  97.1 %  ███████████   7 sentences, exact LIME, 128 evaluations, R² 0.98
//
//       +0.310  ██████████  A very, very fun movie.
//       −0.122  ▒▒▒▒        The plot is thin.
//
// Sentences stand each on a line of their own, in the text's order; words stay in the running text,
// the strong ones between marks, `[+fun]` and `[−bad]`, and the strongest are listed. Sign, bar and
// marks say all that colour says.

import Presentation
import TextRuns
import TextflixProtocol

struct ExplanationLines {
    let explained: Explained
    let item: TextItem
    let unit: Unit
    let screen: Screen
    let inks: LabelInk

    private var text: [UInt8] { item.text.utf8 }
    private static let listed = 10
    private static let barColumns = 10
    private static let margin = 2 + 7 + 2 + barColumns + 2

    var lines: [String] {
        let parts = explained.parts(of: text)
        let body = unit == .word ? words(parts) : sentences(parts)
        return heading(count: explained.response.features.count) + [""] + body
    }

    private func heading(count: Int) -> [String] {
        let answer = explained.classification
        let label = DisplayWidth.oneLine(answer.label)
        let bar = Bar.text(Double(answer.probability), columns: 10)
        let unitName = (unit == .word ? "word" : "sentence") + (count == 1 ? "" : "s")
        let windows = explained.response.windows
        let facts =
            [
                "\(count) \(unitName)", explained.methodName,
                explained.evaluationsText,
            ] + (explained.fidelity.map { ["R² \(fixed($0, decimals: 2))"] } ?? [])
            + (windows > 1 ? ["\(windows) windows"] : [])
        var lines = [
            screen.paint("\(label)\(answer.abstained ? "?" : "")", inks.ink(of: answer.label))
                + "  \(certaintyText(Double(answer.probability))) "
                + screen.paint(bar, inks.ink(of: answer.label)) + "  "
                + screen.paint(facts.joined(separator: ", "), .dim)
        ]
        let explainedLabel = DisplayWidth.oneLine(explained.label)
        let measure = explained.isLinear ? "logit" : "probability"
        lines.append(
            screen.paint("weights: what each adds to the \(measure) of \(explainedLabel)", .dim))
        if answer.truncated {
            lines.append(
                screen.paint("the model read only \(answer.tokens) tokens of this text", .yellow))
        }
        if let caution = explained.caution(of: unit) {
            lines.append(screen.paint(caution, .yellow))
        }
        return lines
    }

    // MARK: - Sentences

    private func sentences(_ parts: [Explained.Part]) -> [String] {
        parts.flatMap { part -> [String] in
            let sentence = DisplayWidth.oneLine(
                withoutBreaks(trimmedPart(text[part.range]), 0x20), limit: .max)
            let room = max(24, screen.columns - Self.margin)
            let rows = Self.wrapped(sentence, to: room)
            let margin = String(repeating: " ", count: Self.margin)
            return rows.enumerated().map { index, row in
                let ink: Ink? =
                    explained.isUnread(part)
                    ? .dim : part.strength > Explained.strongFrom ? ink(of: part) : nil
                let painted = ink.map { screen.paint(row, $0) } ?? row
                return (index == 0 ? gauge(part) : margin) + painted
            }
        }
    }

    /// Weight and bar: full blocks for the label, shaded ones against it.
    private func gauge(_ part: Explained.Part) -> String {
        let weight = DisplayWidth.pad(Self.signed(part.weight), to: 7, left: true)
        let filled = Int((part.strength * Double(Self.barColumns)).rounded())
        let bar =
            part.weight < 0
            ? DisplayWidth.pad(String(repeating: "▒", count: filled), to: Self.barColumns)
            : Bar.text(part.strength, columns: Self.barColumns)
        return "  \(weight)  " + screen.paint(bar, ink(of: part)) + "  "
    }

    /// The label's own ink for what supports it; against it, that of the other label where there
    /// is just one.
    private func ink(of part: Explained.Part) -> Ink {
        if part.weight >= 0 { return inks.ink(of: explained.label) }
        let others = explained.classification.scores.map(\.label).filter { $0 != explained.label }
        return others.count == 1 ? inks.ink(of: others[0]) : .yellow
    }

    // MARK: - Words

    private func words(_ parts: [Explained.Part]) -> [String] {
        var running: [(text: String, ink: Ink?)] = []
        var end = 0
        for part in parts {
            running += Self.plain(text[end..<part.range.lowerBound])
            let word = DisplayWidth.oneLine(text[part.range])
            if part.strength > Explained.strongFrom {
                let sign = part.weight < 0 ? "−" : "+"
                running.append(("[\(sign)\(word)]", ink(of: part)))
            } else {
                let isSeen = part.strength > Explained.tintedFrom
                running.append((word, isSeen ? ink(of: part) : nil))
            }
            end = part.range.upperBound
        }
        running += Self.plain(text[end...])
        var strongest = Set<Int>()
        let list = parts.sorted { $0.strength > $1.strength }
            .filter { strongest.insert($0.feature).inserted }.prefix(Self.listed)
        return wrapped(running) + [""]
            + list.map { gauge($0) + DisplayWidth.oneLine(text[$0.range]) }
    }

    /// As `oneLine`, with one space kept at either end: whatever that makes a space of, such as one
    /// that does not break, parts two words here too.
    private static func plain(_ bytes: ArraySlice<UInt8>) -> [(text: String, ink: Ink?)] {
        let plain = withoutBreaks(bytes, 0x20)
        let middle = DisplayWidth.oneLine(plain, limit: .max)
        if middle.isEmpty { return [(plain.isEmpty ? "" : " ", nil)] }
        let scalars = String(decoding: plain, as: UTF8.self).unicodeScalars
        let isSpace = { (scalar: Unicode.Scalar?) in
            scalar.map { DisplayWidth.oneLine(String($0)).isEmpty } ?? false
        }
        let (before, after) = (isSpace(scalars.first), isSpace(scalars.last))
        return [((before ? " " : "") + middle + (after ? " " : ""), nil)]
    }

    /// Pieces as one running text, broken at spaces, painted piece by piece.
    private func wrapped(_ pieces: [(text: String, ink: Ink?)]) -> [String] {
        let room = max(24, screen.columns - 4)
        var lines: [String] = []
        var line = ""
        var width = 0
        var word: [(text: String, ink: Ink?)] = []
        func flush() {
            let size = word.reduce(0) { $0 + DisplayWidth.of($1.text) }
            guard size > 0 else { return }
            if width > 0, width + 1 + size > room {
                lines.append("  " + line)
                line = ""
                width = 0
            }
            if width > 0 {
                line += " "
                width += 1
            }
            for piece in word {
                line += piece.ink.map { screen.paint(piece.text, $0) } ?? piece.text
            }
            width += size
            word = []
        }
        for piece in pieces {
            let parts = piece.text.split(separator: " ", omittingEmptySubsequences: false)
            for (index, part) in parts.enumerated() {
                if index > 0 { flush() }
                if !part.isEmpty { word.append((String(part), piece.ink)) }
            }
        }
        flush()
        if width > 0 { lines.append("  " + line) }
        return lines
    }

    private static func wrapped(_ text: String, to columns: Int) -> [String] {
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ") {
            if !line.isEmpty, DisplayWidth.of(line) + 1 + DisplayWidth.of(String(word)) > columns {
                lines.append(line)
                line = ""
            }
            line += (line.isEmpty ? "" : " ") + word
        }
        return lines + (line.isEmpty && !lines.isEmpty ? [] : [line])
    }

    /// `+0.310`, `−0.122`, ` 0.000`, in three decimals.
    static func signed(_ weight: Double) -> String {
        let size = fixed(abs(weight), decimals: 3)
        if size == "0.000" { return " \(size)" }
        return (weight < 0 ? "−" : "+") + size
    }
}

// An explanation in HTML: the text as it reads, its parts tinted by weight in the colour of the
// label that they speak for, the strong ones underlined (straight: for the label, wavy: against
// it), what was not read in grey, and the strongest listed with numbers.

import Presentation
import TextRuns
import TextflixProtocol

struct ExplanationCard {
    let explained: Explained
    let item: TextItem
    let unit: Unit

    private static let listed = 8

    var markup: HTML {
        let answer = explained.classification
        let parts = explained.parts(of: item.text.utf8)
        let share = certaintyText(Double(answer.probability))
        let identity = String(decoding: item.plainIdentity, as: UTF8.self)
        return """
            <section class="card">
            <div class="head"><h2>\(answer.label) <span class="n">\(share)</span></h2>
            <span class="quiet">\(identity)</span></div>
            <p class="quiet">\(facts)</p>
            \(caution)
            <p class="text">\(running(parts))</p>
            \(list(parts))</section>

            """
    }

    private var facts: String {
        let response = explained.response
        let count = response.features.count
        let name = (unit == .word ? "word" : "sentence") + (count == 1 ? "" : "s")
        let measure = explained.isLinear ? "logit" : "probability"
        var text =
            "\(count) \(name), \(explained.methodName), \(explained.evaluationsText)"
            + "\(explained.fidelity.map { ", R² \(fixed($0, decimals: 2))" } ?? ""). "
            + "A weight is what a part adds to the \(measure) of “\(explained.label)”; "
            + "what adds much is underlined, what takes much away has a wavy line."
        if response.windows > 1 { text += " Read in \(response.windows) windows." }
        if explained.truncated {
            text += " The model read only \(explained.tokenCount) tokens of this text."
        }
        return text
    }

    private var caution: HTML {
        guard let caution = explained.caution(of: unit) else { return .nothing }
        return """
            <p class="caution">\(caution)</p>

            """
    }

    /// The colour of what has such a weight: that of the label it speaks for.
    private func side(_ weight: Double) -> String {
        let isRed = LabelInk().ink(of: explained.label) == .red
        return (weight < 0) != isRed ? "minus" : "plus"
    }

    private func running(_ parts: [Explained.Part]) -> HTML {
        let text = item.text.utf8
        var markup = HTML.nothing
        var end = 0
        for part in parts {
            markup += Self.plain(text[end..<part.range.lowerBound])
            // Blanks at a sentence's end are not part of what is tinted.
            let inner = trimmedPart(text[part.range])
            markup += Self.plain(text[part.range.lowerBound..<inner.startIndex])
            markup += span(part, inner)
            markup += Self.plain(text[inner.endIndex..<part.range.upperBound])
            end = part.range.upperBound
        }
        return markup + Self.plain(text[end...])
    }

    private func span(_ part: Explained.Part, _ text: ArraySlice<UInt8>) -> HTML {
        let words = Self.plain(text)
        if explained.isUnread(part) { return "<span class=\"unread\">\(words)</span>" }
        let share = Int((100 * part.strength).rounded())
        guard share >= 5 else { return words }
        let away = part.weight < 0 ? " away" : ""
        let strong = part.strength > Explained.strongFrom ? " strong\(away)" : ""
        let weight = ExplanationLines.signed(part.weight)
        return """
            <span class="\(side(part.weight))\(strong)" style="--share: \(share)%" \
            title="\(weight)">\(words)</span>
            """
    }

    /// The strongest parts, with their weights as numbers and bars.
    private func list(_ parts: [Explained.Part]) -> HTML {
        guard parts.count > 1 else { return .nothing }
        var seen = Set<Int>()
        let strongest = parts.sorted { $0.strength > $1.strength }
            .filter { seen.insert($0.feature).inserted }.prefix(Self.listed)
        let rows = strongest.joined { part -> HTML in
            let side = "bar \(side(part.weight))"
            let width = Int((100 * part.strength).rounded())
            let text = withoutBreaks(trimmedPart(item.text.utf8[part.range]), 0x20)
            return """
                <tr><td class="n">\(ExplanationLines.signed(part.weight))</td>\
                <td><span class="\(side)"><i style="width: \(width)%"></i></span></td>\
                <td>\(utf8: text)</td></tr>

                """
        }
        return """
            <details><summary>The strongest, in numbers</summary>
            <table>\(rows)</table></details>

            """
    }

    private static func plain(_ text: ArraySlice<UInt8>) -> HTML {
        "\(utf8: withoutBreaks(text, UInt8(ascii: "\n")))"
    }
}

private func + (left: HTML, right: HTML) -> HTML {
    var sum = left
    sum += right
    return sum
}

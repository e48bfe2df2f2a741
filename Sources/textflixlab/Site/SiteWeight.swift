// Weights as the pages need them: places in UTF-16, the units in which JavaScript counts a string;
// and reviews in one character each.

import JSONText
import TextRuns

enum SiteWeight {
    struct Part: Equatable {
        let start: Int
        let length: Int
        let weight: Double
    }

    /// Sentences in the order of the text, without the blanks around them.
    static func parts(of text: [UInt8], _ explained: Explained) -> [Part] {
        var byte = 0
        var unit = 0
        /// Goes on to that byte; ranges ascend, so the text is read once.
        func units(upTo end: Int) -> Int {
            while byte < end {
                // Of a sequence of four bytes two units, of the others one; counted at its start.
                if text[byte] & 0xC0 != 0x80 { unit += text[byte] >= 0xF0 ? 2 : 1 }
                byte += 1
            }
            return unit
        }
        return explained.parts(of: text).compactMap { part in
            let range = trimmedPart(text[part.range])
            guard !range.isEmpty else { return nil }
            let start = units(upTo: range.startIndex)
            return Part(
                start: start, length: units(upTo: range.endIndex) - start,
                weight: shown(part.weight))
        }
    }

    /// Five decimals: a hundredth of the least difference that a page shows. What is not nothing
    /// does not become it: a weight of 0 in a text that was cut says that nobody read it.
    static func shown(_ weight: Double) -> Double {
        let rounded = (weight * 1e5).rounded() / 1e5
        return rounded == 0 && weight != 0 ? (weight < 0 ? -1e-5 : 1e-5) : rounded
    }

    /// An identity as a reader sees it: what a JSON string says, else as it stands.
    static func plain(_ identity: [UInt8]) -> [UInt8] {
        guard let text = (try? JSONDocument.parse(identity))?.string else { return identity }
        return Array(text.utf8)
    }

    private static let steps = 10
    private static let first = UInt8(ascii: "0")
    /// Characters from `0` to `[`: past them comes the backslash, which JSON doubles.
    private static let mostLabels = 4

    /// A character a review: its label, and how far its certainty is from a guess, in ten steps.
    static func strip(_ film: SiteFilm, _ side: Int, labelCount: Int) -> String {
        guard labelCount <= mostLabels else { return "" }
        let guess = 1 / Double(labelCount)
        let characters = film.reviews.map { review -> UInt8 in
            let answer = review.answers[side]
            let share = (answer.confidence - guess) / (1 - guess)
            let step = min(steps - 1, max(0, Int(share * Double(steps))))
            return first + UInt8(answer.given * steps + step)
        }
        return String(decoding: characters, as: UTF8.self)
    }
}

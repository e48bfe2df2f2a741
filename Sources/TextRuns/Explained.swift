// The daemon's explanation of one text, as every view of it needs it: parts in the text's order,
// offsets that are sure to lie in the text, strengths relative to the strongest.

import JSONText
import Presentation
import TextflixClient
package import TextflixProtocol

package struct Explained: TextAnswer, Sendable {
    /// One sentence, or one place of a word.
    package struct Part: Sendable {
        package let range: Range<Int>
        package let weight: Double
        /// |weight| over the largest of the text, 0...1.
        package let strength: Double
        /// The feature it belongs to: a word has several places.
        package let feature: Int
    }

    package var response: ExplainResponse

    package init(response: ExplainResponse) { self.response = response }

    /// A text that cannot be explained fails its request, so there is no such answer.
    package var code: Int32 { 0 }
    package var error: String { "" }

    package var classification: Classification { response.classification ?? Classification() }
    package var tokenCount: Int { Int(classification.tokens) }
    package var truncated: Bool { classification.truncated }
    /// The label that the weights speak for.
    package var label: String { response.label.isEmpty ? classification.label : response.label }

    /// Which weights are shown as strong: underlined, or with a mark.
    package static let strongFrom = 0.5
    /// Which words of a running text have a colour, though no mark.
    package static let tintedFrom = 0.2

    /// All places of all features, in the order of the text.
    package func parts(of text: [UInt8]) -> [Part] {
        let most = response.features.map { Double($0.weight.magnitude) }.max() ?? 0
        var parts: [Part] = []
        for (index, feature) in response.features.enumerated() {
            let places =
                [(feature.start, feature.end)]
                + zip(feature.furtherStarts, feature.furtherEnds)
            for (start, end) in places {
                guard start <= end, Int(end) <= text.count else { continue }
                let weight = Double(feature.weight)
                parts.append(
                    Part(
                        range: Int(start)..<Int(end), weight: weight,
                        strength: most > 0 ? abs(weight) / most : 0, feature: index))
            }
        }
        parts.sort { $0.range.lowerBound < $1.range.lowerBound }
        var end = 0
        return parts.filter { part in
            defer { end = max(end, part.range.upperBound) }
            return part.range.lowerBound >= end
        }
    }

    /// `exact LIME`, as a person calls it.
    package var methodName: String {
        switch response.method {
        case .auto: "?"
        case .lime: "LIME, \(response.samples) samples"
        case .exactLime: "exact LIME"
        case .shapley: "Shapley values"
        case .leaveOneOut: "leave-one-out"
        case .linear: "the model's own weights"
        case .unrecognized(let number): "method \(number)"
        }
    }

    package var evaluationsText: String {
        "\(grouped(response.evaluations)) evaluation\(response.evaluations == 1 ? "" : "s")"
    }

    /// How well the weights add up to the model's answers; nil where they do by construction: what
    /// leaving out each part once gives is as many numbers as there are weights.
    package var fidelity: Double? {
        response.method == .leaveOneOut ? nil : Double(response.fidelityR2)
    }

    /// Under this R² an additive account is a poor one.
    private static let fairFidelity = 0.5

    /// What a reader should know before trusting the weights; nil: nothing.
    package func caution(of unit: Unit) -> String? {
        if response.features.count == 1, unit == .sentence {
            return "one sentence: what its words weigh, --unit word tells"
        }
        guard let fidelity, fidelity < Self.fairFidelity, response.features.count > 1 else {
            return nil
        }
        return "R² \(fixed(fidelity, decimals: 2)): the parts hardly add up, so their weights tell "
            + "little; the model looks at what they are together"
    }

    /// The model cut the text, and what stands here moved nothing.
    package func isUnread(_ part: Part) -> Bool { truncated && part.weight == 0 }

    /// What a weight is measured in.
    package var isLinear: Bool { response.method == .linear }
}

/// Blanks and line breaks of HTML at the ends of a part are no part of it to a reader.
package func trimmedPart(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (9...13).contains(byte) }
    let breaks = ["<br />", "<br/>", "<br>"].map { Array($0.utf8) }
    var text = text
    while true {
        if let first = text.first, isBlank(first) {
            text.removeFirst()
        } else if let last = text.last, isBlank(last) {
            text.removeLast()
        } else if let found = breaks.first(where: { text.starts(with: $0) }) {
            text.removeFirst(found.count)
        } else if let found = breaks.first(where: { text.suffix($0.count).elementsEqual($0) }) {
            text.removeLast(found.count)
        } else {
            return text
        }
    }
}

/// A text for a reader: `<br />` is a line end, or a space where all stands in one line.
package func withoutBreaks(_ text: some Sequence<UInt8>, _ replacement: UInt8) -> [UInt8] {
    var rest = Array(text)[...]
    var plain: [UInt8] = []
    let breaks = ["<br />", "<br/>", "<br>"].map { Array($0.utf8) }
    while let byte = rest.first {
        if byte == UInt8(ascii: "<"), let found = breaks.first(where: { rest.starts(with: $0) }) {
            rest.removeFirst(found.count)
            plain.append(replacement)
        } else {
            rest.removeFirst()
            plain.append(byte)
        }
    }
    return plain
}

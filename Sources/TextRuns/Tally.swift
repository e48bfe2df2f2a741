// What became of the texts, in one closing sentence.

import Presentation

package struct Tally: Sendable, Equatable {
    package var answered = 0
    package var tokens = 0
    package var truncated = 0
    package var failed = 0
    /// Texts that came with a label of their own, and how many answers agree with it.
    package var labelled = 0
    package var agreed = 0

    /// Counts a good answer.
    package mutating func count(_ answer: some TextAnswer, agrees: Bool?) {
        answered += 1
        tokens += answer.tokenCount
        if answer.truncated { truncated += 1 }
        if let agrees {
            labelled += 1
            if agrees { agreed += 1 }
        }
    }

    /// nil: there is nothing worth saying.
    /// - Parameter isWanted: also when all went well.
    package func summary(after seconds: Double, isWanted: Bool) -> String? {
        guard isWanted || truncated > 0 || failed > 0 else { return nil }
        let time = max(seconds, 1e-9)
        var parts = ["\(Self.texts(answered)) in \(Duration.seconds(seconds).shown)"]
        if answered > 1 {
            let rates = (rateText(Double(answered) / time), rateText(Double(tokens) / time))
            parts[0] += " (\(rates.0)/s, \(rates.1) tokens/s)"
        }
        if labelled > 0 {
            let share = fixed(100 * Double(agreed) / Double(labelled), decimals: 2)
            parts.append("\(share) % of \(grouped(labelled)) given labels met")
        }
        if truncated > 0 {
            let verb = truncated == 1 ? "was" : "were"
            parts.append("\(Self.texts(truncated)) \(verb) longer than the model reads and cut")
        }
        if failed > 0 { parts.append("\(Self.texts(failed)) failed") }
        return parts.joined(separator: "; ")
    }

    private static func texts(_ count: Int) -> String {
        "\(grouped(count)) text\(count == 1 ? "" : "s")"
    }
}

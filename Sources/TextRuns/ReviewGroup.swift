// Reviews of one film in numbers and lines: pure, from explained texts.
//
// Invariant: a review counts once, however often its text occurs; equal sentences are one line with
// the number of reviews that have it. Lines of a label stand by falling weight.

import TextflixProtocol

/// What is said for a label: the sentence of a review that supports it most.
package struct SummaryLine: Sendable, Equatable {
    package var text: [UInt8]
    package var weight: Double
    /// Of the review it stands in, the surest where there are several.
    package var probability: Float
    /// JSON, as it stood in the file.
    package var identity: [UInt8]
    package var reviews = 1
}

package struct ReviewGroup: Sendable {
    /// What the reviews have in common: a film's number.
    package let name: String
    package let title: String?
    package private(set) var reviewCount = 0
    package private(set) var duplicates = 0
    /// Reviews by label.
    package private(set) var counts: [String: Int] = [:]
    /// Reviews with a label of their own, and those of them that were met.
    package private(set) var labelled = 0
    package private(set) var met = 0
    private var lines: [String: [SummaryLine]] = [:]
    private var texts: Set<[UInt8]> = []
    private var places: [String: [[UInt8]: Int]] = [:]

    package init(name: String, title: String?) {
        self.name = name
        self.title = title
    }

    package mutating func add(_ item: TextItem, _ explained: Explained) {
        guard texts.insert(item.text.utf8).inserted else {
            duplicates += 1
            return
        }
        let answer = explained.classification
        reviewCount += 1
        counts[answer.label, default: 0] += 1
        if let given = item.givenLabel, answer.scores.contains(where: { $0.label == given }) {
            labelled += 1
            met += given == answer.label ? 1 : 0
        }
        let parts = explained.parts(of: item.text.utf8)
        // What was not read says nothing, even where all that was read speaks against the label.
        let read = parts.filter { !explained.isUnread($0) }
        guard let best = (read.isEmpty ? parts : read).max(by: { $0.weight < $1.weight }) else {
            return
        }
        let text = withoutBreaks(trimmedPart(item.text.utf8[best.range]), 0x20)
        add(
            SummaryLine(
                text: text, weight: best.weight, probability: answer.probability,
                identity: item.identity), of: answer.label)
    }

    private mutating func add(_ line: SummaryLine, of label: String) {
        let key = Self.merged(line.text)
        guard let place = places[label]?[key] else {
            places[label, default: [:]][key] = lines[label]?.count ?? 0
            lines[label, default: []].append(line)
            return
        }
        lines[label]?[place].reviews += 1
        guard var kept = lines[label]?[place] else { return }
        kept.probability = max(kept.probability, line.probability)
        if line.weight > kept.weight {
            (kept.text, kept.weight, kept.identity) = (line.text, line.weight, line.identity)
        }
        lines[label]?[place] = kept
    }

    private static let marks = Set<Character>(".…,;:!\"'“”‘’«»(){}[]–—")

    /// Sentences are equal without case, numbers of blanks, and marks about their words; not a
    /// question and an answer, nor B+ and B-. Of marks alone they are themselves: stars are no
    /// thumbs.
    private static func merged(_ text: [UInt8]) -> [UInt8] {
        let lowered = String(decoding: text, as: UTF8.self).lowercased()
        let words = lowered.split(whereSeparator: \.isWhitespace).compactMap {
            (word: Substring) -> Substring? in
            let bare = word.drop(while: marks.contains)
            return bare.lastIndex { !marks.contains($0) }.map { bare[...$0] }
        }
        return words.isEmpty ? text : Array(words.joined(separator: " ").utf8)
    }

    /// The strongest first.
    package func lines(of label: String) -> [SummaryLine] {
        (lines[label] ?? []).sorted { $0.weight > $1.weight }
    }

    package func share(of label: String) -> Double {
        Double(counts[label] ?? 0) / Double(max(1, reviewCount))
    }

    /// Of the reviews that have a label of their own.
    package var accuracy: Double? { labelled == 0 ? nil : Double(met) / Double(labelled) }

    package var heading: String { title ?? name }
}

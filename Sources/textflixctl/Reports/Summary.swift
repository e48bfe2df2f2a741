// Reviews of one film in numbers and lines: pure, from explained texts.
//
// Invariant: a review counts once, however often its text occurs; equal sentences are one line with
// the number of reviews that have it. Lines of a label stand by falling weight.

import Presentation
import TextflixProtocol

struct Summary: Sendable {
    let model: ServedModel
    let file: String
    let groups: [ReviewGroup]
    /// How sentences were weighed.
    var method = ""

    var reviewCount: Int { groups.reduce(0) { $0 + $1.reviewCount } }
}

/// What is said for a label: the sentence of a review that supports it most.
struct SummaryLine: Sendable, Equatable {
    var text: [UInt8]
    var weight: Double
    /// Of the review it stands in, the surest where there are several.
    var probability: Float
    /// JSON, as it stood in the file.
    var identity: [UInt8]
    var reviews = 1
}

struct ReviewGroup: Sendable {
    /// What the reviews have in common: a film's number.
    let name: String
    let title: String?
    private(set) var reviewCount = 0
    private(set) var duplicates = 0
    /// Reviews by label.
    private(set) var counts: [String: Int] = [:]
    /// Reviews with a label of their own, and those of them that were met.
    private(set) var labelled = 0
    private(set) var met = 0
    private var lines: [String: [SummaryLine]] = [:]
    private var texts: Set<[UInt8]> = []
    private var places: [String: [[UInt8]: Int]] = [:]

    init(name: String, title: String?) {
        self.name = name
        self.title = title
    }

    mutating func add(_ item: TextItem, _ explained: Explained) {
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
        guard let best = parts.max(by: { $0.weight < $1.weight }) else { return }
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

    /// Sentences are equal without case, blanks and punctuation.
    private static func merged(_ text: [UInt8]) -> [UInt8] {
        let lowered = String(decoding: text, as: UTF8.self).lowercased()
        return Array(
            lowered.unicodeScalars.filter { $0.properties.isAlphabetic || $0.isDigit }
                .map { String($0) }.joined().utf8)
    }

    /// The strongest first.
    func lines(of label: String) -> [SummaryLine] {
        (lines[label] ?? []).sorted { $0.weight > $1.weight }
    }

    func share(of label: String) -> Double {
        Double(counts[label] ?? 0) / Double(max(1, reviewCount))
    }

    /// Of the reviews that have a label of their own.
    var accuracy: Double? { labelled == 0 ? nil : Double(met) / Double(labelled) }

    var heading: String { title ?? name }
}

extension Unicode.Scalar {
    fileprivate var isDigit: Bool { ("0"..."9").contains(self) }
}

/// In which order films stand.
enum GroupOrder: Equatable {
    case reviews, title, accurate, inaccurate
    /// The largest share of this label first.
    case label(String)

    init?(_ word: String, labels: [String]) {
        switch word {
        case "reviews": self = .reviews
        case "title": self = .title
        case "accurate": self = .accurate
        case "inaccurate": self = .inaccurate
        case _ where labels.contains(word): self = .label(word)
        default: return nil
        }
    }

    /// Equals stand by their number of reviews, then as they came.
    func sorted(_ groups: [ReviewGroup]) -> [ReviewGroup] {
        func value(_ group: ReviewGroup) -> Double {
            switch self {
            case .reviews, .title: 0
            case .accurate: group.accuracy ?? -1
            case .inaccurate: -(group.accuracy ?? 2)
            case .label(let label): group.share(of: label)
            }
        }
        if self == .title { return groups.sorted { $0.heading < $1.heading } }
        return groups.sorted {
            let (left, right) = (value($0), value($1))
            return left == right ? $0.reviewCount > $1.reviewCount : left > right
        }
    }
}

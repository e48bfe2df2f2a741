// A summary of a file: its films, in the order that was asked for.

import TextRuns

struct Summary: Sendable {
    let model: ServedModel
    let file: String
    let groups: [ReviewGroup]
    /// How sentences were weighed.
    var method = ""

    var reviewCount: Int { groups.reduce(0) { $0 + $1.reviewCount } }
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

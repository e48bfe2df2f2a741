// What the site shows, before it is written: films with their reviews, each with the answers of all
// models. Values only.
//
// Invariant: every review has an answer of every model, in the order of the models; scores stand in
// the order of the first model's labels. A review keeps its key over later builds: the key follows
// from its text alone, so that a link to it stays good.

import Insight
import Syscalls
import TextRuns
import TextflixProtocol

struct SiteReview {
    let item: TextItem
    /// The text's hash in hexadecimal; a further one with the same text in the film has `-2`.
    var key: String
    /// A label's index; nil: the file does not say.
    let truth: Int?
    let answers: [SiteAnswer]
    /// nil: there is none, the text is shown plain.
    var explanations: [Explained?]

    /// Whether the models gave different labels.
    var isDisputed: Bool { answers.contains { $0.given != answers[0].given } }

    /// How surely they contradict each other: the less sure one's certainty.
    var clash: Double { answers.map(\.confidence).min() ?? 0 }
}

struct SiteAnswer {
    let probabilities: [Double]
    let given: Int
    let isAbstained: Bool
    let isTruncated: Bool
    let tokens: UInt32

    init(_ answer: Classification, _ labels: TrueLabels) {
        probabilities = labels.probabilities(answer)
        // As evaluations have it: the label with the highest probability, the first of equals.
        given = Prediction(probabilities: probabilities, truth: 0).label
        isAbstained = answer.abstained
        isTruncated = answer.truncated
        tokens = answer.tokens
    }

    var confidence: Double { probabilities[given] }

    /// Certainty in thousandths, as `certaintyText` has them.
    var permille: Int { TextRuns.permille(confidence) }
}

struct SiteFilm {
    /// What the reviews have in common, as the file has it.
    let name: String
    /// Its name in links and of its file.
    let key: String
    let title: String?
    let year: String?
    private(set) var reviews: [SiteReview] = []
    /// How often a text's hash came.
    private var seen: [String: Int] = [:]

    init(name: String, title: String?, year: String?) {
        self.name = name
        self.title = title
        self.year = year
        key = Self.key(name)
    }

    var heading: String { title ?? name }

    /// The name of the film that a review is about, by that field of its line.
    static func name(of item: TextItem, _ group: String) throws(Failure) -> String {
        guard let name = item.field(group) else {
            throw Failure(
                .data,
                "line \(item.number): no field \"\(group)\" that says which film it is about "
                    + "(--group-field names another)")
        }
        return name
    }

    /// A name that is a file's on every system stays; of another, its hash.
    static func key(_ name: String) -> String {
        let isPlain = name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
            default: byte == UInt8(ascii: "-")
            }
        }
        // A hash has an underscore, so a plain name is never taken for one.
        if isPlain, (1...64).contains(name.utf8.count) { return name }
        return "film_" + String(Text(name).fingerprint, radix: 16)
    }

    /// Reviews of a label, as that model sees it.
    func count(of label: Int, by model: Int) -> Int {
        reviews.count { $0.answers[model].given == label }
    }

    /// The sentence of each review that speaks most for its label.
    func lines(by model: Int) -> ReviewGroup {
        var group = ReviewGroup(name: name, title: title)
        for (index, review) in reviews.enumerated() {
            guard let explained = review.explanations[model] else { continue }
            // The place among the film's reviews stands for the identity: a line links to it.
            group.add(
                TextItem(
                    number: review.item.number, text: review.item.text,
                    identity: Array(String(index).utf8)), explained)
        }
        return group
    }

    mutating func add(_ review: SiteReview) {
        var review = review
        let times = (seen[review.key] ?? 0) + 1
        seen[review.key] = times
        if times > 1 { review.key += "-\(times)" }
        reviews.append(review)
    }
}

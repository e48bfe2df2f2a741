// The six things worth seeing, as places in this very site.
//
// Which film and which review is chosen by figures alone, the first of equals: a tour is the same
// each time the site is made. A stop whose place is not there (no labels, no mistake, one model) is
// a stop at the next best one; the pages name it accordingly.

import TextRuns
import TextflixProtocol

struct SiteTour {
    /// A film's place and a review's in it; nil: the page as a whole.
    struct Stop {
        let film: Int
        let review: Int?
    }

    /// A film with much to say on both sides.
    let summary: Stop
    /// A review whose label hangs on few of its sentences.
    let reasons: Stop
    /// The surest mistake; without labels, or where all is right, the least sure answer.
    let doubt: Stop

    init(_ site: Site) {
        summary = Stop(film: Self.mostDivided(site.films), review: nil)
        let first = Stop(film: 0, review: 0)
        reasons = Self.highest(site.films, Self.contrast) ?? first
        doubt =
            Self.highest(site.films, Self.mistake)
            ?? Self.highest(site.films, Self.unsureness) ?? first
    }

    /// The review with the highest score, the first of equals; nil: none has a score.
    private static func highest(_ films: [SiteFilm], _ score: (SiteReview) -> Double?) -> Stop? {
        var highest: (score: Double, stop: Stop)?
        for (place, film) in films.enumerated() {
            for (index, review) in film.reviews.enumerated() {
                guard let found = score(review), found > highest?.score ?? -1 else { continue }
                highest = (found, Stop(film: place, review: index))
            }
        }
        return highest?.stop
    }

    /// The film whose smallest side is the largest.
    private static func mostDivided(_ films: [SiteFilm]) -> Int {
        var best = (score: -1, place: 0)
        for (place, film) in films.enumerated() {
            let given = film.reviews.map { $0.answers[0].given }
            let counts = Set(given).map { label in given.count { $0 == label } }.sorted(by: >)
            let score = counts.count > 1 ? counts[1] : 0
            if score > best.score { best = (score, place) }
        }
        return best.place
    }

    /// How sure the first model is of a wrong answer; nil: it is right, or nobody knows.
    private static func mistake(_ review: SiteReview) -> Double? {
        let answer = review.answers[0]
        guard let truth = review.truth, truth != answer.given else { return nil }
        return answer.confidence
    }

    private static func unsureness(_ review: SiteReview) -> Double? {
        1 - review.answers[0].confidence
    }

    /// How well a review shows reasons: sentences that speak strongly for it, and against it, in a
    /// text that can be read at a glance.
    private static func contrast(_ review: SiteReview) -> Double {
        guard let explained = review.explanations[0], review.item.text.utf8.count < 1200 else {
            return 0
        }
        let weights = explained.parts(of: review.item.text.utf8).map(\.weight)
        guard (4...12).contains(weights.count), !review.isDisputed else { return 0 }
        let most = weights.map(abs).max() ?? 0
        let against = -(weights.min() ?? 0)
        let strong = weights.count { abs($0) > Explained.strongFrom * most }
        return strong < weights.count ? min(most, 3 * max(0, against)) : 0
    }
}

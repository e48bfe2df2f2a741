// The six things worth seeing, as places in this very site.
//
// Which film and which review is chosen by figures alone, the first of equals: a tour is the same
// each time the site is made. A stop whose place is not there (no labels, one model) is a stop at
// the next best one.

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
    /// The surest mistake; without labels, the least sure answer.
    let doubt: Stop

    init(_ site: Site) {
        summary = Stop(film: Self.mostDivided(site.films), review: nil)
        var strongest = (score: -1.0, stop: Stop(film: 0, review: 0))
        var surest = (score: -1.0, stop: Stop(film: 0, review: 0))
        for (place, film) in site.films.enumerated() {
            for (index, review) in film.reviews.enumerated() {
                let stop = Stop(film: place, review: index)
                let contrast = Self.contrast(review)
                if contrast > strongest.score { strongest = (contrast, stop) }
                let answer = review.answers[0]
                let doubt =
                    review.truth.map { $0 == answer.given ? 0 : answer.confidence }
                    ?? 1 - answer.confidence
                if doubt > surest.score { surest = (doubt, stop) }
            }
        }
        reasons = strongest.stop
        doubt = surest.stop
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

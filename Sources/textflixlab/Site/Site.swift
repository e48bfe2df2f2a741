// A site before it is written: films, figures, and what is worth seeing first.

import CommandLineTable
import TextRuns

struct Site {
    let title: String
    let models: [ServedModel]
    /// How each model's sentences were weighed; empty: not.
    let methods: [String]
    let labels: [String]
    let films: [SiteFilm]
    let figures: SiteFigures
    /// Where the models differ, the clearest first: a film's place and a review's in it.
    let disputes: [(film: Int, review: Int)]

    init(
        _ reviews: [SiteReview], _ reading: SiteReading, _ call: Invocation
    ) throws(Failure) {
        title = call.text(SiteOptions.title) ?? "Textflix"
        models = reading.models
        methods = reading.methods.map { $0.joined(separator: ", ") }
        labels = reading.labels.labels
        films = try Self.films(reviews, call)
        figures = SiteFigures(reviews, labelCount: labels.count, modelCount: models.count)
        disputes = Self.disputes(films)
    }

    /// In the order in which films come in the file.
    private static func films(
        _ reviews: [SiteReview], _ call: Invocation
    ) throws(Failure) -> [SiteFilm] {
        let group = SiteOptions.group(call)
        let title = call.text(SiteOptions.titleField) ?? "title"
        let year = call.text(SiteOptions.yearField) ?? "year"
        var places: [String: Int] = [:]
        var films: [SiteFilm] = []
        for review in reviews {
            let name = try SiteFilm.name(of: review.item, group)
            let place = places[name] ?? films.count
            if place == films.count {
                places[name] = place
                films.append(
                    SiteFilm(
                        name: name, title: review.item.field(title), year: review.item.field(year)))
            }
            films[place].add(review)
        }
        return films
    }

    private static func disputes(_ films: [SiteFilm]) -> [(film: Int, review: Int)] {
        var found: [(film: Int, review: Int, clash: Double)] = []
        for (place, film) in films.enumerated() {
            for (index, review) in film.reviews.enumerated() where review.isDisputed {
                found.append((place, index, review.clash))
            }
        }
        // Of equals the first in the file: a site is the same each time it is made.
        found.sort { $0.clash != $1.clash ? $0.clash > $1.clash : $0.film < $1.film }
        return found.map { ($0.film, $0.review) }
    }
}

/// What a label says of a film: for it, against it, or neither.
enum SiteTone: Int {
    case against = -1
    case neither = 0
    case praise = 1

    /// By the name where it is a known one; of two labels the other is the opposite of a known one,
    /// and of two unknown ones the second is for.
    init(_ label: String, in labels: [String]) {
        if let known = Self.known(label) {
            self = known
        } else if labels.count != 2 {
            self = .neither
        } else if let other = labels.lazy.filter({ $0 != label }).compactMap(Self.known).first {
            self = other == .praise ? .against : .praise
        } else {
            self = label == labels[1] ? .praise : .against
        }
    }

    private static func known(_ label: String) -> SiteTone? {
        switch label.lowercased() {
        case "positive", "pos", "good", "yes", "true", "fresh": .praise
        case "negative", "neg", "bad", "no", "false", "rotten": .against
        default: nil
        }
    }
}

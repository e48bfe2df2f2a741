// A site's data, as scripts: a page that is opened from a file may not fetch, but it may load a
// script. Each is one call of a function with one value of JSON:
//
//     data/site.js          textflix("site", {...});          labels, figures, films in short
//     data/disputes.js      textflix("disputes", [...]);      where two models differ
//     data/film-KEY.js      textflix("film-KEY", {...});      a film with its reviews
//
// Invariant: what comes from a review is inside a JSON string, nowhere else; names of members are
// ours. JSON is a subset of JavaScript since 2019, U+2028 included. The pages put every text into
// the document as text.

import Insight
import JSONText
import TextRuns
import TextflixProtocol

struct SiteScript {
    private var json = JSONWriter()

    private mutating func script(_ name: String, _ write: (inout JSONWriter) -> Void) -> [UInt8] {
        json.removeAll()
        var head = JSONWriter()
        head.string(name)
        write(&json)
        return Array("textflix(".utf8) + head.bytes + Array(",".utf8) + json.bytes
            + Array(");\n".utf8)
    }

    // MARK: - The list of films

    mutating func site(_ site: Site) -> [UInt8] {
        script("site") { json in
            json.beginObject()
            json.member("title", site.title)
            json.member("labels", site.labels)
            json.key("tones")
            json.array(site.labels) { $0.int(SiteTone($1, in: site.labels).rawValue) }
            json.key("models")
            json.array(site.models.indices) { json, side in
                let model = site.models[side]
                json.beginObject()
                json.member("name", model.name)
                json.member("revision", model.revision)
                json.member("precision", model.precision)
                json.member("method", site.methods[side])
                json.member("unit", model.isLinear ? "logit" : "probability")
                json.endObject()
            }
            json.figures(site.figures)
            json.key("films")
            json.array(site.films) { json, film in json.short(film, site) }
            if !site.films.isEmpty { json.tour(SiteTour(site), site) }
            json.endObject()
        }
    }

    // MARK: - Where models differ

    mutating func disputes(_ site: Site) -> [UInt8] {
        script("disputes") { json in
            json.array(site.disputes.prefix(SiteLimits.differences)) { json, place in
                let review = site.films[place.film].reviews[place.review]
                json.beginObject()
                json.member("f", place.film)
                json.member("r", place.review)
                json.member("k", review.key)
                json.answers(of: review)
                json.member("x", utf8: Self.excerpt(review))
                json.endObject()
            }
        }
    }

    /// The beginning of a text in one line, cut between characters.
    private static func excerpt(_ review: SiteReview) -> [UInt8] {
        let text = withoutBreaks(review.item.text.utf8, 0x20)
        guard text.count > SiteLimits.excerptBytes else { return text }
        var end = SiteLimits.excerptBytes
        while end > 0, text[end] & 0xC0 == 0x80 { end -= 1 }
        return text[..<end] + Array("…".utf8)
    }

    // MARK: - A film

    mutating func film(_ film: SiteFilm, _ site: Site) -> [UInt8] {
        script("film-\(film.key)") { json in
            json.beginObject()
            json.member("key", film.key)
            json.member("name", film.name)
            json.member("title", film.heading)
            if let year = film.year { json.member("year", year) }
            json.key("lines")
            json.array(site.models.indices) { json, side in
                let group = film.lines(by: side)
                json.array(site.labels) { json, label in
                    json.array(group.lines(of: label)) { $0.line($1) }
                }
            }
            json.key("reviews")
            json.array(film.reviews) { $0.review($1) }
            json.endObject()
        }
    }
}

extension JSONWriter {
    /// `[text, weight, review's place, reviews that have it]`
    fileprivate mutating func line(_ line: SummaryLine) {
        beginArray()
        string(utf8: line.text)
        double(SiteWeight.shown(line.weight))
        raw(line.identity)
        int(line.reviews)
        endArray()
    }

    fileprivate mutating func review(_ review: SiteReview) {
        beginObject()
        member("k", review.key)
        member("id", utf8: SiteWeight.plain(review.item.identity))
        member("t", utf8: review.item.text.utf8)
        answers(of: review)
        key("w")
        array(review.explanations) { json, explained in
            guard let explained else { return json.null() }
            json.array(SiteWeight.parts(of: review.item.text.utf8, explained)) { json, part in
                json.beginArray()
                json.int(part.start)
                json.int(part.length)
                json.double(part.weight)
                json.endArray()
            }
        }
        endObject()
    }

    /// `"y"`: the true label; `"a"`: per model `[label, certainty, flags, tokens read, scores...]`;
    /// flags: 1 abstained, 2 read in part.
    fileprivate mutating func answers(of review: SiteReview) {
        if let truth = review.truth { member("y", truth) }
        key("a")
        array(review.answers) { json, answer in
            json.beginArray()
            json.int(answer.given)
            json.int(answer.permille)
            json.int((answer.isAbstained ? 1 : 0) + (answer.isTruncated ? 2 : 0))
            json.int(answer.tokens)
            for probability in answer.probabilities { json.float(Float(probability)) }
            json.endArray()
        }
    }

    /// A film in the list: `[key, title, year, reviews, [[per label], right, "strip"] per model]`.
    fileprivate mutating func short(_ film: SiteFilm, _ site: Site) {
        beginArray()
        string(film.key)
        string(film.heading)
        string(film.year ?? "")
        int(film.reviews.count)
        array(site.models.indices) { json, side in
            json.beginArray()
            json.array(site.labels.indices) { $0.int(film.count(of: $1, by: side)) }
            json.int(film.reviews.count { $0.truth == $0.answers[side].given })
            json.string(SiteWeight.strip(film, side, labelCount: site.labels.count))
            json.endArray()
        }
        endArray()
    }
}

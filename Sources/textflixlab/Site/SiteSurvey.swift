// The file of reviews, read once before any model is asked: what is wrong with the file is said in
// seconds, and not after hours of asking.

import Presentation
import Syscalls
import TextRuns

struct SiteSurvey {
    private let labels: TrueLabels
    private let group: String
    private var reviews = 0
    private var films: Set<String> = []
    private var isLabelled = false
    /// The first review without a label.
    private var unlabelled: TextItem?

    init(_ labels: TrueLabels, group: String) {
        self.labels = labels
        self.group = group
    }

    /// - Throws: with the line, where a site cannot show the review beside those before it.
    mutating func add(_ item: TextItem) throws(Failure) {
        reviews += 1
        try check(reviews, against: SiteLimits.reviews, "reviews", item)
        let film = try SiteFilm.name(of: item, group)
        films.insert(film)
        try check(films.count, against: SiteLimits.films, "films", item)
        try checkLabel(item)
    }

    private func check(
        _ count: Int, against most: Int, _ things: String, _ item: TextItem
    ) throws(Failure) {
        guard count <= most else {
            throw Failure(
                .data,
                "line \(item.number): more than \(grouped(most)) \(things), which is the most that "
                    + "a site shows")
        }
    }

    /// Where one review has a label, every one must.
    private mutating func checkLabel(_ item: TextItem) throws(Failure) {
        if item.givenLabel == nil {
            unlabelled = unlabelled ?? item
        } else {
            isLabelled = true
            _ = try labels.truth(of: item)
        }
        if isLabelled, let unlabelled { _ = try labels.truth(of: unlabelled) }
    }
}

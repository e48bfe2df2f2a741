// textflixlab site: reviews, what models say of them and why, as pages that any web server can
// serve and that open from a file.

import CommandLineTable
import Presentation
import Syscalls
import TextRuns

enum SiteOptions {
    static let models = Option(
        "models", .list("A[,B]"), "one model, or two to compare [the daemon's first]")
    static let out = Option("out", .folder("DIR"), "the folder that becomes the site")
    static let title = Option("title", .text("TEXT"), default: "Textflix", "what it is called")
    static let groupField = Option(
        "group-field", .text("FIELD"), default: "movie", "which film a review is about")
    static let titleField = Option(
        "title-field", .text("FIELD"), default: "title", "what the film is called")
    static let yearField = Option(
        "year-field", .text("FIELD"), default: "year", "when it came out")
    static let textField = Option(
        "text-field", .text("FIELD"), default: "text", "the review itself")
    static let labelField = Option(
        "label-field", .text("FIELD"), default: "label", "its true label, if it has one")
    static let method = Option(
        "method", .choice(SiteMethod.self), default: "leave-one-out", "how sentences are weighed")
    static let samples = Option(
        "samples", .integer(1...8192), "variants that lime and shapley draw [1000]")

    // Where a page of help has no room for them.
    static let seed = Option(
        "seed", .integer(0...Int.max), default: "0", hidden: true, "of what is drawn at random")
    static let cache = Option(
        "cache-dir", .folder("DIR"), hidden: true, "where answers are kept between runs")
    static let templates = Option(
        "templates", .folder("DIR"), hidden: true, "other pages than those installed")
    static let timeout = Option(
        "timeout", .duration, default: "60s", hidden: true, "how long a text may wait")

    static let all =
        TextFile.options + [
            models, out, title, groupField, titleField, yearField, textField, labelField,
            TrueLabels.map, method, samples, ServedClassifier.socket, seed, cache, templates,
            timeout,
        ]

    static func group(_ call: Invocation) -> String { call.text(groupField) ?? "movie" }
}

enum SiteCommand {
    static let command = Command(
        "site", "make a web site of reviews and what models see in them",
        options: SiteOptions.all, exclusive: [TextFile.options],
        examples: [
            Example("textflixlab site --jsonl reviews.jsonl --models sentiment --out films")
        ])

    static func run(_ call: Invocation) throws(Failure) -> ExitStatus {
        let file = try TextFile(
            call, textField: SiteOptions.textField, labelField: SiteOptions.labelField)
        guard file.canBeReadTwice else {
            throw Failure(
                call.complaint("the texts must be a file and no pipe: they are read several times"))
        }
        guard let out = call.text(SiteOptions.out) else {
            throw Failure(call.complaint("--out DIR is missing: where does the site go?"))
        }
        // What can be wrong with the call is found before hours of asking: the file is read first,
        // and the folder made.
        let templates = try SiteTemplates(call)
        let begun = MonotonicClock.now
        let reading = try SiteReading(call, file)
        try reading.check()
        var folder = try SiteFolder(out, pages: templates.files.map { $0.name })
        let reviews = try reading.reviews()
        guard !reviews.isEmpty else { throw Failure(.data, "\(file.path) has no review to show") }
        let site = try Site(reviews, reading, call)
        try write(site, templates, into: &folder)
        let facts =
            "\(grouped(reviews.count)) reviews of \(grouped(site.films.count)) films, "
            + "\(grouped(folder.files)) files, \(byteText(UInt64(folder.bytes))), the largest "
            + byteText(UInt64(folder.largest))
        try folder.commit()
        let seconds = Double(MonotonicClock.now.since(begun)) / 1e9
        printMessage(
            "textflixlab: \(out)/index.html: \(facts), in \(Duration.seconds(seconds).shown)\n")
        return reading.failed ? .someFailed : .success
    }

    private static func write(
        _ site: Site, _ templates: SiteTemplates, into folder: inout SiteFolder
    ) throws(Failure) {
        var script = SiteScript()
        for (name, content) in templates.files { try folder.write(name, content) }
        for film in site.films {
            try folder.write("data/film-\(film.key).js", script.film(film, site))
        }
        try folder.write("data/disputes.js", script.disputes(site))
        try folder.write("data/site.js", script.site(site))
    }
}

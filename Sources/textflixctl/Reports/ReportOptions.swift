// The options of the commands that read a whole file and report: `evaluate`, `compare`,
// `summarize`; and of `explain`.

import CommandLineTable
import TextRuns

enum ReportFormat: String, CaseIterable { case table, json }
enum PageFormat: String, CaseIterable { case table, jsonl, html }

enum ReportOptions {
    static let labelField = Option(
        "label-field", .text("FIELD"), default: "label", "the field that holds the true label")
    static let resume = Option(
        "resume", .file("FILE"), "keep answers in FILE; a second run goes on from there")
    static let format = Option(
        "format", .choice(ReportFormat.self), "table on a terminal, else json")
    static let pageFormat = Option(
        "format", .choice(PageFormat.self), "table on a terminal, else jsonl; or a page")
    static let mistakes = Option(
        "mistakes", .integer(0...1000), default: "5", "so many of the surest mistakes")
    static let seed = Option(
        "seed", .integer(0...Int.max), default: "0", "of what is drawn at random")

    /// Which objects, and which fields of them.
    static let input = TextFile.options + [Options.textField, labelField, TrueLabels.map]

    static let models = Option("models", .list("A,B"), "the two models")
    static let differences = Option(
        "differences", .integer(0...100), default: "5", "so many texts on which they differ")

    // Of explanations.
    static let unit = Option(
        "unit", .choice(UnitWord.self), default: "sentence", "what is weighed")
    static let method = Option(
        "method", .choice(MethodWord.self), default: "auto", "how; auto takes the best in time")
    static let label = Option("label", .text("LABEL"), "explain this label, not the one that won")

    // Where a page of help has no room for them.
    static let rareWhole = Option(
        "whole", hidden: true, "all of the file, or of standard input, is one text")
    static let rareTruncation = Option(
        "truncation", .choice(TruncationWord.self), hidden: true,
        "what of a long text is read, else the model's")
    static let rareBulk = Option("bulk", hidden: true, "let interactive requests go before")
    static let rareSamples = Option(
        "samples", .integer(1...8192), hidden: true, "variants that lime and shapley draw [1000]")
    static let rareSeed = Option(
        "seed", .integer(0...Int.max), default: "0", hidden: true, "of what is drawn at random")

    static let explain = Command(
        "explain", "show which parts of a text speak for its label",
        options: [
            Options.file, Options.lines, rareWhole, Options.jsonl, Options.csv, Options.textField,
            Options.model, pageFormat, unit, method, rareSamples, rareSeed, label, rareTruncation,
            rareBulk,
            resume,
        ],
        operands: [Operand("TEXT", "a text; without any: --file, else standard input", .any)],
        exclusive: [[Options.lines, rareWhole, Options.jsonl, Options.csv]],
        examples: [
            Example("textflixctl explain 'Great fun, and a rather bad film.' --unit word"),
            Example("textflixctl explain --whole --file review.txt --format html > review.html"),
        ])
    // Of summaries.
    static let groupField = Option(
        "group-field", .text("FIELD"), default: "movie", "what reviews are grouped by")
    static let titleField = Option(
        "title-field", .text("FIELD"), default: "title", "what a group is called")
    static let sort = Option(
        "sort", .text("KEY"), default: "reviews", "or title, accurate, inaccurate, or a label")
    static let shown = Option(
        "lines", .integer(1...1000), default: "4", "lines a label, before the rest is hidden")
    static let quickMethod = Option(
        "method", .choice(MethodWord.self), "how sentences are weighed [leave-one-out]")

    static let summarize = Command(
        "summarize", "show what reviews say, film by film",
        options: TextFile.options + [
            Options.textField, labelField, groupField, titleField, Options.model, pageFormat, sort,
            shown, quickMethod, rareTruncation, resume,
        ],
        exclusive: [TextFile.options],
        examples: [
            Example("textflixctl summarize --jsonl reviews.jsonl --sort positive"),
            Example("textflixctl summarize --jsonl reviews.jsonl --format html > films.html"),
        ])
    static let compare = Command(
        "compare", "measure two models on the same texts, and where they differ",
        options: [models] + input + [
            Options.truncation, format, differences, seed, resume,
        ],
        exclusive: [TextFile.options],
        examples: [Example("textflixctl compare --models nbsvm,sentiment --jsonl test.jsonl")])
    static let evaluate = Command(
        "evaluate", "measure a model on labelled texts",
        options: input + [
            Options.model, Options.truncation, format, mistakes, seed, resume,
        ],
        exclusive: [TextFile.options],
        examples: [
            Example("textflixctl evaluate --jsonl test.jsonl"),
            Example("textflixctl evaluate --jsonl test.jsonl --resume test.kept > test.json"),
        ])
}

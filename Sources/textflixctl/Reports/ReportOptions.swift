// The options of the commands that read a whole file and report: `evaluate`.

import CommandLineTable

enum ReportFormat: String, CaseIterable { case table, json }

enum ReportOptions {
    static let file = Option("jsonl", .file("FILE"), "the texts, a JSON object a line; - is stdin")
    static let labelField = Option(
        "label-field", .text("FIELD"), default: "label", "the field that holds the true label")
    static let map = Option(
        "map", .assignment("GIVEN=LABEL"), repeats: true, "a label of the file, and the model's")
    static let resume = Option(
        "resume", .file("FILE"), "keep answers in FILE; a second run goes on from there")
    static let format = Option(
        "format", .choice(ReportFormat.self), "table on a terminal, else json")
    static let mistakes = Option(
        "mistakes", .integer(0...1000), default: "5", "so many of the surest mistakes")
    static let seed = Option(
        "seed", .integer(0...Int.max), default: "0", "of what is drawn at random")

    /// Which objects, and which fields of them.
    static let input = [file, Options.textField, labelField, map]

    static let evaluate = Command(
        "evaluate", "measure a model on labelled texts",
        options: input + [
            Options.model, Options.truncation, format, mistakes, seed, resume,
        ],
        examples: [
            Example("textflixctl evaluate --jsonl test.jsonl"),
            Example("textflixctl evaluate --jsonl test.jsonl --resume test.kept > test.json"),
        ])
}

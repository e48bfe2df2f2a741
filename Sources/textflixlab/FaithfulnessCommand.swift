// textflixlab faithfulness: how true the methods of explanation are to a served model, on texts of
// a file.
//
// The masks are planned here and their texts classified by the daemon, not explained by it: so all
// methods, seeds and measures share one table of scored variants, and a method can be tried that
// the daemon would not choose.

import CommandLineTable
import Insight
import JSONText
import Presentation
import Randomness
import Syscalls
import TextRuns
import Tokenization

enum FaithfulnessCommand {
    private enum Unit: String, CaseIterable { case sentence, word }
    private enum Format: String, CaseIterable { case table, json }

    private static let file = Option("jsonl", .file("FILE"), "the texts, a JSON object a line")
    private static let field = Option(
        "text-field", .text("FIELD"), default: "text", "the field that holds the text")
    private static let unit = Option(
        "unit", .choice(Unit.self), default: "sentence", "what is weighed")
    private static let count = Option(
        "texts", .integer(1...100_000), default: "200", "so many, drawn from the file")
    private static let most = Option(
        "most", .integer(2...1024), "pass over texts with more parts [sentences 10, words 60]")
    private static let samples = Option(
        "samples", .list("N,..."), default: "100,1000", "samples of LIME; the last also of Shapley")
    private static let seeds = Option(
        "seeds", .integer(2...100), default: "5", "so many, to see what chance does")
    private static let seed = Option(
        "seed", .integer(0...Int.max), default: "0", "of the texts that are drawn")
    private static let format = Option(
        "format", .choice(Format.self), "table on a terminal, else json")

    static let command = Command(
        "faithfulness", "measure how true explanations are to a served model",
        details: "Comprehensiveness, sufficiency and deletion area (ERASER, Petsiuk), the fit on "
            + "variants drawn anew, and what changes with the seed; for each method, "
            + "beside random order.",
        options: [
            file, field, ServedClassifier.model, ServedClassifier.socket, unit, count, most,
            samples, seeds, seed, format,
        ],
        examples: [
            Example("textflixlab faithfulness --jsonl reviews.jsonl --unit word")
        ])

    static func run(_ call: Invocation) throws -> ExitStatus {
        guard let path = call.text(file) else { throw call.complaint("--jsonl FILE is missing") }
        let samples = try call.list(samples).map { text in
            guard let number = Int(text), (2...8192).contains(number) else {
                throw call.complaint("--samples: '\(text)' is not between 2 and 8192")
            }
            return number
        }
        let model = try ServedClassifier(call)
        let isWord = call.choice(unit, Unit.self) == .word
        let most = call.integer(most) ?? (isWord ? 60 : 10)
        let texts = try chosen(
            try Reviews(
                path, textField: call.text(field) ?? "text", labelField: nil, labels: []
            ).texts, call, isWord, most)
        let seeds = (0..<UInt64(call.integer(seeds) ?? 5)).map { $0 }
        let studies = Studies(samples, most: most, seeds: seeds)
        var report = FaithfulnessReport(
            title: model.title, model: model.name, revision: model.revision, file: path,
            unit: isWord ? "word" : "sentence", seeds: seeds.count)
        try measure(texts, studies, model, &report)
        report.asked = model.asked
        let screen = Screen(of: .output)
        switch call.choice(format, Format.self) ?? (screen.isTerminal ? .table : .json) {
        case .json: printOutput(report.json)
        case .table: printLines(report.lines(on: screen))
        }
        return .success
    }

    /// Texts of 3 to `most` parts, in a random order, as many as were asked for.
    private static func chosen(
        _ all: [[UInt8]], _ call: Invocation, _ isWord: Bool, _ most: Int
    ) throws -> [TextFeatures] {
        var order = Array(all.indices)
        var random = RandomSource(seed: UInt64(call.integer(seed) ?? 0))
        random.shuffle(&order)
        let splitter = SentenceSplitter()
        var chosen: [TextFeatures] = []
        for index in order where chosen.count < call.integer(count) ?? 200 {
            let text = all[index]
            let features =
                isWord
                ? TextFeatures(wordsOf: text)
                : TextFeatures(text: text, sentences: splitter.features(of: text))
            if (3...most).contains(features.count) { chosen.append(features) }
        }
        guard !chosen.isEmpty else {
            throw Failure(.data, "no text has 3 to \(most) parts; --most allows more")
        }
        return chosen
    }

    private static func measure(
        _ texts: [TextFeatures], _ studies: Studies, _ model: ServedClassifier,
        _ report: inout FaithfulnessReport
    ) throws {
        let showsProgress = Screen(of: .error).isTerminal
        for (index, text) in texts.enumerated() {
            let whole = try model.probabilities([text.text])[0]
            let label = whole.argmax
            let study = studies.study(of: text.count)
            let measures = try study.measure(featureCount: text.count) { masks in
                try model.probabilities(masks.map { text.text(keeping: $0) }).map { $0[label] }
            }
            report.add(measures, of: study, featureCount: text.count)
            if showsProgress {
                printError("\(Screen.lineStart)\(index + 1) of \(texts.count) texts")
            }
        }
        if showsProgress { printError(Screen.lineStart) }
    }
}

/// The methods by the size of a text.
///
/// Shapley's values are exact where parts are few and drawn where they are many. These are two
/// methods with a row each: in one, the exact ones would lend their certainty to the drawn ones.
private struct Studies {
    private let few: FaithfulnessStudy
    private let many: FaithfulnessStudy

    init(_ samples: [Int], most: Int, seeds: [UInt64]) {
        let limit = ExplanationPlan.exactFeatureLimit
        var seen = Set<Int>()
        let methods: [FaithfulnessStudy.Contender] =
            [.randomOrder, .leaveOneOut]
            + samples.filter { seen.insert($0).inserted }.map { .lime($0) }
            + (most <= limit ? [.exactLime] : [])
        func study(_ featureCount: Int) -> FaithfulnessStudy {
            FaithfulnessStudy(
                methods + [.shapley(samples.last ?? 1000, featureCount: featureCount)],
                seeds: seeds)
        }
        few = study(min(most, limit))
        many = study(most)
    }

    func study(of featureCount: Int) -> FaithfulnessStudy {
        featureCount <= ExplanationPlan.exactFeatureLimit ? few : many
    }
}

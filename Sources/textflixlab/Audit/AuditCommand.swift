// textflixlab audit: behavioural tests and pairs for bias on a model that the daemon serves.

import CommandLineTable
import Insight
import Presentation
import Syscalls
import TextRuns

/// Everything that was found.
struct AuditReport {
    let model: String
    let revision: String
    let title: String
    /// The labels that stand for praise and blame.
    let sides: (praise: String, blame: String)
    let seed: UInt64
    let behaviour: [BehaviourTest.Outcome]
    let bias: [BiasTest.Outcome]
    /// Failures shown a test.
    let examples: Int

    var caseCount: Int { behaviour.reduce(0) { $0 + $1.test.cases.count } }
    var failureCount: Int { behaviour.reduce(0) { $0 + $1.failures.count } }
}

enum AuditCommand {
    private enum Format: String, CaseIterable { case table, json, html }

    private static let positive = Option(
        "positive", .text("LABEL"), "the label that praise should have [positive]")
    private static let negative = Option(
        "negative", .text("LABEL"), "the label that blame should have [negative]")
    private static let seed = Option(
        "seed", .integer(0...Int.max), default: "0", "of the sentences that are drawn")
    private static let examples = Option(
        "examples", .integer(0...200), default: "2", "failures shown of each test")
    private static let format = Option(
        "format", .choice(Format.self), "table on a terminal, else json; or a page")
    private static let card = Option(
        "card", .file("FILE"), "write the results into this model card too")

    static let command = Command(
        "audit", "test a served model's behaviour and bias",
        details: "Sentences made from templates: negation, intensifiers, order, time, names, "
            + "numbers, typos, neutral additions; and pairs that differ only in who is spoken of. "
            + "The model must know praise from blame.",
        options: [
            ServedClassifier.model, ServedClassifier.socket, positive, negative, seed, examples,
            format, card,
        ],
        examples: [
            Example("textflixlab audit --model sentiment"),
            Example("textflixlab audit --format html --card MODEL_CARD.md > audit.html"),
        ])

    static func run(_ call: Invocation) throws -> ExitStatus {
        let card = try call.output(card)
        let model = try ServedClassifier(call)
        let sides = try sides(call, model)
        let seed = UInt64(call.integer(seed) ?? 0)
        func score(_ texts: [String]) throws -> [Double] {
            try model.probabilities(texts.map { Array($0.utf8) }).map { probabilities in
                let both = probabilities[sides.positive] + probabilities[sides.negative]
                return both > 0 ? probabilities[sides.positive] / both : 0.5
            }
        }
        let report = AuditReport(
            model: model.name, revision: model.revision, title: model.title,
            sides: (model.labels[sides.positive], model.labels[sides.negative]), seed: seed,
            behaviour: try BehaviourTest.catalogue(seed: seed).map { try $0.outcome(score) },
            bias: try BiasTest.catalogue(seed: seed).map { try $0.outcome(score) },
            examples: call.integer(examples) ?? 2)
        if let card { try AuditCard.write(report, to: card) }
        let screen = Screen(of: .output)
        switch call.choice(format, Format.self) ?? (screen.isTerminal ? .table : .json) {
        case .json: printOutput(AuditJSON.text(report))
        case .html: printOutput(AuditPage(report: report).markup.text)
        case .table:
            let lines = AuditLines(report: report, screen: screen).lines
            printLines(lines)
        }
        return .success
    }

    /// Which labels are praise and blame: as named, else by their usual names. Numbers say it only
    /// where there are two: the second of three may well be neither.
    private static func sides(
        _ call: Invocation, _ model: ServedClassifier
    ) throws -> (positive: Int, negative: Int) {
        func find(_ option: Option, _ words: [String], _ numbers: [String]) throws -> Int {
            let usual = words + (model.labels.count == 2 ? numbers : [])
            if let name = call.text(option) { return try model.label(name) }
            guard let index = model.labels.firstIndex(where: { usual.contains($0.lowercased()) })
            else {
                throw call.complaint(
                    "\(option.flag) must say which of \(model.labels.joined(separator: ", "))")
            }
            return index
        }
        let praise = try find(positive, ["positive", "pos", "good"], ["label_1", "1"])
        let blame = try find(negative, ["negative", "neg", "bad"], ["label_0", "0"])
        guard praise != blame else {
            throw call.complaint("praise and blame are both '\(model.labels[praise])'")
        }
        return (praise, blame)
    }
}

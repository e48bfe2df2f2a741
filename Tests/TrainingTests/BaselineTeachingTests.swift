// A baseline for which a teacher labels texts: what it learns, what it never sees, and its own
// answers as a teacher's.

import Baselines
import Insight
import JSONText
import Syscalls
import TestSupport
import Testing
import Training
import Weights

@Suite struct BaselineTeachingTests {
    private let scratch: TemporaryFolder
    private var folder: String { scratch.path }

    init() throws {
        scratch = try TemporaryFolder("teaching")
        try write("train.jsonl", texts(0..<6) { $0 % 2 == 0 ? "positive" : "negative" })
        try write("test.jsonl", texts(100..<120) { $0 % 2 == 0 ? "positive" : "negative" })
        // Two labelled texts, two of the test, and labels that are all wrong.
        try write(
            "more.jsonl",
            texts([0, 1, 100, 101] + Array(6..<46)) { $0 % 2 == 0 ? "negative" : "odd" })
        try write("answers.jsonl", (0..<120).map { answer($0, right: $0 != 0) }.joined())
    }

    @discardableResult private func write(_ name: String, _ text: String) throws -> String {
        try scratch.write(name, text)
    }

    private func texts(_ numbers: some Sequence<Int>, _ label: (Int) -> String) -> String {
        numbers.map { number in
            let opening = number % 2 == 0 ? "A warm, funny film" : "Dull from start to end"
            return #"{"id":"r\#(number)","text":"\#(opening), number \#(number).","#
                + #""label":"\#(label(number))"}"# + "\n"
        }.joined()
    }

    private func answer(_ number: Int, right: Bool) -> String {
        let p = (number % 2 == 0) == right ? 0.9 : 0.1
        return #"{"id":"r\#(number)","probabilities":[\#(1 - p),\#(p)]}"# + "\n"
    }

    private func lineCount(_ path: String) throws -> Int {
        try readFile(path, limit: 1 << 20).count { $0 == UInt8(ascii: "\n") }
    }

    private func train(_ rest: String, _ output: String = "model") throws -> (
        BaselineTraining.Outcome, LinearTextModel
    ) {
        let path = try write(
            "\(output).json5",
            "{data:{train:'train.jsonl',test:'test.jsonl',unlabelled:['more.jsonl']},folds:3,"
                + "model:{cost:10},output:'\(output)',\(rest)}")
        let experiment = try BaselineExperiment(path: path)
        let outcome = try BaselineTraining(experiment, watch: TrainingWatch()).run()
        return (outcome, try LinearTextModel(folder: experiment.output))
    }

    @Test func unlabelledTextsHaveTheTeachersLabels() throws {
        let (outcome, model) = try train("teaching:{teacher:'answers.jsonl'},coverage:0.8")
        // The copy of a labelled text is not learned with the teacher's wrong answer.
        #expect(outcome.trainCount == 46 && outcome.taughtCount == 40)
        #expect(outcome.droppedCount == 2)
        #expect(outcome.test?.allSatisfy(\.isRight) == true)
        #expect(model.settings.conformal != nil)
        try write("more.jsonl", texts(Array(6..<46)) { _ in "anything" })
        let again = try train("teaching:{teacher:'answers.jsonl'},coverage:0.8").1
        #expect(again.revision == model.revision)
    }

    @Test func fewerAreDrawnOrAreSureEnough() throws {
        #expect(try train("teaching:{teacher:'answers.jsonl',texts:12}").0.taughtCount == 12)
        let error = #expect(throws: TrainingError.self) {
            try train("teaching:{teacher:'answers.jsonl',confidence:0.95}")
        }
        #expect(error?.description.contains("40 are less sure than 0.95") == true)
    }

    @Test func whatTheFoldsSayTeachesOthers() throws {
        let (first, model) = try train(
            "teaching:{teacher:'answers.jsonl'},fold_answers:'folds.jsonl'")
        let lines = try readFile(folder + "/folds.jsonl", limit: 1 << 20)
            .split(separator: UInt8(ascii: "\n")).map { try JSONDocument.parse(Array($0)) }
        #expect(lines.count == first.trainCount)
        #expect(lines.first?["id"]?.string == "r0")
        #expect(lines.allSatisfy { $0["scores"]?.object?.count == 2 })
        // The model itself teaches too; the mean of both counts.
        let (pupil, _) = try train("teaching:{teacher:['folds.jsonl','model']}", "pupil")
        #expect(pupil.taughtCount == 40)
        let kept = "\(folder)/pupil/answers-\(model.revision.short)-f32.jsonl"
        #expect(try lineCount(kept) == 40)
    }

    @Test func keptAnswersAreByLabelWhateverTheOrder() throws {
        let (_, model) = try train("teaching:{teacher:'answers.jsonl'}")
        let kept = "\(folder)/pupil/answers-\(model.revision.short)-f32.jsonl"
        var answers: [[UInt8]] = []
        for labels in ["['negative','positive']", "['positive','negative']"] {
            let path = try write(
                "pupil.json5",
                "{data:{train:'train.jsonl',test:'test.jsonl',unlabelled:['more.jsonl'],"
                    + "labels:\(labels)},folds:3,model:{cost:10},output:'pupil',"
                    + "teaching:{teacher:'model'}}")
            let experiment = try BaselineExperiment(path: path)
            let outcome = try BaselineTraining(experiment, watch: TrainingWatch()).run()
            #expect(outcome.taughtCount == 40 && outcome.test?.allSatisfy(\.isRight) == true)
            answers.append(try readFile(kept, limit: 1 << 20))
        }
        #expect(answers[0] == answers[1])
    }

    @Test func aModelIsNotAskedWhatAFileOfAnswersLacks() throws {
        let (_, model) = try train("teaching:{teacher:'answers.jsonl'}")
        try write("fewer.jsonl", (6..<20).map { answer($0, right: true) }.joined())
        let (pupil, _) = try train("teaching:{teacher:['model','fewer.jsonl']}", "pupil")
        #expect(pupil.taughtCount == 14)
        let kept = "\(folder)/pupil/answers-\(model.revision.short)-f32.jsonl"
        #expect(try lineCount(kept) == 14)
    }

    @Test(arguments: [
        ("teaching:{}", "teacher is missing"),
        ("teaching:{teacher:'previous'}", "no previous step"),
        ("teaching:{teacher:'a',hard:true}", #"unknown key "hard""#),
        ("coverage:0.9", "both are named, or neither"),
    ])
    func whatIsWrongIsNamed(_ rest: String, _ words: String) throws {
        let error = #expect(throws: WeightsError.self) { try train(rest) }
        #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
    }
}

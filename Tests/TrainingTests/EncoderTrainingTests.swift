// Whole runs on a tiny encoder of made-up weights: what they write, that they go on after a stop,
// and that no label reaches them that they may not see.

import Insight
import Numerics
import Syscalls
import Testing
import Training
import Weights

@Suite final class EncoderTrainingTests {
    private let folder: TrainingFolder

    init() throws {
        folder = try TrainingFolder()
        var configuration = BERTConfiguration(
            head: .none, hidden: 16, heads: 2, feedForward: 32, layers: 2, positions: 32,
            vocabulary: 24)
        configuration.labels = []
        var model = SyntheticModel(configuration)
        model.hasPrefix = false
        let words = [
            "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "film", "number", "warm", "loved",
            "fine", "bright", "dull", "bore", "poor", "flat",
        ]
        model.vocabulary = Array((words.joined(separator: "\n") + "\n").utf8)
        try model.write(to: folder.path + "/base")
        try folder.write("train.jsonl", TrainingFolder.reviews(80, from: 0))
        try folder.write("test.jsonl", TrainingFolder.reviews(30, from: 200))
        let ids = (0..<40).map { "r\($0)" }.joined(separator: "\n") + "\n"
        try folder.write("ids.txt", ids)
    }

    private static let tune =
        "{do:'tune',epochs:6,batch:8,rate:3e-3,micro_tokens:64,dropout:0.1}"
    private static let allSteps =
        "{do:'masked',epochs:1,batch:8,rate:1e-3,texts:40},"
        + "{do:'tune',epochs:2,batch:8,rate:3e-3},"
        + "{do:'distil',teacher:'previous',from:'base',epochs:2,batch:16,rate:3e-3,confidence:0.5}"

    private func training(
        _ steps: String, output: String, model: String = "", watch: TrainingWatch = TrainingWatch(),
        seconds: Double = 1e5, coverage: Double? = nil
    ) throws -> EncoderTraining {
        // Always the same file, so that two runs differ only in what a test changes.
        let path = try folder.write(
            "experiment.json5",
            "{data:{train:'train.jsonl',test:'test.jsonl',unlabelled:['train.jsonl'],"
                + "ids:'ids.txt',dev_share:0.2},"
                + "model:{kind:'encoder',base:'base',max_tokens:16\(model)},"
                + "steps:[\(steps)],seed:1,output:'out',checkpoint_seconds:86400}")
        guard case .encoder(var experiment) = try Experiment(path: path) else {
            throw TrainingError.unfit("no encoder")
        }
        experiment.output = folder.path + "/" + output
        experiment.checkpointSeconds = seconds
        experiment.coverage = coverage
        return EncoderTraining(experiment, seed: 1, watch: watch) { try NetworkStudent($0, $1) }
    }

    private func bytes(_ file: String) throws -> [UInt8] {
        try readFile(folder.path + "/" + file, limit: 1 << 24)
    }

    @Test func tunesWritesServesAndMeasures() throws {
        let training = try training(Self.tune, output: "out")
        let report = try training.run()
        #expect(report.trainCount == 32 && report.devCount == 8)
        #expect(report.testAccuracy == 1 && report.steps[0].state?.best?.accuracy == 1)
        let model = try ModelFolder.open(training.output)
        #expect(model.head == .linear(.mean, normalize: false) && model.labels.count == 2)
        #expect(model.settings.truncation == .headAndTail && model.maxTokens == 16)
        #expect(model.configuration.architecture == "BertModel")
        try expectServedAsTrained(training, report)
        #expect(try training.finished()?.testAccuracy == 1)
        for file in ["MODEL_CARD.md", "report.json", "config.json", "vocab.txt"] {
            #expect(fileExists(training.output + "/" + file), "\(file)")
        }
        #expect(!fileExists(training.output + "/steps/1-tune/checkpoint.safetensors"))
        let card = String(decoding: try bytes("out/MODEL_CARD.md"), as: UTF8.self)
        #expect(card.contains("| test, answered in f32 | **100.0 %** of 30"))
        #expect(card.contains("load_file(") && !card.contains("PeftModel"))
    }

    /// The held-out answers of the written folder are the student's.
    private func expectServedAsTrained(_ training: EncoderTraining, _ report: RunReport) throws {
        let served = try FolderClassifier(training.output, precision: .f32)
        let held = try #require(report.heldOut)
        let texts = try TrainingTexts(training.experiment.data, seed: 1, unlabelled: false)
        let rows = try served.probabilities(texts.dev.texts)
        let own = held.predictions(temperature: report.temperature)
        #expect(rows.count == own.count)
        for (row, prediction) in zip(rows, own) {
            #expect(zip(row, prediction.probabilities).allSatisfy { abs($0 - $1) < 1e-4 })
        }
    }

    @Test func adaptersAreServedOverTheirBaseAndPromiseLabelSets() throws {
        let training = try training(
            "{do:'tune',train:'lora',rank:2,targets:['query','output'],epochs:4,rate:1e-2}",
            output: "adapters", coverage: 0.9)
        let report = try training.run()
        let model = try ModelFolder.open(training.output)
        #expect(model.encoderPath.hasSuffix("/base"))
        #expect(abs(try #require(model.settings.conformal).alpha - 0.1) < 1e-9)
        #expect(!fileExists(training.output + "/model.safetensors"))
        let card = String(decoding: try bytes("adapters/MODEL_CARD.md"), as: UTF8.self)
        #expect(card.contains("PeftModel.from_pretrained(encoder, folder)"))
        try expectServedAsTrained(training, report)
    }

    @Test func aFrozenEncodersCardReadsItsLinearHead() throws {
        _ = try training("{do:'frozen'}", output: "frozen", model: ",head:'pooler'").run()
        let card = String(decoding: try bytes("frozen/MODEL_CARD.md"), as: UTF8.self)
        #expect(card.contains("load_file(") && card.contains("states[:, 0]"))
    }

    @Test(arguments: ["{do:'tune',train:'lora',rank:2}", "{do:'tune',train:'head'}"])
    func aStepGoesOnFromAWholeModelWithAHead(_ second: String) throws {
        let training = try training(Self.tune + "," + second, output: "second")
        try expectServedAsTrained(training, training.run())
    }

    @Test func anotherRunsReportIsNotThisRuns() throws {
        let first = try training(Self.tune, output: "one")
        _ = try first.run()
        let other = EncoderTraining(first.experiment, seed: 2, watch: TrainingWatch()) {
            try NetworkStudent($0, $1)
        }
        #expect(try first.finished() != nil && other.output == first.output)
        #expect(throws: TrainingError.self) { try other.finished() }
        let changed = try training("{do:'tune',epochs:1}", output: "one")
        #expect(throws: TrainingError.self) { try changed.finished() }
    }

    @Test func heldOutTextsTeachNothing() throws {
        let data = try training(Self.tune, output: "out").experiment.data
        let texts = try TrainingTexts(data, seed: 1, unlabelled: true)
        let held = TextFingerprints(texts.dev.texts)
        #expect(texts.dev.count == 8 && texts.unlabelled.count > 40)
        #expect(!texts.unlabelled.texts.contains(where: held.contains))
        #expect(!texts.train.texts.contains(where: held.contains))
    }

    @Test func eachFormOfAModelOpens() throws {
        _ = try training(Self.tune, output: "pooler", model: ",head:'pooler'").run()
        let pooler = try ModelFolder.open(folder.path + "/pooler")
        #expect(pooler.head == .pooler && pooler.labels == ["negative", "positive"])
        _ = try training(
            "{do:'frozen',cost:[0.1,1]},{do:'tune',train:'head',epochs:2,rate:1e-3}",
            output: "head"
        ).run()
        let head = try ModelFolder.open(folder.path + "/head")
        #expect(head.encoderPath.hasSuffix("/base"))
        #expect(!fileExists(folder.path + "/head/model.safetensors"))
        let report = try training("{do:'frozen',cost:[0.1,1]}", output: "frozen").run()
        #expect(report.testAccuracy ?? 0 > 0.9)
        _ = try training(Self.tune, output: "half", model: ",weights:'bf16'").run()
        #expect(try bytes("half/model.safetensors").count < bytes("pooler/model.safetensors").count)
    }

    /// A run of three steps that is stopped again and again ends with the bytes of one that is not.
    @Test func aStoppedRunEndsWithTheSameBytes() throws {
        _ = try training(Self.allSteps, output: "whole").run()
        var stops = 0
        var asked = 0
        while true {
            asked = 0
            // At the third question: in the middle of whatever is going on.
            let watch = TrainingWatch(asksToStop: {
                asked += 1
                return asked >= 3
            })
            do {
                _ = try training(Self.allSteps, output: "broken", watch: watch).run()
                break
            } catch is TrainingInterruption { stops += 1 }
        }
        #expect(stops > 5)
        for file in ["model.safetensors", "head.safetensors", "textflix.json"] {
            #expect(try bytes("broken/" + file) == bytes("whole/" + file), "\(file)")
        }
    }

    /// Every label that must not matter is changed: of texts that are not listed, of the test file,
    /// and with them those of the unlabelled file, which is the same one. Not a bit differs.
    @Test func labelsThatMayNotBeSeenAreNot() throws {
        _ = try training(Self.allSteps, output: "before").run()
        try folder.write(
            "train.jsonl",
            TrainingFolder.reviews(80, from: 0) { index in
                index < 40 ? (index % 2 == 0 ? "positive" : "negative") : "no label at all"
            })
        try folder.write(
            "test.jsonl",
            TrainingFolder.reviews(30, from: 200) { $0 % 2 == 0 ? "negative" : "positive" })
        let report = try training(Self.allSteps, output: "after").run()
        #expect(report.testAccuracy == 0)
        for file in ["model.safetensors", "head.safetensors", "textflix.json"] {
            #expect(try bytes("after/" + file) == bytes("before/" + file), "\(file)")
        }
    }

    @Test func textsOfTheTestPartAreLeftOut() throws {
        let copies = TrainingFolder.reviews(3, from: 0)
            .split(separator: "a ").joined(separator: "A <br /> ")
        let others = TrainingFolder.reviews(2, from: 60)
        try folder.write("test.jsonl", copies + others + TrainingFolder.reviews(9, from: 200))
        let training = try training(Self.tune, output: "out")
        let texts = try TrainingTexts(training.experiment.data, seed: 1, unlabelled: true)
        #expect(texts.droppedLabelled == 3 && texts.droppedUnlabelled == 5 + texts.dev.count)
        #expect(
            texts.train.count + texts.dev.count == 37
                && texts.unlabelled.count == 75 - texts.dev.count)
        #expect(Set(texts.train.ids).isDisjoint(with: texts.dev.ids))
    }

    @Test(arguments: [("min_updates:9", 9), ("max_updates:2", 2), ("min_updates:2", 4)])
    func updatesHaveBounds(_ bound: String, _ updates: Int) throws {
        let step = "{do:'tune',epochs:1,batch:8,\(bound)}"
        #expect(try training(step, output: "bound").run().steps[0].updates == updates)
    }

    @Test func whatATeacherTakesIsCountedAndItAnswersInAPrecisionOfItsOwn() throws {
        let report = try training(Self.allSteps, output: "int8", model: ",answers:'int8'").run()
        let step = report.steps[2]
        let state = try #require(step.state)
        #expect(step.seconds > state.seconds + state.heldOutSeconds)
        #expect(report.testAccuracy == 1)
    }

    /// A line that a crash cut short is asked for again, those before it are not.
    @Test func keptAnswersThatWereCutShortAreMended() throws {
        let step = "{do:'distil',teacher:'base-model',epochs:1,batch:8,rate:3e-3}"
        _ = try training(Self.tune, output: "base-model").run()
        _ = try training(step, output: "whole").run()
        let stop = TrainingWatch(asksToStop: { true })
        #expect(throws: TrainingInterruption.self) {
            try training(step, output: "broken", watch: stop).run()
        }
        let inner = "broken/steps/1-distil/"
        let name = try #require(
            try listDirectory(folder.path + "/whole/steps/1-distil").first {
                $0.hasPrefix("answers-")
            })
        let answers = try bytes("whole/steps/1-distil/" + name)
        try writeFileAtomically(
            folder.path + "/" + inner + name, bytes: Array(answers.dropLast(30)))
        _ = try training(step, output: "broken").run()
        let lines = { (bytes: [UInt8]) in bytes.split(separator: UInt8(ascii: "\n")) }
        #expect(lines(try bytes(inner + name)).dropLast() == lines(answers).dropLast())
        #expect(try bytes("broken/model.safetensors") == bytes("whole/model.safetensors"))
    }

    @Test func answersOfAFileTeach() throws {
        let lines = (0..<80).map { index in
            let sure = index % 2 == 0 ? 0.95 : 0.05
            return #"{"id":"r\#(index)","scores":{"positive":\#(sure),"negative":\#(1 - sure)}}"#
        }
        try folder.write("answers.jsonl", lines.joined(separator: "\n") + "\n")
        let step =
            "{do:'distil',teacher:'answers.jsonl',epochs:4,batch:8,rate:3e-3,labelled:0,"
            + "confidence:0.9}"
        let report = try training(step, output: "out").run()
        #expect(report.testAccuracy == 1)
        #expect(report.steps[0].notes.contains { $0.key == "taught" && $0.value == "72" })
    }

    @Test func anAnswerIsToItsTextNotToItsIDAlone() throws {
        let distil = "{do:'distil',teacher:'teacher',epochs:1,batch:8,labelled:0}"
        _ = try training(Self.tune, output: "teacher").run()
        _ = try training(distil, output: "first").run()
        let inner = "first/steps/1-distil/"
        let name = try #require(
            try listDirectory(folder.path + "/" + inner).first { $0.hasPrefix("answers-") })
        let kept = String(decoding: try bytes(inner + name), as: UTF8.self)
        try folder.write("kept.jsonl", kept)
        let texts = TrainingFolder.reviews(80, from: 0)
        try folder.write("train.jsonl", texts.replacing("number 50\"", with: "number 50 again\""))
        let fromFile = distil.replacing("'teacher'", with: "'kept.jsonl'")
        let report = try training(fromFile, output: "second").run()
        #expect(report.steps[0].notes.contains { $0.key == "unanswered" && $0.value == "1" })
        // Nor is a file of use where ids are shared, or have two answers.
        try folder.write("train.jsonl", texts.replacing(#""r51""#, with: #""r52""#))
        var error = #expect(throws: WeightsError.self) {
            try training(fromFile, output: "third").run()
        }
        #expect(error?.message.contains("needs ids of their own") == true)
        try folder.write("train.jsonl", texts)
        try folder.write("kept.jsonl", kept + #"{"id":"r50","probabilities":[0.5,0.5]}"# + "\n")
        error = #expect(throws: WeightsError.self) {
            try training(fromFile, output: "fourth").run()
        }
        #expect(error?.message.contains("another answer to") == true)
    }

    @Test func aRetrainedTeacherMakesAnotherRun() throws {
        let distil = "{do:'distil',teacher:'teacher',epochs:1,batch:8}"
        let teacher = try training(Self.tune, output: "teacher")
        _ = try teacher.run()
        _ = try training(distil, output: "pupil").run()
        #expect(try training(distil, output: "pupil").finished() != nil)
        // Gone, it has taught what it was; another in its place has not.
        try folder.rename("teacher", to: "elsewhere")
        #expect(try training(distil, output: "pupil").finished() != nil)
        _ = try training("{do:'frozen'}", output: "teacher").run()
        #expect(throws: TrainingError.self) {
            try training(distil, output: "pupil").finished()
        }
    }

    @Test(arguments: [
        ("{do:'distil',teacher:'nowhere'}", "out", "teacher is not there"),
        ("{do:'masked',max_tokens:64},{do:'tune'}", "out", "reads at most 32"),
        ("{do:'tune',fresh_layers:3}", "out", "more fresh_layers"),
        ("{do:'tune'}", "base", "is the base itself"),
        ("{do:'tune'}", "other", "holds a model that is not of a run"),
    ])
    func whatCannotEndWellDoesNotBegin(_ steps: String, _ output: String, _ words: String) throws {
        try makeDirectory(folder.path + "/other")
        try folder.write("other/config.json", "{}")
        let before = try bytes("base/model.safetensors")
        let error = #expect(throws: (any Error).self) {
            try training(steps, output: output).run()
        }
        #expect(error.map { "\($0)" }?.contains(words) == true)
        #expect(try bytes("base/model.safetensors") == before)
        #expect(!isDirectory(folder.path + "/" + output + "/steps"))
    }

    @Test func moreWordsThanEmbeddingsAreRefused() throws {
        let words = String(decoding: try bytes("base/vocab.txt"), as: UTF8.self)
        try folder.write("base/vocab.txt", words + (0..<20).map { "word\($0)\n" }.joined())
        let error = #expect(throws: WeightsError.self) {
            try training(Self.tune, output: "out").run()
        }
        #expect(error?.message.contains("only 24 word embeddings") == true)
    }

    @Test func aLabelWhoseTextsAreAllHeldOutIsNamed() throws {
        let copies = (0..<10).map { number in
            let label = number % 2 == 0 ? "positive" : "negative"
            return #"{"id":"r\#(number)","text":"a \#(label) film","label":"\#(label)"}"# + "\n"
        }
        try folder.write("train.jsonl", copies.joined())
        try folder.write("ids.txt", (0..<10).map { "r\($0)\r\n" }.joined())
        let error = #expect(throws: WeightsError.self) {
            try training(Self.tune, output: "out").run()
        }
        #expect(error?.message.contains("equal held-out ones") == true)
    }
}

// Whole runs on a tiny encoder of made-up weights: what they write, that they go on after a stop,
// and that no label reaches them that they may not see.

import Insight
import Numerics
import Syscalls
import Testing
import Training
import Weights

@Suite final class EncoderTrainingTests {
    let folder: TrainingFolder

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

    static let tune =
        "{do:'tune',epochs:6,batch:8,rate:3e-3,micro_tokens:64,dropout:0.1}"
    static let allSteps =
        "{do:'masked',epochs:1,batch:8,rate:1e-3,texts:40},"
        + "{do:'tune',epochs:2,batch:8,rate:3e-3},"
        + "{do:'distil',teacher:'previous',from:'base',epochs:2,batch:16,rate:3e-3,confidence:0.5}"

    func training(
        _ steps: String, output: String, model: String = "", test: String = "test.jsonl",
        watch: TrainingWatch = TrainingWatch(), seconds: Double = 1e5, coverage: Double? = nil
    ) throws -> EncoderTraining {
        // Always the same file, so that two runs differ only in what a test changes.
        let path = try folder.write(
            "experiment.json5",
            "{data:{train:'train.jsonl',test:'\(test)',unlabelled:['train.jsonl'],"
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

    func bytes(_ file: String) throws -> [UInt8] {
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

    @Test func maskedWordsAloneMakeAnEncoderForOthers() throws {
        let path = try folder.write(
            "encoder.json5",
            "{data:{unlabelled:['train.jsonl'],test:'test.jsonl'},"
                + "model:{kind:'encoder',base:'base',max_tokens:16,weights:'bf16'},"
                + "steps:[{do:'masked',epochs:1,batch:8,rate:1e-3}],output:'reviews'}")
        guard case .encoder(let experiment) = try Experiment(path: path) else {
            Issue.record("another case")
            return
        }
        let encoder = EncoderTraining(experiment, seed: 0, watch: TrainingWatch()) {
            try NetworkStudent($0, $1)
        }
        let report = try encoder.run()
        #expect(report.trainCount == 0 && report.unlabelledCount == 80 && report.test == nil)
        #expect(try encoder.finished() != nil)
        #expect(try ModelFolder.open(encoder.output).head == .none)
        let card = String(decoding: try bytes("reviews/MODEL_CARD.md"), as: UTF8.self)
        #expect(card.contains(": an encoder") && card.contains("last_hidden_state"))
        #expect(!card.contains("held out |"))
        var tuning = try training(Self.tune, output: "after").experiment
        tuning.model.base = encoder.output
        let after = EncoderTraining(tuning, seed: 1, watch: TrainingWatch()) {
            try NetworkStudent($0, $1)
        }
        #expect(try after.run().testAccuracy == 1)
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
        // The base is inside the folder, and goes with it.
        try folder.rename("second", to: "moved")
        #expect(try ModelFolder.open(folder.path + "/moved").encoderPath.contains("/moved/"))
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
        // Figures of other test texts are not these.
        try folder.write("test.jsonl", TrainingFolder.reviews(20, from: 300))
        #expect(throws: TrainingError.self) { try first.finished() }
    }

    @Test(arguments: ["{do:'frozen'}", "{do:'tune',epochs:1}"])
    func nothingIsLearnedOverAdapters(_ step: String) throws {
        let adapters = "{do:'tune',train:'lora',rank:2,epochs:1,rate:1e-2}"
        _ = try training(adapters, output: "adapters").run()
        var experiment = try training(step, output: "over").experiment
        experiment.model.base = folder.path + "/adapters"
        let over = EncoderTraining(experiment, seed: 1, watch: TrainingWatch()) {
            try NetworkStudent($0, $1)
        }
        let error = #expect(throws: TrainingError.self) { try over.run() }
        #expect(error?.description.contains("name its base") == true)
        #expect(!fileExists(folder.path + "/over/textflix.json"))
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

    @Test func aCorrectedStepLeavesTheOnesBeforeItDone() throws {
        func told(_ second: String, model: String = "") throws -> String {
            var lines: [String] = []
            let watch = TrainingWatch(tell: { lines.append($0) })
            let masked = "{do:'masked',epochs:1,batch:8,rate:1e-3}"
            _ = try training(
                "\(masked),\(second)", output: "two", model: model, watch: watch
            ).run()
            return lines.joined(separator: "\n")
        }
        #expect(try !told("{do:'tune',epochs:1}").contains("done already"))
        let corrected = try told("{do:'tune',epochs:2}")
        #expect(corrected.contains("step 1, masked: done already"))
        #expect(!corrected.contains("step 2, tune: done already"))
        // What all steps share is what the first one learned with.
        #expect(
            try !told("{do:'tune',epochs:2}", model: ",truncation:'head'").contains("done already"))
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

    @Test(arguments: [
        ("{do:'distil',teacher:'nowhere'}", "out", "teacher is not there"),
        ("{do:'masked',max_tokens:64},{do:'tune'}", "out", "reads at most 32"),
        ("{do:'tune',fresh_layers:3}", "out", "more fresh_layers"),
        ("{do:'tune'}", "base", "is the base itself"),
        ("{do:'tune'}", "other", "holds a model that no such run wrote"),
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

    @Test func copiesOfOneTextAreAllLearned() throws {
        let copies = (0..<10).map { number in
            let label = number % 2 == 0 ? "positive" : "negative"
            return #"{"id":"r\#(number)","text":"a \#(label) film","label":"\#(label)"}"# + "\n"
        }
        try folder.write("train.jsonl", copies.joined())
        try folder.write("ids.txt", (0..<10).map { "r\($0)\r\n" }.joined())
        let report = try training(Self.tune, output: "out").run()
        #expect(report.trainCount == 10 && report.devCount == 0)
    }

    /// The one negative text is a copy of a positive one, and goes with it.
    @Test func aLabelWhoseTextsAreAllHeldOutIsNamed() throws {
        let lines = (0..<5).map { number in
            let label = number < 4 ? "positive" : "negative"
            return #"{"id":"r\#(number)","text":"film \#(number % 4)","label":"\#(label)"}"# + "\n"
        }
        try folder.write("train.jsonl", lines.joined())
        try folder.write("ids.txt", (0..<5).map { "r\($0)\n" }.joined())
        var data = try training(Self.tune, output: "out").experiment.data
        data.devShare = 0.9
        let messages = (UInt64(0)..<8).compactMap { seed -> String? in
            do throws(WeightsError) {
                _ = try TrainingTexts(data, seed: seed, unlabelled: false)
                return nil
            } catch { return error.message }
        }
        #expect(!messages.isEmpty && messages.allSatisfy { $0.contains("equal texts with others") })
    }
}

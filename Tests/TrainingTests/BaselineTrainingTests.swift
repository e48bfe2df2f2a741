// A baseline experiment from its file to a served model, and what its file may not say.

import Baselines
import Insight
import JSONText
import Syscalls
import TestSupport
import Testing
import Training
import Weights

@Suite struct BaselineTrainingTests {
    private let scratch: TemporaryFolder
    private var folder: String { scratch.path }

    init() throws { scratch = try TemporaryFolder("training") }

    private func write(_ name: String, _ text: String) throws -> String {
        try scratch.write(name, text)
    }

    private func reviews(_ count: Int, from first: Int) -> String {
        let openings = [
            "A warm, funny film", "Dull from start to end", "I loved it", "What a bore",
        ]
        return (first..<(first + count)).map { index in
            let label = index % 2 == 0 ? "positive" : "negative"
            let text = "\(openings[index % 4]) number \(index)."
            return #"{"id":"r\#(index)","text":"\#(text)","label":"\#(label)"}"#
        }.joined(separator: "\n") + "\n"
    }

    @Test func trainsWritesAndServes() throws {
        _ = try write("train.jsonl", reviews(40, from: 0))
        _ = try write("test.jsonl", reviews(20, from: 100))
        let path = try write(
            "experiment.json5",
            """
            // Both labels, one held-out file.
            { data: { train: "train.jsonl", test: "test.jsonl" },
              model: { recipe: "better", cost: [1, 10], interpolation: [0.5, 1] },
              folds: 4, output: "model", coverage: 0.8 }
            """)
        let experiment = try BaselineExperiment(path: path)
        let outcome = try BaselineTraining(experiment, watch: TrainingWatch()).run()
        #expect(outcome.trainCount == 40 && outcome.droppedCount == 0)
        #expect(outcome.trials.count == 4)
        #expect(outcome.test?.allSatisfy(\.isRight) == true)
        let served = try LinearTextModel(folder: experiment.output)
        let promise = try #require(served.settings.conformal)
        #expect(abs(promise.alpha - 0.2) < 1e-9 && promise.threshold > 0.4)
        let revision = served.revision
        _ = try BaselineTraining(experiment, watch: TrainingWatch()).run()
        #expect(try LinearTextModel(folder: experiment.output).revision == revision)
    }

    /// A tenth of the texts is positive; with β = 0.25 no margin is, as none of scikit-learn's is.
    @Test func aPairIsJudgedByTheAnswersThatAreServed() throws {
        let lines = (0..<120).map { number in
            let isPositive = number % 10 == 0
            let word = isPositive ? "fine" : ["dull", "flat", "poor", "long", "thin"][number % 5]
            return #"{"text":"a film that is \#(word) number \#(number)","#
                + #""label":"\#(isPositive ? "positive" : "negative")"}"# + "\n"
        }
        _ = try write("train.jsonl", lines.joined())
        let path = try write(
            "experiment.json5",
            "{data:{train:'train.jsonl'},output:'model',folds:4,fold_answers:'folds.jsonl',"
                + "model:{cost:1,interpolation:[0.25,1]}}")
        let outcome = try BaselineTraining(
            try BaselineExperiment(path: path), watch: TrainingWatch()
        ).run()
        #expect(outcome.trials.allSatisfy { $0.accuracy == 1 })
        // Of equals the one that is surer of what is right.
        let best = try #require(outcome.trials.min { $0.logLoss < $1.logLoss })
        #expect(outcome.trials[0].logLoss != outcome.trials[1].logLoss)
        #expect(outcome.interpolation == best.interpolation)
        let folds = try readFile(folder + "/folds.jsonl", limit: 1 << 20)
            .split(separator: UInt8(ascii: "\n")).map { try JSONDocument.parse(Array($0)) }
        let given = folds.map { $0["scores"]?["positive"]?.double ?? .nan }
        #expect(given.indices.allSatisfy { (given[$0] > 0.5) == ($0 % 10 == 0) })
    }

    @Test func copiesOfTestTextsAreNotLearned() throws {
        _ = try write("train.jsonl", reviews(40, from: 0))
        // Six of the texts, in other marks and letters.
        let copies = reviews(6, from: 10).replacing(" number ", with: ", NUMBER<br />")
        _ = try write("test.jsonl", copies)
        let path = try write(
            "experiment.json5",
            "{data:{train:'train.jsonl',test:'test.jsonl'},output:'model',folds:4,model:{}}")
        let outcome = try BaselineTraining(
            try BaselineExperiment(path: path), watch: TrainingWatch()
        ).run()
        #expect(outcome.trainCount == 34 && outcome.droppedCount == 6)
    }

    /// Its labels would be read, and no text be left to hold back.
    @Test func aTestFileThatIsAPipeIsRefused() throws {
        _ = try write("train.jsonl", reviews(40, from: 0))
        let path = try write(
            "experiment.json5",
            "{data:{train:'train.jsonl',test:'/dev/null'},output:'model',model:{}}")
        let experiment = try BaselineExperiment(path: path)
        let error = #expect(throws: WeightsError.self) {
            try BaselineTraining(experiment, watch: TrainingWatch()).run()
        }
        #expect(error?.message.contains("a file and no pipe") == true)
        #expect(!LinearTextModel.isFolder(experiment.output))
    }

    @Test func aTestFileThatIsTheTrainingFileIsNamed() throws {
        _ = try write("train.jsonl", reviews(40, from: 0))
        let path = try write(
            "experiment.json5",
            "{data:{train:'train.jsonl',test:'train.jsonl'},output:'model',model:{}}")
        let experiment = try BaselineExperiment(path: path)
        let error = #expect(throws: WeightsError.self) {
            try BaselineTraining(experiment, watch: TrainingWatch()).run()
        }
        #expect(error?.message.contains("40 equal a test text") == true)
    }

    @Test func vectorsAreAveragedAndServed() throws {
        _ = try write("train.jsonl", reviews(40, from: 0))
        _ = try write("test.jsonl", reviews(20, from: 100))
        _ = try write("vectors.txt", "warm 1 0\nloved 0.8 0.1\ndull -1 0.2\nbore -0.9 0\na 0 1\n")
        let path = try write(
            "vectors.json5",
            "{data:{train:'train.jsonl',test:'test.jsonl'},output:'model',folds:4,"
                + "model:{kind:'vectors',vectors:'vectors.txt',cost:[1,10]}}")
        let outcome = try BaselineTraining(
            try BaselineExperiment(path: path), watch: TrainingWatch()
        ).run()
        #expect(outcome.converged && outcome.featureCount == 2)
        #expect(outcome.test?.allSatisfy(\.isRight) == true)
    }

    /// Tests/Golden/baselines/make_golden.py: scikit-learn's pipeline on the same vectors.
    @Test func averagedVectorsAreScikitLearns() throws {
        let golden = try JSONDocument.parse(
            try readFile(Checkout.root + "/Tests/Golden/baselines/golden.json", limit: 1 << 20))
        let reference = try #require(golden["vectors"])
        let classes = (golden["classes"]?.array ?? []).compactMap(\.bool)
        var lines = ""
        for (text, isPositive) in zip(golden["train"]?.array ?? [], classes) {
            var line = JSONWriter()
            line.beginObject()
            line.key("text")
            line.string(text.string ?? "")
            line.key("label")
            line.string(isPositive ? "positive" : "negative")
            line.endObject()
            lines += line.text + "\n"
        }
        _ = try write("train.jsonl", lines)
        _ = try write("vectors.txt", try #require(reference["file"]?.string))
        let path = try write(
            "vectors.json5",
            "{data:{train:'train.jsonl'},output:'model',"
                + "model:{kind:'vectors',vectors:'vectors.txt',cost:0.3}}")
        let experiment = try BaselineExperiment(path: path)
        _ = try BaselineTraining(experiment, watch: TrainingWatch()).run()
        let model = try LinearTextModel(folder: experiment.output)
        let reader = NGramReader(recipe: model.recipe)
        var names: [UInt64] = []
        let expected = (reference["margins"]?.array ?? []).compactMap(\.double)
        let held = (golden["held"]?.array ?? []).compactMap(\.utf8)
        #expect(expected.count == held.count && !held.isEmpty)
        for (text, margin) in zip(held, expected) {
            let found = text.withUnsafeBufferPointer { model.score($0, reader, &names).margin }
            #expect(abs(found - margin) < 1e-4)
        }
    }

    @Test func idsChooseTheTexts() throws {
        let path = try write("train.jsonl", reviews(10, from: 0))
        let labels = ["negative", "positive"]
        let some = try LabelledTexts(
            path: path, fields: .init(), labels: labels, only: ["r3", "r8"])
        #expect(some.ids == ["r3", "r8"] && some.truths == [0, 1])
        let error = #expect(throws: WeightsError.self) {
            try LabelledTexts(path: path, fields: .init(), labels: labels, only: ["r3", "none"])
        }
        #expect(error?.message == #"1 of the ids are not in it, "none" first"#)
    }

    @Test(arguments: [
        ("{}", "data and model"),
        ("{data:{train:'a'},model:{},output:'o',extra:1}", #"unknown key "extra""#),
        ("{data:{},model:{},output:'o'}", "train, a file"),
        ("{data:{train:'a'},model:{cost:[]},output:'o'}", "cost must be"),
        ("{data:{train:'a'},model:{kind:'vectors'},output:'o'}", "vectors"),
        ("{data:{train:'a'},model:{recipe:'best'},output:'o'}", "recipe must be one of"),
        ("{data:{train:'a'},model:{}}", "output"),
    ])
    func whatIsWrongIsNamed(_ text: String, _ words: String) throws {
        let path = try write("bad.json5", text)
        let error = #expect(throws: WeightsError.self) { try BaselineExperiment(path: path) }
        #expect(error?.message.contains(words) == true)
        #expect(error?.message.contains("line 1, column") == true)
    }

    @Test(arguments: [
        ("not json\n", "line 1: not a JSON object"),
        ("{\"text\":}\n", "line 1: column 9"),
        ("{\"text\":\"a\"}\n", "line 1: no \"label\""),
        ("{\"label\":\"positive\"}\n", "line 1: no string \"text\""),
        ("\n{\"text\":\"a\",\"label\":\"odd\"}\n", "line 2: the label \"odd\" is none of"),
    ])
    func badLinesAreNamed(_ text: String, _ words: String) throws {
        let path = try write("bad.jsonl", text)
        let error = #expect(throws: WeightsError.self) {
            try LabelledTexts(path: path, fields: .init(), labels: ["negative", "positive"])
        }
        #expect(error?.message.hasPrefix(words) == true)
    }

    @Test func foldsHoldEachTextOnceAndSpreadLabels() {
        let positive = (0..<23).map { $0 % 3 == 0 }
        let folds = Folds(positive, firsts: Array(0..<23), count: 5, seed: 3)
        #expect(folds.parts.flatMap(\.self).sorted() == Array(0..<23))
        for part in folds.parts { #expect((1...2).contains(part.filter { positive[$0] }.count)) }
        let margins = folds.margins { train, held in
            #expect(Set(train).isDisjoint(with: held) && train.count + held.count == 23)
            return held.map(Double.init)
        }
        #expect(margins == (0..<23).map(Double.init))
    }

    @Test func anOldPromiseDoesNotOutliveItsModel() throws {
        _ = try write("train.jsonl", reviews(40, from: 0))
        for (rest, isPromised) in [("coverage:0.9,", true), ("", false)] {
            let path = try write(
                "experiment.json5",
                "{data:{train:'train.jsonl'},\(rest)output:'model',folds:4,model:{}}")
            _ = try BaselineTraining(BaselineExperiment(path: path), watch: TrainingWatch()).run()
            #expect(fileExists(folder + "/model/textflix.json") == isPromised)
        }
    }

    /// Nor does it stand beside the next one, as long as that one's is not written.
    @Test func anOldPromiseIsGoneBeforeTheNextModelIsThere() throws {
        _ = try write("train.jsonl", reviews(40, from: 0))
        let path = try write(
            "experiment.json5",
            "{data:{train:'train.jsonl'},coverage:0.99,output:'model',folds:4,model:{}}")
        let experiment = try BaselineExperiment(path: path)
        let settings = folder + "/model/textflix.json"
        var stood: [Bool] = []
        let watch = TrainingWatch(tell: { line in
            // Between the model and its promise.
            if line.contains("too few to promise") { stood.append(fileExists(settings)) }
        })
        for _ in 0..<2 {
            _ = try BaselineTraining(experiment, watch: watch).run()
            #expect(fileExists(settings))
        }
        #expect(stood == [false, false])
    }

    /// What a person wrote there stays, in whatever form of JSON5; what an earlier fit's
    /// probabilities meant does not.
    @Test(arguments: [true, false])
    func otherSettingsOutliveTheModel(_ promises: Bool) throws {
        _ = try write("train.jsonl", reviews(40, from: 0))
        let path = try write(
            "experiment.json5",
            "{data:{train:'train.jsonl'},output:'model',folds:4,model:{},"
                + (promises ? "coverage:0.8}" : "}"))
        let experiment = try BaselineExperiment(path: path)
        _ = try BaselineTraining(experiment, watch: TrainingWatch()).run()
        _ = try write(
            "model/textflix.json",
            "{abstain_below: .75, temperature: 3, // mine\n provenance: {'by': 'hand',},"
                + "conformal: {alpha: 0.5, threshold: 0.5}}")
        _ = try BaselineTraining(experiment, watch: TrainingWatch()).run()
        let settings = try LinearTextModel(folder: experiment.output).settings
        #expect(settings.abstainBelow == 0.75 && settings.temperature == 1)
        #expect(settings.provenance?["by"]?.string == "hand")
        #expect((settings.conformal?.alpha).map { abs($0 - 0.2) < 1e-9 } == (promises ? true : nil))
        // Where nothing is to be changed, not a byte is.
        let mine = "{abstain_below: 0.5} // mine\n"
        _ = try write("model/textflix.json", mine)
        _ = try BaselineTraining(experiment, watch: TrainingWatch()).run()
        let bytes = try readFile(folder + "/model/textflix.json", limit: 1 << 16)
        #expect((bytes == Array(mine.utf8)) == !promises)
        _ = try write("model/textflix.json", "{abstain: 0.5}")
        let error = #expect(throws: WeightsError.self) {
            try BaselineTraining(experiment, watch: TrainingWatch()).run()
        }
        #expect(error?.kind == .configuration)
    }

    @Test func aModelOfAnotherKindIsNotWrittenOver() throws {
        _ = try write("train.jsonl", reviews(40, from: 0))
        try makeDirectories(folder + "/model")
        _ = try write("model/config.json", #"{"model_type":"bert"}"#)
        let path = try write(
            "experiment.json5", "{data:{train:'train.jsonl'},output:'model',model:{}}")
        let error = #expect(throws: TrainingError.self) {
            try BaselineTraining(BaselineExperiment(path: path), watch: TrainingWatch()).run()
        }
        #expect(error?.description.contains("a model of another kind") == true)
    }

    @Test func aFolderThatAnotherRunWritesIsRefused() throws {
        _ = try write("train.jsonl", reviews(40, from: 0))
        let path = try write(
            "experiment.json5", "{data:{train:'train.jsonl'},output:'model',folds:4,model:{}}")
        let experiment = try BaselineExperiment(path: path)
        try makeDirectories(experiment.output)
        do {
            let lock = try FileLock(experiment.output + "/lock")
            defer { withExtendedLifetime(lock) {} }
            let error = #expect(throws: TrainingError.self) {
                try BaselineTraining(experiment, watch: TrainingWatch()).run()
            }
            #expect(error?.description.contains("another run is writing this folder") == true)
        }
        _ = try BaselineTraining(experiment, watch: TrainingWatch()).run()
        let names = try listDirectory(experiment.output)
        #expect(names == ["config.json", "lock", "model.safetensors"])
        #expect(LinearTextModel.isFolder(experiment.output))
    }

    @Test func labelsOfTheTestFileAreCheckedBeforeAnythingIsWritten() throws {
        _ = try write("train.jsonl", reviews(40, from: 0))
        _ = try write("test.jsonl", reviews(20, from: 100))
        func experiment(order: Int) throws -> BaselineExperiment {
            try BaselineExperiment(
                path: write(
                    "experiment.json5",
                    "{data:{train:'train.jsonl',test:'test.jsonl'},output:'model',folds:4,"
                        + "model:{order:\(order)}}"))
        }
        _ = try BaselineTraining(experiment(order: 1), watch: TrainingWatch()).run()
        let report = try write("model/report.json", "of the first")
        let model = try LinearTextModel(folder: folder + "/model").revision
        let odd = ["odd", "strange"].map { #"{"text":"A film.","label":"\#($0)"}"# + "\n" }
        _ = try write("test.jsonl", reviews(20, from: 100) + odd.joined())
        let error = #expect(throws: WeightsError.self) {
            try BaselineTraining(experiment(order: 2), watch: TrainingWatch()).run()
        }
        for word in ["line 21", "odd (1)", "strange (1)"] {
            #expect(error?.message.contains(word) == true, "\(error?.message ?? "")")
        }
        #expect(try LinearTextModel(folder: folder + "/model").revision == model)
        #expect(fileExists(report))
        // The report of the first model does not stand beside the second.
        _ = try write("test.jsonl", reviews(20, from: 100))
        _ = try BaselineTraining(experiment(order: 2), watch: TrainingWatch()).run()
        #expect(try LinearTextModel(folder: folder + "/model").revision != model)
        #expect(!fileExists(report))
    }

    @Test func aTestFileWithoutTextsMeasuresNothing() throws {
        _ = try write("train.jsonl", reviews(40, from: 0))
        _ = try write("test.jsonl", "")
        let path = try write(
            "experiment.json5",
            "{data:{train:'train.jsonl',test:'test.jsonl'},output:'model',folds:4,model:{}}")
        var lines: [String] = []
        let watch = TrainingWatch(tell: { lines.append($0) })
        let outcome = try BaselineTraining(BaselineExperiment(path: path), watch: watch).run()
        #expect(outcome.test == nil && outcome.testAccuracy == nil)
        #expect(lines.contains { $0.contains("nothing is measured") })
    }

    @Test(arguments: ["output:'/dev/null/x'", "output:'model',fold_answers:'/nowhere/a.jsonl'"])
    func whatCannotBeWrittenIsToldBeforeAnythingIsRead(_ places: String) throws {
        let path = try write(
            "experiment.json5", "{data:{train:'not-there.jsonl'},\(places),model:{}}")
        let error = #expect(throws: WeightsError.self) {
            try BaselineTraining(BaselineExperiment(path: path), watch: TrainingWatch()).run()
        }
        #expect(error?.kind == .unwritable)
    }

    @Test func copiesOfATextAreInOneFold() {
        let firsts = (0..<40).map { $0 < 10 ? $0 : $0 % 10 }
        let folds = Folds((0..<40).map { $0 % 3 == 0 }, firsts: firsts, count: 4, seed: 3)
        #expect(folds.parts.flatMap(\.self).sorted() == Array(0..<40))
        for text in 0..<10 {
            let parts = folds.parts.filter { part in part.contains { firsts[$0] == text } }
            #expect(parts.count == 1)
        }
        // Nothing is fitted on no texts.
        let copies = Folds([true, false, true], firsts: [0, 0, 0], count: 2, seed: 3)
        #expect(copies.margins { _, _ in [] } == [0, 0, 0])
    }
}

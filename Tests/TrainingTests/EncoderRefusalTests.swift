// What a run refuses before it begins, what it reports, and which files it leaves alone.

import Syscalls
import Testing
import Tokenization
import Training
import Weights

extension EncoderTrainingTests {
    private func run(
        _ experiment: EncoderExperiment, _ output: String, tell: @escaping (String) -> Void
    ) throws -> RunReport {
        var experiment = experiment
        experiment.output = folder.path + "/" + output
        let training = EncoderTraining(
            experiment, seed: 1, watch: TrainingWatch(tell: tell)
        ) { try NetworkStudent($0, $1) }
        return try training.run()
    }

    @Test(arguments: [
        (#""head_and_tail""#, #""windows""#, "a teacher that reads in windows"),
        (#""negative""#, #""neutral""#, "the teacher's labels are neutral, positive"),
        (#""truncation""#, #""multi_label":true,"truncation""#, "a probability of its own"),
    ])
    func aTeacherThatCannotTeachIsRefusedAtOnce(
        _ part: String, _ other: String, _ words: String
    ) throws {
        _ = try training(Self.tune, output: "teacher").run()
        let settings = String(decoding: try bytes("teacher/textflix.json"), as: UTF8.self)
        try folder.write("teacher/textflix.json", settings.replacing(part, with: other))
        try expectRefused("teacher", words)
    }

    @Test(arguments: [
        ("", "there is no answer in it"),
        (#"{"id":"r1","probabilities":[0.5,0.5]}"# + "\n{}\n", "line 2: no \"id\""),
        (#"{"id":"r1","scores":{"negative":1}}"# + "\n", "line 1: neither \"probabilities\""),
        (#"{"id":"r1","probabilities":[1e999,1]}"# + "\n", "line 1: neither \"probabilities\""),
        (#"{"id":"r1","scores":{"negative":0.75,"positive":1}}"# + "\n", "scores sum to 1.75"),
    ])
    func answersThatCannotTeachAreRefusedAtOnce(_ lines: String, _ words: String) throws {
        try folder.write("answers.jsonl", lines)
        try expectRefused("answers.jsonl", words)
    }

    @Test(
        arguments: [
            (
                "pos",
                "line 5: the label \"pos\" is none of negative, positive; the labels there are "
                    + "negative (15), positive (14), pos (1)"
            ), (nil, "line 5: no \"label\""),
        ] as [(String?, String)])
    func wrongLabelsOfTheTestFileAreToldAtOnce(_ label: String?, _ words: String) throws {
        let texts = TrainingFolder.reviews(30, from: 200) { number in
            number == 204 ? label : number % 2 == 0 ? "positive" : "negative"
        }
        try folder.write("test.jsonl", texts)
        let error = #expect(throws: WeightsError.self) {
            try training(Self.tune, output: "out").run()
        }
        #expect(error?.message == words)
        #expect(!isDirectory(folder.path + "/out"))
    }

    /// It would be empty when it is read again, and hold nothing back.
    @Test(arguments: ["test", "train", "unlabelled", "teacher"])
    func aPipeThatIsReadAgainIsRefused(_ what: String) throws {
        let step = what == "teacher" ? "{do:'distil',teacher:'/dev/null'}" : Self.tune
        var experiment = try training(step, output: "out").experiment
        switch what {
        case "test": experiment.data.test = "/dev/null"
        case "train": experiment.data.train = "/dev/null"
        case "unlabelled": experiment.data.unlabelled = ["/dev/null"]
        default: break
        }
        let error = #expect(throws: WeightsError.self) { try run(experiment, "out") { _ in } }
        #expect(error?.path == "/dev/null" && error?.kind == .unreadable)
        #expect(error?.message.contains("a file and no pipe") == true, "\(error?.message ?? "")")
        #expect(!isDirectory(folder.path + "/out"))
        guard what != "teacher" else { return }
        #expect(throws: WeightsError.self) {
            try TrainingTexts(experiment.data, seed: 1, unlabelled: true)
        }
    }

    @Test func anEncoderWithoutAHeadIsNoTeacher() throws {
        try expectRefused("base", "no head that classifies texts")
    }

    /// Though it is asked in the second step alone.
    private func expectRefused(_ teacher: String, _ words: String) throws {
        let steps = "{do:'tune',epochs:1},{do:'distil',teacher:'\(teacher)',epochs:1}"
        let error = #expect(throws: WeightsError.self) {
            try training(steps, output: "pupil").run()
        }
        #expect(error?.message.contains(words) == true, "\(error?.message ?? "none")")
        #expect(!isDirectory(folder.path + "/pupil"))
    }

    @Test func whatTooFewTextsCannotPromiseIsTold() throws {
        var experiment = try training("{do:'frozen'}", output: "few", coverage: 0.9).experiment
        experiment.data.devShare = 0
        var lines: [String] = []
        let report = try run(experiment, "few") { lines.append($0) }
        let told = lines.joined(separator: "\n")
        #expect(told.contains("0 held-out texts are too few to promise a coverage of 0.9"))
        #expect(told.contains("9 are the least"))
        #expect(told.contains("texts of each label, to learn from and held out: negative 20 + 0"))
        #expect(!told.contains("held-out accuracy") && report.devCount == 0)
    }

    @Test func aHeadOfOtherLabelsIsToldOf() throws {
        let model = ",head:'pooler'"
        _ = try training(Self.tune, output: "pooler", model: model).run()
        var experiment = try training("{do:'tune',epochs:1}", output: "over", model: model)
            .experiment
        experiment.model.base = folder.path + "/pooler"
        for labels in [["negative", "positive"], ["positive", "negative"]] {
            experiment.data.labels = labels
            var lines: [String] = []
            _ = try run(experiment, "over-" + labels[0]) { lines.append($0) }
            let told = lines.filter { $0.contains("the base's head is not used") }
            #expect(told.count == (labels[0] == "positive" ? 1 : 0))
        }
    }

    @Test func aHeadThatMaskedWordsLeaveBehindIsToldOf() throws {
        let model = ",head:'pooler'"
        _ = try training(Self.tune, output: "pooler", model: model).run()
        for (first, count) in [("", 0), ("{do:'masked',epochs:1,batch:8},", 1)] {
            var experiment = try training(
                first + "{do:'tune',epochs:1}", output: "over", model: model
            ).experiment
            experiment.model.base = folder.path + "/pooler"
            var lines: [String] = []
            _ = try run(experiment, "over-\(count)") { lines.append($0) }
            #expect(lines.filter { $0.contains("masked words come first") }.count == count)
        }
    }

    @Test func aFrozenStepStopsWhenItIsAskedTo() throws {
        var asked = 0
        let watch = TrainingWatch(asksToStop: {
            asked += 1
            return asked > 5
        })
        #expect(throws: TrainingInterruption.self) {
            try training("{do:'frozen'}", output: "frozen", watch: watch).run()
        }
        #expect(asked == 6)
        #expect(try training("{do:'frozen'}", output: "frozen").run().steps.count == 1)
    }

    @Test func theModelCutsTextsAsItsBaseDoes() throws {
        // Of an earlier run of another base.
        try makeDirectory(folder.path + "/plain")
        try folder.write("plain/added_tokens.json", #"{"[OLD]":16}"#)
        _ = try training(Self.tune, output: "plain").run()
        #expect(!fileExists(folder.path + "/plain/added_tokens.json"))
        try folder.write("base/added_tokens.json", #"{"[NEW]":16}"#)
        _ = try training(Self.tune, output: "out").run()
        #expect(try bytes("out/added_tokens.json") == bytes("base/added_tokens.json"))
        let tokenizer = try WordPiece(of: ModelFolder.open(folder.path + "/out"))
        #expect(tokenizer.vocabularyCount == 17)
    }

    @Test func halvesOfKilledWritersGoAndFilesOfOthersStay() throws {
        try makeDirectory(folder.path + "/out")
        let others = ["notes.new-ideas.txt", "a.new-0123456789abcdef0", "b.new-0123456789ABCDEF"]
        let half = "head.safetensors.new-0123456789abcdef"
        for name in others + [half, "gone.new-0123456789abcdef"] {
            try folder.write("out/" + name, "")
        }
        _ = try training("{do:'frozen',cost:1}", output: "out").run()
        let names = try listDirectory(folder.path + "/out").filter { $0.contains(".new-") }
        #expect(names == others.sorted())
    }

    @Test func aTestFileWithoutTextsMeasuresNothing() throws {
        try folder.write("test.jsonl", "")
        var lines: [String] = []
        let report = try run(training(Self.tune, output: "out").experiment, "out") {
            lines.append($0)
        }
        #expect(report.test == nil && lines.contains { $0.contains("nothing is measured") })
        let card = String(decoding: try bytes("out/MODEL_CARD.md"), as: UTF8.self)
        #expect(!card.contains("nan") && !card.contains("| test,"))
    }

    @Test func whatNothingHeldOutMeansIsTold() throws {
        var experiment = try training("{do:'tune',epochs:1,patience:2}", output: "out").experiment
        experiment.data.devShare = 0
        var lines: [String] = []
        _ = try run(experiment, "out") { lines.append($0) }
        #expect(lines.filter { $0.contains("nothing is held out") }.count == 1)
    }
}

// What a run takes up of an earlier one whose file was corrected: steps that are done, where their
// very model stands there, and finished runs.

import Syscalls
import Testing
import Training
import Weights

extension EncoderTrainingTests {
    private static let written = ["model.safetensors", "head.safetensors", "textflix.json"]

    /// A run that ends before its report is written, and what it tells.
    private func unfinished(
        _ steps: String, model: String = "", test: String = "test.jsonl", coverage: Double? = nil
    ) throws -> String {
        var lines: [String] = []
        let training = try training(
            steps, output: "out", model: model, test: test,
            watch: TrainingWatch(tell: { lines.append($0) }), coverage: coverage)
        let error = #expect(throws: TrainingError.self) {
            try training.run { _ in throw TrainingError.unfit("before the report") }
        }
        #expect(error?.description == "before the report", "\(error?.description ?? "none")")
        return lines.joined(separator: "\n")
    }

    private func expectWritten(as output: String) throws {
        for file in Self.written {
            #expect(try bytes("out/" + file) == bytes("\(output)/\(file)"), "\(file)")
        }
    }

    /// The removed step wrote where the one before it, now the last, is to write.
    @Test func aRemovedStepsModelIsNotTakenForAnothers() throws {
        _ = try unfinished(Self.tune + ",{do:'tune',epochs:1,batch:8,rate:1e-3}")
        let told = try unfinished(Self.tune)
        #expect(!told.contains("done already") && told.contains("goes on after update 24 of 24"))
        _ = try training(Self.tune, output: "once").run()
        try expectWritten(as: "once")
    }

    @Test func aStepThatIsChangedAndChangedBackIsDoneWithItsOwnModelAlone() throws {
        _ = try training(Self.tune, output: "once").run()
        _ = try unfinished(Self.tune)
        _ = try unfinished("{do:'frozen',cost:1}")
        #expect(try !unfinished(Self.tune).contains("done already"))
        try expectWritten(as: "once")
        #expect(try unfinished(Self.tune).contains("step 1, tune: done already"))
        // A record that does not name its model says nothing of the one that stands there.
        let record = "out/steps/1-tune/step.json"
        let said = String(decoding: try bytes(record), as: UTF8.self)
        try folder.write(record, said.replacing(#""revision""#, with: #""other""#))
        #expect(try !unfinished(Self.tune).contains("done already"))
        try expectWritten(as: "once")
    }

    @Test func howTheLastModelIsWrittenIsCorrectedWithoutLearningAgain() throws {
        _ = try unfinished(Self.tune)
        let whole = try bytes("out/model.safetensors").count
        let told = try unfinished(Self.tune, model: ",weights:'bf16'", coverage: 0.5)
        #expect(told.contains("goes on after update 24 of 24"))
        #expect(try bytes("out/model.safetensors").count < whole)
        #expect(try ModelFolder.open(folder.path + "/out").settings.conformal != nil)
    }

    @Test func whatNoStepReadsLeavesAllOfThemDone() throws {
        _ = try unfinished(Self.allSteps)
        try folder.rename("test.jsonl", to: "clean.jsonl")
        let told = try unfinished(
            Self.allSteps.replacing("epochs:1,", with: " 'epochs' : 1.0, /* once */ "),
            model: ",  head: 'linear'", test: "clean.jsonl")
        for step in ["1, masked", "2, tune", "3, distil"] {
            #expect(told.contains("step \(step): done already"), "\(step)")
        }
    }

    @Test func masksDoNotDependOnTheHead() throws {
        let steps = "{do:'masked',epochs:1,batch:8,rate:1e-3},{do:'frozen',cost:1}"
        _ = try unfinished(steps)
        let told = try unfinished(steps, model: ",head:'pooler'")
        #expect(told.contains("step 1, masked: done already"))
        #expect(!told.contains("step 2, frozen: done already"))
    }

    @Test func aFinishedRunIsKnownByWhatItsFileSays() throws {
        _ = try training(Self.tune, output: "out").run()
        let spelled = "/* as before */ " + Self.tune.replacing("epochs:6", with: "epochs: 6.0")
        let again = try training(spelled, output: "out", model: ",  weights: 'f32'")
        #expect(try again.finished()?.testAccuracy == 1)
        for model in [",weights:'bf16'", ",answers:'int8'", ",head:'pooler'"] {
            let other = try training(Self.tune, output: "out", model: model)
            #expect(throws: TrainingError.self, "\(model)") { try other.finished() }
        }
    }

    /// Which model a step begins with is part of what is compared, though no path is.
    @Test func whereAStepBeginsIsPartOfTheRun() throws {
        let steps = "{do:'tune',epochs:1,batch:8},{do:'tune',epochs:1,batch:8"
        _ = try training(steps + "}", output: "out").run()
        #expect(try training(steps + "}", output: "out").finished() != nil)
        let other = try training(steps + ",from:'base'}", output: "out")
        #expect(throws: TrainingError.self) { try other.finished() }
    }

    @Test func aFinishedModelWhoseBaseWasMovedIsAnError() throws {
        let head = "{do:'frozen',cost:1}"
        _ = try training(head, output: "out").run()
        try folder.rename("base", to: "moved")
        var experiment = try training(head, output: "out").experiment
        experiment.model.base = folder.path + "/moved"
        let again = EncoderTraining(experiment, seed: 1, watch: TrainingWatch()) {
            try NetworkStudent($0, $1)
        }
        let error = #expect(throws: WeightsError.self) { try again.finished() }
        #expect(error?.message.contains("cannot be opened") == true)
        #expect(error?.message.contains("/base") == true, "\(error?.message ?? "")")
        try folder.rename("moved", to: "base")
        #expect(try training(head, output: "out").finished() != nil)
    }

    /// Its file had one seed then, and no folder a seed.
    @Test func aFinishedSeedKeepsItsFolderWhereOthersAreAdded() throws {
        _ = try training(Self.tune, output: "out").run()
        var experiment = try training(Self.tune, output: "out").experiment
        experiment.seeds = [1, 2]
        let runs = experiment.seeds.map { seed in
            EncoderTraining(experiment, seed: seed, watch: TrainingWatch()) {
                try NetworkStudent($0, $1)
            }
        }
        #expect(runs.map(\.output) == [folder.path + "/out", folder.path + "/out/seed-2"])
        #expect(try runs[0].finished() != nil && runs[1].finished() == nil)
        // Without its report it is not known to be over.
        try removeFile(folder.path + "/out/report.json")
        let anew = EncoderTraining(experiment, seed: 1, watch: TrainingWatch()) {
            try NetworkStudent($0, $1)
        }
        #expect(anew.output == folder.path + "/out/seed-1")
    }

    @Test func whatIsNotTheSameIsNamed() throws {
        _ = try training(Self.tune, output: "out").run()
        func told(_ steps: String, seed: UInt64 = 1) throws -> String {
            let training = EncoderTraining(
                try training(steps, output: "out").experiment, seed: seed, watch: TrainingWatch()
            ) { try NetworkStudent($0, $1) }
            let error = #expect(throws: TrainingError.self) { try training.finished() }
            return error?.description ?? ""
        }
        #expect(try told("{do:'frozen'}").contains("(not the same: experiment)"))
        #expect(try told(Self.tune, seed: 2).contains("(not the same: seed"))
        try folder.write("test.jsonl", TrainingFolder.reviews(20, from: 300))
        #expect(try told(Self.tune).contains("(not the same: test file)"))
        try folder.write("train.jsonl", TrainingFolder.reviews(80, from: 0) + "\n")
        #expect(try told(Self.tune).contains("(not the same: test file)"))
        let texts = TrainingFolder.reviews(80, from: 0).replacing("number 7\"", with: "number 70\"")
        try folder.write("train.jsonl", texts)
        #expect(try told(Self.tune).contains("(not the same: texts, test file)"))
    }

    @Test func aCheckpointOfAnotherRunIsRefusedWithWhatMayDiffer() throws {
        let stop = TrainingWatch(asksToStop: { true })
        #expect(throws: TrainingInterruption.self) {
            try training(Self.tune, output: "out", watch: stop).run()
        }
        let error = #expect(throws: WeightsError.self) {
            try training(Self.tune.replacing("epochs:6", with: "epochs:5"), output: "out").run()
        }
        #expect(error?.message.contains("begun by another version") == true)
    }

    /// Its answers have been kept by then.
    @Test func aTeacherMayGoOnceItHasAnswered() throws {
        _ = try training(Self.tune, output: "teacher").run()
        let watch = TrainingWatch(tell: { [folder] line in
            if line.contains("held-out accuracy") {
                try? folder.rename("teacher", to: "elsewhere")
            }
        })
        let distil = "{do:'distil',teacher:'teacher',epochs:1,batch:8}"
        let report = try training(distil, output: "pupil", watch: watch).run()
        #expect(report.teachers.count == 1 && isDirectory(folder.path + "/elsewhere"))
        #expect(try training(distil, output: "pupil").finished() != nil)
    }
}

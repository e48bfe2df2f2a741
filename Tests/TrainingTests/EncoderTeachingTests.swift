// Teachers' answers: which are asked for, kept, read again and learned, and for which texts.

import JSONText
import Numerics
import Syscalls
import Testing
import Training
import Weights

extension EncoderTrainingTests {
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
        // Where two texts share an id, the hash says whose the answer is.
        try folder.write("train.jsonl", texts.replacing(#""r51""#, with: #""r52""#))
        let third = try training(fromFile, output: "third").run()
        #expect(third.steps[0].notes.contains { $0.key == "unanswered" && $0.value == "1" })
        // Nor is a file of use where one text has two answers.
        try folder.write("train.jsonl", texts)
        try folder.write("kept.jsonl", kept + #"{"id":"r50","probabilities":[0.5,0.5]}"# + "\n")
        let error = #expect(throws: WeightsError.self) {
            try training(fromFile, output: "fourth").run()
        }
        #expect(error?.message.contains("another answer to") == true)
    }

    /// Lines of two files have the same numbers; the hash says which text an answer belongs to.
    @Test func answersToOneIDAreToldApartByTheirTexts() throws {
        let step = "{do:'distil',teacher:'answers.jsonl',epochs:1,batch:8,labelled:0}"
        func line(_ id: String, _ text: [UInt8], _ row: String) -> String {
            let hash = Revision.hexadecimal(text.withUnsafeBytes { ContentHash.xxh64($0) })
            return #"{"id":"\#(id)","text_hash":"\#(hash)","probabilities":\#(row)}"# + "\n"
        }
        var answers = ""
        for review in TrainingFolder.reviews(80, from: 0).split(separator: "\n") {
            let node = try JSONDocument.parse(Array(review.utf8))
            let (id, text) = (node["id"]?.string ?? "", node["text"]?.utf8 ?? [])
            answers += line(id, Array("another text".utf8), "[0.9,0.1]")
            answers += line(id, text, "[0.2,0.8]")
        }
        try folder.write("answers.jsonl", answers)
        let report = try training(step, output: "out").run()
        #expect(report.steps[0].notes.contains { $0.key == "taught" && $0.value == "72" })
    }

    /// Answers without a hash are to ids; that two texts share one is told before anything is
    /// learned.
    @Test func answersToSharedIDsAreRefusedAtOnce() throws {
        let answers = (0..<80).map { #"{"id":"r\#($0)","probabilities":[0.1,0.9]}"# + "\n" }
        try folder.write("answers.jsonl", answers.joined())
        let texts = TrainingFolder.reviews(80, from: 0)
        try folder.write("train.jsonl", texts.replacing(#""r51""#, with: #""r52""#))
        let error = #expect(throws: WeightsError.self) {
            try training(
                "{do:'tune',epochs:1},{do:'distil',teacher:'answers.jsonl',epochs:1}",
                output: "out"
            ).run()
        }
        #expect(error?.message.contains("the id \"r52\"") == true)
        #expect(error?.message.contains("need ids of their own") == true)
        #expect(!isDirectory(folder.path + "/out/steps/1-tune"))
    }

    @Test(arguments: [
        ("", "set it to false"), (",confidence:0.5", "set it to false, or lower confidence"),
    ])
    func whatBalanceLeavesIsCounted(_ confidence: String, _ advice: String) throws {
        let step =
            "{do:'distil',teacher:'sure.jsonl',balanced:true,epochs:1,labelled:0\(confidence)}"
        let lines = (0..<80).map { #"{"id":"r\#($0)","probabilities":[0.1,0.9]}"# + "\n" }
        try folder.write("sure.jsonl", lines.joined())
        let error = #expect(throws: TrainingError.self) {
            try training(step, output: "out").run()
        }
        #expect(error?.description.contains("72 are more than the rarest label has") == true)
        #expect(error?.description.contains("surest of the label \"negative\"") == true)
        #expect(error?.description.hasSuffix(advice) == true)
    }

    @Test func aRetrainedTeacherMakesAnotherRun() throws {
        let distil = "{do:'distil',teacher:'teacher',epochs:1,batch:8}"
        let teacher = try training(Self.tune, output: "teacher")
        _ = try teacher.run()
        _ = try training(distil, output: "pupil").run()
        #expect(try training(distil, output: "pupil").finished() != nil)
        // A removed teacher does not count as changed; another one in its place does.
        try folder.rename("teacher", to: "elsewhere")
        #expect(try training(distil, output: "pupil").finished() != nil)
        _ = try training("{do:'frozen'}", output: "teacher").run()
        #expect(throws: TrainingError.self) {
            try training(distil, output: "pupil").finished()
        }
    }
}

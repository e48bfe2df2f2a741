// Texts as people have them: copies, contradictions, blank lines, too few of everything.

import Syscalls
import Testing
import Training
import Weights

@Suite struct OwnTextsTests {
    private let folder: TrainingFolder

    init() throws { folder = try TrainingFolder() }

    private func texts(_ lines: String, devShare: Double = 0.2) throws -> TrainingTexts {
        try folder.write("train.jsonl", lines)
        let path = try folder.write(
            "e.json5",
            "{data:{train:'train.jsonl',dev_share:\(devShare)},model:{kind:'encoder',base:'b'},"
                + "steps:[{do:'tune'}],output:'o'}")
        guard case .encoder(let experiment) = try Experiment(path: path) else {
            throw TrainingError.unfit("no encoder")
        }
        return try TrainingTexts(experiment.data, seed: 1, unlabelled: false)
    }

    private func line(_ text: String, _ label: String) -> String {
        #"{"text":"\#(text)","label":"\#(label)"}"# + "\n"
    }

    @Test func allLabelsOfAFileAreToldWhereOneIsStrange() throws {
        let path = try folder.write(
            "many.jsonl",
            line("a", "pos") + line("b", "neg") + line("c", "neg") + line("d", "neutral"))
        let error = #expect(throws: WeightsError.self) {
            try LabelledTexts(path: path, fields: .init(), labels: ["negative", "pos"])
        }
        #expect(
            error?.message
                == "line 2: the label \"neg\" is none of negative, pos; the labels there are "
                + "neg (2), neutral (1), pos (1)")
    }

    @Test func aTableIsReadLikeLines() throws {
        let lines = try folder.write(
            "a.jsonl", "\u{feff}" + line("Good, warm.", "positive") + line("dull", "negative"))
        let table = try folder.write(
            "a.csv", "\u{feff}label,text\r\npositive,\"Good, warm.\"\r\nnegative,dull\r\n")
        let labels = ["negative", "positive"]
        let all = try [lines, table].map {
            try LabelledTexts(path: $0, fields: .init(), labels: labels)
        }
        #expect(all[0].texts == all[1].texts)
        #expect(all[0].truths == [1, 0] && all[1].truths == [1, 0])
        #expect(all[0].ids == ["1", "2"] && all[1].ids == ["2", "3"])
    }

    @Test(arguments: [
        ("review,label\na,positive\n", "no column \"text\"; the first row names review, label"),
        ("text,label\na,b,positive\n", "line 2: 3 fields, the first row has 2"),
        ("text,label\na,positive\n\"b,odd\n", "line 3: the quote that opens on line 3"),
        ("text,label\na,odd\n", "line 2: the label \"odd\" is none of"),
    ])
    func aTableThatIsWrongIsToldWithItsLine(_ text: String, _ words: String) throws {
        let path = try folder.write("bad.csv", text)
        let error = #expect(throws: WeightsError.self) {
            try LabelledTexts(path: path, fields: .init(), labels: ["negative", "positive"])
        }
        #expect(error?.message.hasPrefix(words) == true, "\(error?.message ?? "")")
    }

    /// Each text four times: none is on both sides, and none is lost.
    @Test func copiesAreOnOneSide() throws {
        let once = TrainingFolder.reviews(30, from: 0)
        let texts = try texts(once + once + once + once)
        #expect(texts.droppedLabelled == 0 && texts.train.count + texts.dev.count == 120)
        #expect(texts.dev.count == 24)
        let held = TextFingerprints(texts.dev.texts)
        #expect(!texts.train.texts.contains(where: held.contains))
    }

    @Test func aTextThatMostOfALabelRepeatsIsLearned() throws {
        let repeated = String(repeating: line("ok", "positive"), count: 20)
        let rest = line("fine", "positive") + line("warm", "positive")
        let texts = try texts(repeated + rest + TrainingFolder.reviews(20, from: 0))
        #expect(texts.train.texts.count { $0 == Array("ok".utf8) } == 20)
    }

    @Test func contradictionsAreCounted() throws {
        let lines = line("the same", "positive") + line("The same!", "negative")
        let texts = try texts(lines + TrainingFolder.reviews(20, from: 0))
        #expect(texts.conflicting == 1)
        let sides = [texts.train, texts.dev].map { side in
            side.texts.count { String(decoding: $0, as: UTF8.self).lowercased().hasPrefix("the s") }
        }
        #expect(sides.sorted() == [0, 2])
    }

    @Test func blankLinesAreNoTexts() throws {
        let texts = try texts(TrainingFolder.reviews(20, from: 0) + "\r\n  \n\t\n")
        #expect(texts.train.count + texts.dev.count == 20)
    }

    @Test(arguments: [
        ("text,label\nfine,positive\n", "line 1: not a JSON object"),
        (#"[{"text":"a"}]"#, "line 1: not a JSON object"),
    ])
    func whatIsNoJSONLinesIsTold(_ lines: String, _ words: String) throws {
        let error = #expect(throws: WeightsError.self) { try texts(lines) }
        #expect(error?.message.contains(words) == true, "\(error?.message ?? "none")")
    }

    @Test func idsAreReadAsEditorsWriteThem() throws {
        let path = try folder.write("ids.txt", "\u{feff}r1\r\nr2\r\n")
        #expect(try readIdentifiers(path) == ["r1", "r2"])
    }

    @Test func idsAreQuotedAndAnEmptyListIsTold() throws {
        let path = try folder.write("all.jsonl", TrainingFolder.reviews(4, from: 0))
        let missing = #expect(throws: WeightsError.self) {
            try LabelledTexts(
                path: path, fields: .init(), labels: ["negative", "positive"], only: ["r1 "])
        }
        #expect(missing?.message.contains(#""r1 " first"#) == true)
        let empty = try folder.write("ids.txt", "\n")
        let error = #expect(throws: WeightsError.self) { try readIdentifiers(empty) }
        #expect(error?.message.contains("it lists no id") == true)
    }
}

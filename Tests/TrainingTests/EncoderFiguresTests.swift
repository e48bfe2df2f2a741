// What a run's report and card say of its labels: by their names, of few and of many.

import Insight
import JSONText
import Testing
import Training
import Weights

extension EncoderTrainingTests {
    /// Four texts of each label to learn from, two to measure on.
    private func run(labels: [String], output: String) throws -> RunReport {
        func texts(_ each: Int, from first: Int) -> String {
            TrainingFolder.reviews(each * labels.count, from: first) { labels[$0 % labels.count] }
        }
        try folder.write("train.jsonl", texts(4, from: 0))
        try folder.write("ids.txt", (0..<4 * labels.count).map { "r\($0)\n" }.joined())
        try folder.write("test.jsonl", texts(2, from: 10 * labels.count))
        var experiment = try training("{do:'frozen',cost:1}", output: output).experiment
        experiment.data.labels = labels
        return try EncoderTraining(experiment, seed: 1, watch: TrainingWatch()) {
            try NetworkStudent($0, $1)
        }.run()
    }

    private func testRow(_ output: String) throws -> Substring {
        let card = String(decoding: try bytes(output + "/MODEL_CARD.md"), as: UTF8.self)
        return try #require(card.split(separator: "\n").first { $0.hasPrefix("| test, ") })
    }

    @Test func aBarInALabelEndsNoCell() throws {
        _ = try run(labels: ["dull|poor", "fine"], output: "bars")
        let row = try testRow("bars")
        #expect(row.contains(#"; found of each label: `dull\|poor` "#))
        #expect(row.replacing(#"\|"#, with: "").count { $0 == "|" } == 3)
    }

    @Test func figuresNameTheirLabels() throws {
        let labels = ["one", "two", "three"]
        let report = try run(labels: labels, output: "three")
        let confusion = Confusion(try #require(report.test))
        let node = try JSONDocument.parse(try bytes("three/report.json"))
        for part in ["test", "held_out"] {
            #expect(node[part]?["labels"]?.array?.compactMap(\.string) == labels)
            #expect(node[part]?["recalls"]?.array?.count == 3)
        }
        let test = try #require(node["test"])
        #expect(test["macro_f1"]?.double == confusion.macroF1)
        let rows = test["confusion"]?.array?.map { $0.array?.compactMap(\.int) ?? [] }
        #expect(rows == confusion.counts && confusion.total == 6)
    }

    @Test func ofManyLabelsTheWorstAreNamed() throws {
        let report = try run(labels: (0..<21).map { "label \($0)" }, output: "many")
        let row = try testRow("many")
        let confusion = Confusion(try #require(report.test))
        let share = (confusion.macroF1 * 1000).rounded() / 10
        #expect(row.contains("; macro F1 \(share) %; found worst: `label "))
        let worst = try #require(row.split(separator: "found worst: ").last)
        #expect(worst.split(separator: ", ").count == 5)
    }
}

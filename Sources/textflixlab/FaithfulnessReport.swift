// Means over texts of a study of faithfulness, with their standard errors; as a table and as JSON.

import Insight
import JSONText
import Presentation

struct FaithfulnessReport {
    let title: String
    let model: String
    let revision: String
    let file: String
    let unit: String
    let seeds: Int
    var asked = 0
    private var featureCounts: [Int] = []
    /// In the order of their rows.
    private var contenders: [String] = []
    /// Of each, one a text; not every text has every contender.
    private var measures: [String: [FaithfulnessStudy.Measures]] = [:]

    init(
        title: String, model: String, revision: String, file: String, unit: String, seeds: Int
    ) {
        self.title = title
        self.model = model
        self.revision = revision
        self.file = file
        self.unit = unit
        self.seeds = seeds
    }

    mutating func add(
        _ measures: [FaithfulnessStudy.Measures], of study: FaithfulnessStudy, featureCount: Int
    ) {
        for (contender, measured) in zip(study.contenders, measures) {
            if !contenders.contains(contender.name) { contenders.append(contender.name) }
            self.measures[contender.name, default: []].append(measured)
        }
        featureCounts.append(featureCount)
    }

    private func textCount(_ contender: String) -> Int { measures[contender]?.count ?? 0 }

    private struct Column: Sendable {
        let key: String
        let title: String
        let value: @Sendable (FaithfulnessStudy.Measures) -> Double?
    }

    private static let columns = [
        Column(key: "comprehensiveness", title: "COMPREH. ↑") {
            $0.faithfulness.comprehensiveness
        },
        Column(key: "sufficiency", title: "SUFFIC. ↓") { $0.faithfulness.sufficiency },
        Column(key: "deletion_area", title: "DELETION ↓") { $0.faithfulness.deletionArea },
        Column(key: "r2", title: "R² ↑") { $0.fit },
        Column(key: "same_top", title: "SAME TOP ↑") { $0.sameTop },
        Column(key: "rank_correlation", title: "RANKS ↑") { $0.rankCorrelation },
        Column(key: "evaluations", title: "EVALUATIONS") { $0.evaluations },
    ]

    /// Mean and standard error over the texts.
    private func mean(_ contender: String, _ column: Column) -> (value: Double, error: Double)? {
        let values = measures[contender, default: []].compactMap { column.value($0) }
        guard !values.isEmpty else { return nil }
        let count = Double(values.count)
        let mean = values.reduce(0, +) / count
        let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        return (mean, count > 1 ? (squares / (count - 1) / count).squareRoot() : 0)
    }

    func lines(on screen: Screen) -> [String] {
        let parts = featureCounts.sorted()
        let median = parts.isEmpty ? 0 : parts[parts.count / 2]
        let heading =
            screen.paint("textflixlab faithfulness", .bold)
            + "  \(title), \(file): \(featureCounts.count) texts of \(parts.first ?? 0) to "
            + "\(parts.last ?? 0) \(unit)s (median \(median)), \(seeds) seeds, "
            + "\(grouped(asked)) texts scored"
        var table = TextTable(
            [TextTable.Column(title: "METHOD")]
                + Self.columns.map { TextTable.Column(title: $0.title, isNumber: true) })
        for name in contenders {
            let count = textCount(name)
            let texts = count < featureCounts.count ? " (\(count) texts)" : ""
            table.append([name + texts] + Self.columns.map { cell(mean(name, $0), $0) })
        }
        return [heading, ""] + table.lines(on: screen) + ["", "± is the standard error."]
    }

    private func cell(_ mean: (value: Double, error: Double)?, _ column: Column) -> String {
        guard let mean else { return "-" }
        switch column.key {
        case "evaluations": return fixed(mean.value, decimals: 0)
        case "same_top", "rank_correlation", "r2": return fixed(mean.value, decimals: 3)
        default: return "\(fixed(mean.value, decimals: 3)) ±\(fixed(mean.error, decimals: 3))"
        }
    }

    var json: String {
        var json = JSONWriter(pretty: true)
        json.beginObject()
        json.member("model", model)
        json.member("revision", revision)
        json.member("file", file)
        json.member("unit", unit)
        json.member("texts", featureCounts.count)
        json.member("seeds", seeds)
        json.member("texts_scored", asked)
        json.key("methods")
        json.array(contenders) { json, name in
            json.beginObject()
            json.member("method", name)
            json.member("texts", textCount(name))
            for column in Self.columns {
                guard let mean = mean(name, column) else { continue }
                json.member(column.key, mean.value)
                json.member("\(column.key)_error", mean.error)
            }
            json.endObject()
        }
        json.endObject()
        return json.text
    }
}

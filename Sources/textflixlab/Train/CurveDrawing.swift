// Points of a curve as a picture, a table and a plot for the terminal, and as JSON.
//
//     labels                     100         500
//     BERT-large, 2019          88.0        91.0
//     NB-SVM              73.0 ± 1.2  82.4 ± 0.3
//
// A value is the mean over seeds, in percent; the band reaches one deviation to each side.

import JSONText
import Presentation
import Training

struct CurveDrawing {
    let plan: CurvePlan
    let results: [CurveResult]

    private func accuracies(_ model: Int, _ labels: Int) -> [Double] {
        results.filter { $0.point.model == model && $0.point.labels == labels }
            .map { 100 * $0.accuracy }
    }

    private var counts: [Int] {
        let reported = plan.reported.flatMap(\.points).map(\.labels)
        return Set(plan.points.map(\.labels) + reported).sorted()
    }

    private var series: [LineChart.Series] {
        let reported = plan.reported.map { reported in
            LineChart.Series(
                name: reported.name,
                points: reported.points.sorted { $0.labels < $1.labels }.map {
                    Self.mark($0.labels, mean: $0.accuracy, deviation: $0.deviation ?? 0)
                })
        }
        let measured = plan.models.enumerated().map { index, model in
            LineChart.Series(
                name: model.name,
                points: counts.compactMap { labels in
                    let values = accuracies(index, labels)
                    guard !values.isEmpty else { return nil }
                    let spread = Spread(values)
                    return Self.mark(labels, mean: spread.mean, deviation: spread.deviation)
                })
        }
        return reported + measured
    }

    private static func mark(_ labels: Int, mean: Double, deviation: Double) -> LineChart.Point {
        .init(x: Double(labels), y: mean, low: mean - deviation, high: mean + deviation)
    }

    var picture: String {
        LineChart(
            title: "Accuracy on the test texts, %", xName: "labels", scale: .logarithmic,
            series: series
        ).file
    }

    func lines(on screen: Screen) -> [String] {
        let drawn = series.filter { !$0.points.isEmpty }
        var table = TextTable(
            [.init(title: "labels")]
                + counts.map { .init(title: grouped($0), isNumber: true) })
        for reported in plan.reported {
            let cells = counts.map { labels in
                reported.points.first { $0.labels == labels }.map {
                    Self.cell($0.accuracy, $0.deviation)
                } ?? ""
            }
            table.append([reported.name] + cells)
        }
        for (index, model) in plan.models.enumerated() {
            table.append([model.name] + counts.map { cell(accuracies(index, $0)) })
        }
        return TerminalPlot(drawn, columns: min(screen.columns, 100)).lines(on: screen) + [""]
            + table.lines(on: screen)
    }

    private func cell(_ values: [Double]) -> String {
        guard !values.isEmpty else { return "" }
        let spread = Spread(values)
        return Self.cell(spread.mean, values.count > 1 ? spread.deviation : nil)
    }

    private static func cell(_ mean: Double, _ deviation: Double?) -> String {
        let mean = fixed(mean, decimals: 1)
        return deviation.map { "\(mean) ± \(fixed($0, decimals: 1))" } ?? mean
    }

    var json: [UInt8] {
        var json = JSONWriter(pretty: true)
        json.beginObject()
        json.key("points")
        json.array(results) { Self.write($1, plan, to: &$0) }
        json.key("reported")
        json.beginObject()
        for reported in plan.reported {
            json.key(reported.name)
            json.beginObject()
            for point in reported.points {
                json.key(String(point.labels))
                guard let deviation = point.deviation else {
                    json.double(point.accuracy)
                    continue
                }
                json.array([point.accuracy, deviation]) { $0.double($1) }
            }
            json.endObject()
        }
        json.endObject()
        json.endObject()
        return json.bytes
    }

    static func write(_ result: CurveResult, _ plan: CurvePlan, to json: inout JSONWriter) {
        json.beginObject()
        json.member("model", plan.models[result.point.model].name)
        json.member("labels", result.point.labels)
        json.member("seed", result.point.seed)
        json.member("accuracy", result.accuracy)
        json.member("seconds", result.seconds)
        json.member("experiment", plan.models[result.point.model].hash)
        if let inputs = result.inputs { json.member("inputs", inputs) }
        json.endObject()
    }
}

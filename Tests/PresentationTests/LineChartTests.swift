// The numbers beside the axes: no two alike, and none longer than it must be.

import Testing

@testable import Presentation

@Suite struct LineChartTests {
    @Test(
        arguments: [
            (0, 2e-5, ["0", "5e-6", "10e-6", "15e-6", "20e-6"]),
            (0.0001, 0.0005, ["0.0001", "0.0002", "0.0003", "0.0004", "0.0005"]),
            (91, 91.1, ["91.00", "91.02", "91.04", "91.06", "91.08", "91.10"]),
            (-0.4, 0.7, ["-0.4", "-0.2", "0", "0.2", "0.4", "0.6"]),
            (80, 95, ["80", "85", "90", "95"]),
            (0, 24_000, ["0", "5,000", "10,000", "15,000", "20,000"]),
        ] as [(Double, Double, [String])])
    func marksReadAsFineAsTheyStand(low: Double, high: Double, labels: [String]) {
        #expect(LineChart.marks(low, high).map(\.label) == labels)
    }

    @Test func onALogarithmicAxisEveryPointHasItsOwnDecimals() {
        let points = [2e-6, 1e-5, 0.25, 10, 1000].map { LineChart.Point(x: $0, y: $0) }
        let chart = LineChart(
            title: "t", xName: "x", scale: .logarithmic, series: [.init(name: "s", points: points)])
        for label in ["2e-6", "0.00001", "0.25", "10", "1,000"] {
            #expect(chart.svg.text.contains(">\(label)</text>"), "\(label)")
        }
    }

    /// Lines that end at one height, low or high, and more of them than the axis has room for.
    @Test(arguments: [(8, 0.0), (8, 1.0), (21, 0.0), (60, 0.5)])
    func namesStandInsideOfTheAxisAndNotOnOneAnother(count: Int, end: Double) {
        let frame = LineChart.Series(name: "frame", points: [.init(x: 0, y: 0), .init(x: 0, y: 1)])
        let lines = (1..<count).map { number in
            LineChart.Series(
                name: "line \(number)", points: [.init(x: 0, y: 0.5), .init(x: 1, y: end)])
        }
        let chart = LineChart(title: "t", xName: "x", series: lines + [frame])
        let heights = chart.svg.text.split(separator: "\n").compactMap { line -> Double? in
            let parts = line.split(separator: " y=\"")
            guard parts.count == 2, parts[0] == "<text x=\"618.0\"" else { return nil }
            return Double(parts[1].prefix { $0 != "\"" })
        }.sorted()
        #expect(heights.count == count)
        #expect(heights.allSatisfy { (34...336).contains($0) })
        let gaps = zip(heights, heights.dropFirst()).map { $1 - $0 }
        let least = min(15, 302 / Double(count - 1))
        // Places are written to a tenth.
        #expect(gaps.allSatisfy { $0 > least - 0.11 })
    }

    @Test func whatIsNoNumberHasNoMark() {
        #expect(LineChart.marks(0, .infinity).isEmpty && LineChart.marks(.nan, .nan).isEmpty)
    }
}

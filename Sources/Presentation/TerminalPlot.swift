// Lines over a logarithmic axis in characters: a mark for each series at its points.
//
//      90.0 |                        b       b
//           |          b     b
//      70.0 |   b                    a       a
//           +--------------------------------------
//              10      50    100     500    1,000
//      a NB-SVM   b MiniLM

internal import func Glibc.log

package struct TerminalPlot: Sendable {
    private let series: [LineChart.Series]
    private let columns: Int
    private let range: (low: Double, high: Double)
    private let xs: [Double]

    private static let rows = 16
    private static let margin = 8
    private static let marks = Array("abcdefghijklmnopqrstuvwxyz")

    /// - Parameter series: with at least one point each, x above 0.
    package init(_ series: [LineChart.Series], columns: Int) {
        self.series = series
        self.columns = max(20, columns - Self.margin - 2)
        let ys = series.flatMap(\.points).map(\.y)
        let (low, high) = (ys.min() ?? 0, ys.max() ?? 1)
        range = high > low ? (low, high) : (low - 1, high + 1)
        xs = Set(series.flatMap(\.points).map(\.x)).sorted()
    }

    package func lines(on screen: Screen) -> [String] {
        guard !series.isEmpty else { return [] }
        var grid = [[Character]](
            repeating: Array(repeating: " ", count: columns), count: Self.rows)
        for (index, one) in series.enumerated() {
            for point in one.points {
                grid[row(point.y)][column(point.x)] = Self.marks[index % Self.marks.count]
            }
        }
        let step = (range.high - range.low) / Double(Self.rows - 1)
        let body = grid.enumerated().map { index, cells in
            let value = range.high - Double(index) * step
            let label = index % 3 == 0 ? fixed(value, decimals: 1) : ""
            return DisplayWidth.pad(label, to: Self.margin, left: true) + " |" + String(cells)
        }
        let space = String(repeating: " ", count: Self.margin)
        let names = series.indices.map {
            "\(Self.marks[$0 % Self.marks.count]) \(series[$0].name)"
        }
        return body.map { DisplayWidth.cut($0, to: screen.columns) }
            + [space + " +" + String(repeating: "-", count: columns), space + "  " + axis]
            + [space + "  " + names.joined(separator: "   ")]
    }

    private var axis: String {
        var axis = ""
        for x in xs {
            let label = grouped(Int(x))
            let start = max(0, min(column(x), columns - label.count))
            guard axis.isEmpty || start > axis.count else { continue }
            axis += String(repeating: " ", count: start - axis.count) + label
        }
        return axis
    }

    private func row(_ y: Double) -> Int {
        let share = (range.high - y) / (range.high - range.low)
        return min(Self.rows - 1, max(0, Int((share * Double(Self.rows - 1)).rounded())))
    }

    private func column(_ x: Double) -> Int {
        guard let first = xs.first, let last = xs.last, last > first else { return 0 }
        let share = (log(x) - log(first)) / (log(last) - log(first))
        return min(columns - 1, Int((share * Double(columns - 1)).rounded()))
    }
}

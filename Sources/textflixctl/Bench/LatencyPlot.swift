// A distribution in characters: how many answers took how long, on a logarithmic scale.
//
//      8.0 ms ▍
//     11.3 ms ██████████████████████▎           p50
//     16.0 ms ███████▊                          p90

import Presentation

internal import func Glibc.exp
internal import func Glibc.log

enum LatencyPlot {
    private static let mostRows = 16

    static func lines(_ histogram: ValueHistogram, on screen: Screen) -> [String] {
        let rows = bins(histogram)
        guard let most = rows.map(\.count).max(), most > 0 else { return [] }
        let columns = max(20, min(60, screen.columns - 30))
        return rows.map { row in
            let label = Duration.nanoseconds(Int64(clamping: row.upperEnd)).shown
            let bar = Bar.text(Double(row.count) / Double(most), columns: columns)
            // What is there is seen, however little.
            let shown = row.count > 0 && bar.first == " " ? "▏" + bar.dropFirst() : bar
            let marks = BenchReport.quantiles.filter {
                let value = histogram.quantile($0.share)
                return value > row.lowerEnd && value <= row.upperEnd
            }.map(\.name).joined(separator: " ")
            return "  " + DisplayWidth.pad(label, to: 8, left: true) + " "
                + screen.paint(shown, .cyan) + " " + screen.paint(marks, .dim)
        }
    }

    /// Equal steps of the logarithm from the smallest value to the largest; each open below and
    /// closed above.
    static func bins(
        _ histogram: ValueHistogram
    ) -> [(lowerEnd: UInt64, upperEnd: UInt64, count: UInt64)] {
        guard histogram.count > 0 else { return [] }
        let low = Double(max(1, histogram.smallest))
        let high = max(Double(histogram.largest), low * 1.01)
        // A step of at least 5 %, so that a narrow distribution is not spread over noise.
        let steps = min(mostRows, max(1, Int(log(high / low) / log(1.05))))
        let factor = exp(log(high / low) / Double(steps))
        var ends: [UInt64] = []
        var end = low
        for _ in 0..<steps {
            end *= factor
            ends.append(UInt64(end.rounded(.up)))
        }
        ends[steps - 1] = max(ends[steps - 1], histogram.largest)
        var counts = [UInt64](repeating: 0, count: steps)
        var bin = 0
        for entry in histogram.entries {
            while bin < steps - 1, entry.upperEnd > ends[bin] { bin += 1 }
            counts[bin] += entry.count
        }
        return counts.indices.map { ($0 == 0 ? 0 : ends[$0 - 1], ends[$0], counts[$0]) }
    }
}

/// A distribution in one line of eight heights.
enum Sparkline {
    private static let heights = Array("▁▂▃▄▅▆▇█")

    static func text(of histogram: ValueHistogram, columns: Int) -> String {
        guard histogram.count > 0 else { return "" }
        let low = Double(histogram.smallest)
        let width = max(1, (Double(histogram.largest) - low + 1) / Double(columns))
        var counts = [UInt64](repeating: 0, count: columns)
        for entry in histogram.entries {
            let column = Int((Double(min(entry.upperEnd, histogram.largest)) - low) / width)
            counts[min(max(0, column), columns - 1)] += entry.count
        }
        let most = Double(counts.max() ?? 1)
        return String(counts.map { heights[min(7, Int(Double($0) / most * 7.999))] })
    }
}

// Latency over percentile as an SVG file: the horizontal axis is stretched towards 100 %, each
// equal step a tenth of what was left, so the tail that people wait in has its room.

import Presentation

internal import func Glibc.log

/// The decimal logarithm.
private func decades(_ value: Double) -> Double { log(value) / log(10) }

struct PercentilePlot {
    private static let size = (width: 820.0, height: 460.0)
    private static let frame = (left: 74.0, top: 58.0, right: 24.0, bottom: 48.0)

    private struct Series {
        let name: String
        let colour: String
        let histogram: ValueHistogram
    }

    private let series: [Series]
    /// How many nines the horizontal axis shows: as many as there are answers for.
    private let nines: Double
    private let most: Double
    private let title: String

    init(_ report: BenchReport) {
        let main = report.run.lanes[0]
        var series = [
            Series(name: "latency", colour: "#1f5fbf", histogram: main.latency),
            Series(name: "in queue", colour: "#d08a00", histogram: main.queued),
            Series(name: "computing", colour: "#2e8b57", histogram: main.computed),
        ]
        if report.run.lanes.count > 1 {
            series.append(
                Series(
                    name: report.plan.lanes[1].name, colour: "#a0409a",
                    histogram: report.run.lanes[1].latency))
        }
        self.series = series.filter { $0.histogram.count > 0 }
        let count = max(10, series.map(\.histogram.count).max() ?? 10)
        nines = min(6, max(2, decades(Double(count)).rounded(.up)))
        most = Self.roundUp(Double(self.series.map(\.histogram.largest).max() ?? 1))
        title =
            "\(rateText(report.rate(0))) requests/s, \(rateText(report.tokenRate(0))) tokens/s, "
            + "p99 \(Self.time(Double(main.latency.quantile(0.99))))"
    }

    var text: String {
        let (width, height) = Self.size
        var svg = """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Int(width)) \(Int(height))" \
            font-family="system-ui, sans-serif" font-size="12">
            <rect width="100%" height="100%" fill="#fff"/>
            <text x="\(Int(Self.frame.left))" y="24" font-size="15" fill="#222">\(title)</text>

            """
        svg += horizontalGrid + verticalGrid
        for (index, entry) in series.enumerated() {
            svg += "<path d=\"\(path(entry.histogram))\" fill=\"none\" stroke=\"\(entry.colour)\" "
            svg += "stroke-width=\"2\"/>\n"
            svg += legend(entry, index)
        }
        return svg + "</svg>\n"
    }

    // MARK: - Scales

    /// 0 at the left, then 90 %, 99 %, 99.9 % in equal steps.
    private func x(_ share: Double) -> Double {
        let stretched = share >= 1 ? nines : min(nines, -decades(1 - share))
        let room = Self.size.width - Self.frame.left - Self.frame.right
        return Self.frame.left + room * stretched / nines
    }

    /// Linear, nanoseconds.
    private func y(_ value: Double) -> Double {
        let room = Self.size.height - Self.frame.top - Self.frame.bottom
        return Self.size.height - Self.frame.bottom - room * value / most
    }

    /// The next of 1, 2, 5 times a power of ten.
    static func roundUp(_ value: Double) -> Double {
        var unit = 1.0
        while unit * 10 < value { unit *= 10 }
        return unit * ([1, 2, 5, 10].first { unit * $0 >= value } ?? 10)
    }

    // MARK: - Parts

    /// A point for each bucket that holds something.
    private func path(_ histogram: ValueHistogram) -> String {
        var seen: UInt64 = 0
        var points = ["M\(Self.place(x(0), y(Double(histogram.smallest))))"]
        for entry in histogram.entries {
            seen += entry.count
            let share = Double(seen) / Double(histogram.count)
            points.append("L\(Self.place(x(share), y(Double(entry.upperEnd))))")
        }
        return points.joined(separator: " ")
    }

    private var horizontalGrid: String {
        (0...5).map { step in
            let value = most * Double(step) / 5
            let line = Self.line(
                (Self.frame.left, y(value)), (Self.size.width - Self.frame.right, y(value)))
            return line
                + Self.label(Self.time(value), (Self.frame.left - 8, y(value) + 4), anchor: "end")
        }.joined()
    }

    private var verticalGrid: String {
        var shares = [0, 0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999, 0.999999]
        shares.removeAll { x($0) >= x(1) && $0 > 0 }
        let bottom = Self.size.height - Self.frame.bottom
        return shares.map { share in
            Self.line((x(share), Self.frame.top), (x(share), bottom))
                + Self.label(Self.percent(share), (x(share), bottom + 18), anchor: "middle")
        }.joined()
    }

    private func legend(_ entry: Series, _ index: Int) -> String {
        let left = Self.frame.left + 130 * Double(index)
        return "<rect x=\"\(fixed(left, decimals: 1))\" y=\"36\" width=\"14\" height=\"4\" "
            + "fill=\"\(entry.colour)\"/>\n"
            + Self.label(entry.name, (left + 20, 42), anchor: "start")
    }

    private static func line(_ from: (Double, Double), _ to: (Double, Double)) -> String {
        "<path d=\"M\(place(from.0, from.1)) L\(place(to.0, to.1))\" stroke=\"#ddd\"/>\n"
    }

    private static func label(_ text: String, _ at: (Double, Double), anchor: String) -> String {
        "<text x=\"\(fixed(at.0, decimals: 1))\" y=\"\(fixed(at.1, decimals: 1))\" "
            + "text-anchor=\"\(anchor)\" fill=\"#555\">\(text)</text>\n"
    }

    private static func place(_ x: Double, _ y: Double) -> String {
        "\(fixed(x, decimals: 1)),\(fixed(y, decimals: 1))"
    }

    private static func percent(_ share: Double) -> String {
        var text = fixed(100 * share, decimals: 4)
        while text.last == "0" { text.removeLast() }
        if text.last == "." { text.removeLast() }
        return "\(text) %"
    }

    private static func time(_ nanoseconds: Double) -> String {
        Duration.nanoseconds(Int64(nanoseconds)).shown
    }
}

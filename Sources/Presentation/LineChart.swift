// Lines over an axis as an SVG picture that stands in a page or alone.
//
//     let chart = LineChart(title: "accuracy", x: .linear, series: [...])
//     page += chart.svg
//
// Invariant: it needs no script, font or file; its colours are the page's where they are defined,
// else fixed ones; every line is named beside its end as well as coloured, and differs in dashes.

internal import func Glibc.floor
internal import func Glibc.log
internal import func Glibc.pow

package struct LineChart: Sendable {
    package enum Scale: Sendable { case linear, logarithmic }

    package struct Point: Sendable, Equatable {
        package let x: Double
        package let y: Double
        /// Where the values around y lie; y itself where there is one value.
        package let low: Double
        package let high: Double

        package init(x: Double, y: Double, low: Double? = nil, high: Double? = nil) {
            self.x = x
            self.y = y
            self.low = low ?? y
            self.high = high ?? y
        }
    }

    package struct Series: Sendable {
        package let name: String
        package let points: [Point]

        package init(name: String, points: [Point]) {
            self.name = name
            self.points = points
        }
    }

    private let title: String
    private let scale: Scale
    private let xName: String
    private let series: [Series]
    private let bounds: (low: Point, high: Point)

    private static let size = (width: 760.0, height: 380.0)
    private static let room = (left: 56.0, right: 150.0, top: 34.0, bottom: 44.0)
    private static let inks = [
        "#0a6b58", "#a63c12", "#3457a6", "#8a5a00", "#7b3aa0", "#5a5f66", "#b0245e", "#2c7a1f",
        "#1b1b1b", "#00687f",
    ]
    private static let dashes = [
        "", "7 3", "2 3", "10 3 2 3", "5 2", "1 4", "12 4", "3 6", "8 2 2 2 2 2", "1 2",
    ]

    /// - Parameter series: those without a point are left out.
    package init(title: String, xName: String, scale: Scale = .linear, series: [Series]) {
        self.title = title
        self.xName = xName
        self.scale = scale
        self.series = series.filter { !$0.points.isEmpty }
        let points = self.series.flatMap(\.points)
        var low = (x: points.map(\.x).min() ?? 0, y: points.map(\.low).min() ?? 0)
        var high = (x: points.map(\.x).max() ?? 1, y: points.map(\.high).max() ?? 1)
        if high.x <= low.x { (low.x, high.x) = (low.x * 0.9, low.x * 1.1 + 1) }
        if high.y <= low.y { (low.y, high.y) = (low.y - 0.5, low.y + 0.5) }
        bounds = (Point(x: low.x, y: low.y), Point(x: high.x, y: high.y))
    }

    package var svg: HTML {
        let (width, height) = (Int(Self.size.width), Int(Self.size.height))
        return """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(width) \(height)" role="img" \
            width="100%" font-family="system-ui, sans-serif" font-size="12">
            <title>\(title)</title>
            <text x="\(Int(Self.room.left))" y="18" font-weight="600" fill="currentColor">\
            \(title)</text>
            \(grid)\(lines)</svg>

            """
    }

    /// The picture as a file of its own.
    package var file: String {
        let ground = "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/><title>"
        let parts = svg.text.split(separator: "<title>", maxSplits: 1)
        return parts.joined(separator: ground)
    }

    // MARK: - Parts

    private var grid: HTML {
        var marks = HTML.nothing
        let (left, right) = (Self.room.left, Self.size.width - Self.room.right)
        let (top, bottom) = (Self.room.top, Self.size.height - Self.room.bottom)
        for mark in Self.marks(bounds.low.y, bounds.high.y) {
            let y = Self.text(place(y: mark.value))
            marks += """
                <line x1="\(Self.text(left))" x2="\(Self.text(right))" y1="\(y)" y2="\(y)" \
                stroke="currentColor" stroke-opacity=".15"/>\
                <text x="\(Self.text(left - 6))" y="\(y)" dy="4" text-anchor="end" \
                fill="currentColor">\(mark.label)</text>

                """
        }
        for mark in xMarks {
            let x = Self.text(place(x: mark.value))
            marks += """
                <line x1="\(x)" x2="\(x)" y1="\(Self.text(top))" y2="\(Self.text(bottom))" \
                stroke="currentColor" stroke-opacity=".08"/>\
                <text x="\(x)" y="\(Self.text(bottom + 16))" text-anchor="middle" \
                fill="currentColor">\(mark.label)</text>

                """
        }
        return marks + """
            <text x="\(Self.text((left + right) / 2))" y="\(Self.text(bottom + 34))" \
            text-anchor="middle" fill="currentColor">\(xName)</text>

            """
    }

    private var lines: HTML {
        var drawn = HTML.nothing
        let heights = endHeights
        for (index, one) in series.enumerated() {
            let ink = Self.inks[index % Self.inks.count]
            let dash = Self.dashes[index % Self.dashes.count]
            drawn += band(one, ink)
            let path = path(one.points.map { (place(x: $0.x), place(y: $0.y)) })
            drawn += """
                <polyline points="\(path)" fill="none" stroke="\(ink)" stroke-width="1.8" \
                stroke-dasharray="\(dash)"/>
                <text x="\(Self.text(Self.size.width - Self.room.right + 8))" \
                y="\(Self.text(heights[index]))" dy="4" fill="\(ink)">\(one.name)</text>

                """
            for point in one.points where one.points.count < 40 {
                drawn += """
                    <circle cx="\(Self.text(place(x: point.x)))" \
                    cy="\(Self.text(place(y: point.y)))" r="2.6" fill="\(ink)"/>

                    """
            }
        }
        return drawn
    }

    private func band(_ one: Series, _ ink: String) -> HTML {
        guard one.points.contains(where: { $0.low < $0.high }) else { return .nothing }
        let upper = one.points.map { (place(x: $0.x), place(y: $0.high)) }
        let lower = one.points.reversed().map { (place(x: $0.x), place(y: $0.low)) }
        return """
            <polygon points="\(path(upper + lower))" fill="\(ink)" fill-opacity=".13"/>

            """
    }

    private func path(_ corners: [(x: Double, y: Double)]) -> String {
        corners.map { "\(Self.text($0.x)),\(Self.text($0.y))" }.joined(separator: " ")
    }

    /// Where the names stand: beside the ends, never on one another while there is room, and never
    /// outside of the axis.
    private var endHeights: [Double] {
        let order = series.indices.sorted {
            place(y: series[$0].points.last!.y) < place(y: series[$1].points.last!.y)
        }
        let (top, bottom) = (Self.room.top, Self.size.height - Self.room.bottom)
        let step = min(15, (bottom - top) / Double(max(1, series.count - 1)))
        var heights = [Double](repeating: 0, count: series.count)
        var highest = top
        for index in order {
            heights[index] = max(highest, place(y: series[index].points.last!.y))
            highest = heights[index] + step
        }
        // What was pushed below the axis goes up again, and those above it as far as they must.
        var lowest = bottom
        for index in order.reversed() {
            heights[index] = min(lowest, heights[index])
            lowest = heights[index] - step
        }
        return heights
    }

    // MARK: - Scales

    typealias Mark = (value: Double, label: String)

    private var xMarks: [Mark] {
        let all = Set(series.flatMap(\.points).map(\.x)).sorted()
        guard scale == .logarithmic, all.count <= 12 else {
            return Self.marks(bounds.low.x, bounds.high.x)
        }
        return all.map { ($0, Self.label($0, unit: Self.unit(of: $0))) }
    }

    private func place(x: Double) -> Double {
        func scaled(_ x: Double) -> Double { scale == .logarithmic ? log(max(x, 1e-9)) : x }
        let share =
            (scaled(x) - scaled(bounds.low.x)) / (scaled(bounds.high.x) - scaled(bounds.low.x))
        return Self.room.left + share * (Self.size.width - Self.room.left - Self.room.right)
    }

    private func place(y: Double) -> Double {
        let share = (y - bounds.low.y) / (bounds.high.y - bounds.low.y)
        return Self.size.height - Self.room.bottom
            - share * (Self.size.height - Self.room.top - Self.room.bottom)
    }

    /// About six round numbers between two.
    static func marks(_ low: Double, _ high: Double) -> [Mark] {
        let rough = (high - low) / 6
        let power = pow(10, floor(log(rough) / log(10)))
        let step = power * ([1, 2, 5, 10].first { $0 * power >= rough } ?? 10)
        let first = (low / step).rounded(.up)
        let last = (high / step).rounded(.down)
        guard first <= last else { return [] }
        return stride(from: first, through: last, by: 1).map { count in
            (count * step, label(count * step, unit: step))
        }
    }

    /// What the value is a whole number of, to within a thousandth of it.
    private static func unit(of value: Double) -> Double {
        var unit = 1.0
        while abs((value / unit).rounded() * unit - value) > abs(value) / 1000 { unit /= 10 }
        return unit
    }

    private static func text(_ value: Double) -> String { fixed(value, decimals: 1) }

    /// The decimals are those of the unit, so that no two marks read alike; where they would be
    /// many, a power of ten stands for them: `15e-6`.
    private static func label(_ value: Double, unit: Double) -> String {
        if value == 0 { return "0" }
        guard abs(value) < 1e13 else { return value.description }
        let decimals = Int((-log(unit) / log(10) - 1e-9).rounded(.up))
        if decimals <= 0 { return grouped(Int(value.rounded())) }
        if decimals <= 5 { return fixed(value, decimals: decimals) }
        return fixed(value * pow(10, Double(decimals)), decimals: 0) + "e-\(decimals)"
    }
}

private func + (left: HTML, right: HTML) -> HTML {
    var sum = left
    sum += right
    return sum
}

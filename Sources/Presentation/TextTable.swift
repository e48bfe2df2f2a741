// Rows in aligned columns.

package struct TextTable: Sendable {
    package struct Column: Sendable {
        let title: String
        let isNumber: Bool
        let most: Int

        /// - Parameter most: columns, past which a cell is cut.
        package init(title: String, isNumber: Bool = false, most: Int = 40) {
            self.title = title
            self.isNumber = isNumber
            self.most = most
        }
    }

    private let columns: [Column]
    private var rows: [[String]] = []

    package init(_ columns: [Column]) { self.columns = columns }

    package mutating func append(_ row: [String]) { rows.append(row) }

    /// Lines without their ends; the titles come first, bold where there is colour. Where a
    /// terminal ends they are cut; into a file they go whole.
    package func lines(on screen: Screen, indent: String = "", hasTitles: Bool = true) -> [String] {
        let widths = columns.indices.map { index in
            let cells = rows.map { DisplayWidth.of($0[index]) }
            let title = hasTitles ? DisplayWidth.of(columns[index].title) : 0
            return min(columns[index].most, max(title, cells.max() ?? 0))
        }
        let titles = hasTitles ? [columns.map(\.title)] : []
        return (titles + rows).enumerated().map { number, row in
            let line = zip(row.indices, row).map { index, cell in
                DisplayWidth.pad(
                    DisplayWidth.cut(cell, to: widths[index]), to: widths[index],
                    left: columns[index].isNumber)
            }.joined(separator: "  ")
            let whole = indent + Self.trimmed(line)
            let shown = screen.isTerminal ? DisplayWidth.cut(whole, to: screen.columns) : whole
            return number == 0 && hasTitles ? screen.paint(shown, .bold) : shown
        }
    }

    /// No spaces at the end of a line.
    private static func trimmed(_ line: String) -> String {
        var line = line
        while line.last == " " { line.removeLast() }
        return line
    }
}

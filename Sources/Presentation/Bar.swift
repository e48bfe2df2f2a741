// A horizontal bar in eighths of a column.

package enum Bar {
    private static let eighths = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]

    /// - Parameter share: 0...1; what lies outside is drawn as its end.
    package static func text(_ share: Double, columns: Int) -> String {
        let bounded = share.isFinite ? min(max(share, 0), 1) : 0
        let parts = Int((bounded * Double(columns) * 8).rounded())
        let bar = String(repeating: "█", count: parts / 8) + eighths[parts % 8]
        return DisplayWidth.pad(bar, to: columns)
    }
}

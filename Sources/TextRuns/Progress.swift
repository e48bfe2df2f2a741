// One line on standard error that tells how far a long input is: only on a terminal, only while
// the answers go elsewhere, and only once it has taken a second.
//
//     12,400 texts   310/s   41 %   0:58 left

package import Presentation
package import Syscalls

package struct Progress: Sendable {
    package typealias Instant = MonotonicClock.Instant

    private static let first: UInt64 = 1_000_000_000
    private static let between: UInt64 = 200_000_000

    private let name: String
    private let screen: Screen
    private let begun: Instant
    private let totalBytes: Int?
    private let isWanted: Bool
    private var shownAt: Instant?

    /// - Parameter name: before the figures; empty: none.
    package init(
        _ name: String = "", on screen: Screen = Screen(of: .error),
        output: Screen = Screen(of: .output),
        totalBytes: Int?, now: Instant
    ) {
        self.name = name
        self.screen = screen
        self.totalBytes = totalBytes
        begun = now
        isWanted = screen.isTerminal && !output.isTerminal
    }

    /// When `show` next has something to do.
    package var wake: Instant {
        guard isWanted else { return .distantFuture }
        return shownAt?.advanced(by: Self.between) ?? begun.advanced(by: Self.first)
    }

    /// The line to print now, if it is time for one.
    package mutating func line(texts: Int, bytes: Int, now: Instant) -> String? {
        guard isWanted, now >= wake else { return nil }
        shownAt = now
        let seconds = Double(now.since(begun)) / 1e9
        let start = name.isEmpty ? "" : "\(name): "
        var parts = ["\(start)\(grouped(texts)) texts", "\(rateText(Double(texts) / seconds))/s"]
        if let totalBytes, totalBytes > 0, bytes > 0 {
            let share = min(1, Double(bytes) / Double(totalBytes))
            parts.append("\(fixed(100 * share, decimals: 0)) %")
            parts.append("\(Self.clock(seconds / share - seconds)) left")
        } else {
            parts.append(Self.clock(seconds))
        }
        return Screen.lineStart
            + DisplayWidth.cut(
                parts.joined(separator: "   "), to: max(10, screen.columns - 1))
    }

    /// Takes the line off the screen, before something else is said.
    package mutating func erase() -> String {
        guard shownAt != nil, isWanted else { return "" }
        return Screen.lineStart
    }

    /// `0:58`, `12:03`, `1:02:03`
    package static func clock(_ seconds: Double) -> String {
        let total = Int(seconds.rounded())
        let (hours, minutes, rest) = (total / 3600, total / 60 % 60, total % 60)
        let tail =
            "\(hours > 0 && minutes < 10 ? "0" : "")\(minutes):\(rest < 10 ? "0" : "")\(rest)"
        return hours > 0 ? "\(hours):\(tail)" : tail
    }
}

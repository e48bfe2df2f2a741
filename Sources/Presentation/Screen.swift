// What can be said on a stream: how wide it is, and whether it may be coloured.
//
// Colour only on a terminal, not with NO_COLOR (no-color.org) and not on a dumb one; what is
// coloured also differs in its words, so nothing is lost without.

package import Syscalls

package struct Screen: Sendable {
    package let isTerminal: Bool
    package let columns: Int
    package let rows: Int
    package let isColoured: Bool

    package init(isTerminal: Bool, columns: Int = 80, rows: Int = 24, isColoured: Bool) {
        self.isTerminal = isTerminal
        self.columns = columns
        self.rows = rows
        self.isColoured = isColoured
    }

    /// What standard output or standard error is connected to, now: a window may change its size.
    package init(of stream: StandardStream) {
        let size = terminalSize(stream.rawValue)
        let terminal = Syscalls.isTerminal(stream.rawValue)
        let plain = environment("NO_COLOR") != nil || environment("TERM") == "dumb"
        self.init(
            isTerminal: terminal, columns: size?.columns ?? 100, rows: size?.rows ?? 24,
            isColoured: terminal && !plain)
    }

    /// Back to the start of the line, which is emptied: EL of ECMA-48.
    package static let lineStart = "\r\u{1B}[K"

    /// The text in that ink, where there is colour.
    package func paint(_ text: String, _ ink: Ink) -> String {
        isColoured && !text.isEmpty ? "\u{1B}[\(ink.rawValue)m\(text)\u{1B}[0m" : text
    }
}

/// The few inks in use: SGR parameters of ECMA-48, the terminal's own palette.
package enum Ink: String, Sendable {
    case bold = "1"
    case dim = "2"
    case red = "31"
    case green = "32"
    case yellow = "33"
    case blue = "34"
    case magenta = "35"
    case cyan = "36"
}

// What somebody else wrote, on a terminal: control characters could move the cursor and repaint the
// screen, marks of direction turn a line round; so they are shown, not sent.
//
// It keeps all that a terminal only draws, and line ends where there may be several lines.

internal import Syscalls

extension String {
    /// With `\x1b` and `\u{202e}` for controls and marks of direction, but for line ends.
    package var withVisibleControls: String { escaping { $0 == "\n" ? nil : $0.escape } }

    /// As above, line ends too: it stays on its line.
    package var asVisibleLine: String { escaping(\.escape) }

    private func escaping(_ escape: (Unicode.Scalar) -> String?) -> String {
        guard unicodeScalars.contains(where: { escape($0) != nil }) else { return self }
        return unicodeScalars.reduce(into: "") { text, scalar in
            if let shown = escape(scalar) {
                text += shown
            } else {
                text.unicodeScalars.append(scalar)
            }
        }
    }
}

extension Unicode.Scalar {
    /// nil: it is harmless.
    fileprivate var escape: String? {
        switch value {
        case 0..<0x10: "\\x0\(hexadecimal)"
        case 0x10..<0x20, 0x7F..<0xA0: "\\x\(hexadecimal)"
        default: properties.isBidiControl ? "\\u{\(hexadecimal)}" : nil
        }
    }

    private var hexadecimal: String { String(value, radix: 16) }
}

/// A message on standard error, which may quote anybody.
package func printMessage(_ text: String) { printError(text.withVisibleControls) }

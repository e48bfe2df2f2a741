// What somebody else wrote, on a terminal: control characters could move the cursor and repaint the
// screen, marks of direction turn a line round; so they are shown, not sent.
//
// It keeps line ends, and all that a terminal only draws.

internal import Syscalls

extension String {
    /// With `\x1b` and `\u{202e}` for controls and marks of direction.
    package var withVisibleControls: String {
        guard unicodeScalars.contains(where: { $0.escape != nil }) else { return self }
        return unicodeScalars.reduce(into: "") { text, scalar in
            if let escape = scalar.escape {
                text += escape
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
        case 0x0A: nil
        case 0..<0x10: "\\x0\(hexadecimal)"
        case 0x10..<0x20, 0x7F..<0xA0: "\\x\(hexadecimal)"
        case 0x202A...0x202E, 0x2066...0x2069: "\\u{\(hexadecimal)}"
        default: nil
        }
    }

    private var hexadecimal: String { String(value, radix: 16) }
}

/// A message on standard error, which may quote anybody.
package func printMessage(_ text: String) { printError(text.withVisibleControls) }

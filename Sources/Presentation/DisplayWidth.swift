// How many columns a text takes on a terminal, and how to cut it to fit.
//
// Widths follow East Asian Width (W and F are two columns, and so are emoji that are shown as such
// by themselves), combining marks take none. It is an approximation, as terminals differ; an error
// moves a column, never loses a text.

package enum DisplayWidth {
    /// The columns of a text that has no control characters.
    package static func of(_ text: String) -> Int {
        text.unicodeScalars.reduce(0) { $0 + of($1) }
    }

    package static func of(_ scalar: Unicode.Scalar) -> Int {
        if scalar.value < 0x300 { return 1 }
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format: return 0
        default: return isWide(scalar.value) || isWideEmoji(scalar) ? 2 : 1
        }
    }

    private static func isWide(_ value: UInt32) -> Bool {
        switch value {
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x4DBF, 0x4E00...0xA4CF, 0xA960...0xA97F,
            0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6,
            0x16FE0...0x18AFF, 0x1AFF0...0x1B2FF, 0x1F200...0x1F265, 0x20000...0x3FFFD:
            true
        default: false
        }
    }

    /// Letters of flags are one column each.
    private static func isWideEmoji(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.isEmojiPresentation && !(0x1F1E6...0x1F1FF).contains(scalar.value)
    }

    /// The beginning of a text in at most so many columns, with an ellipsis where it was cut.
    package static func cut(_ text: String, to columns: Int) -> String {
        var kept = String.UnicodeScalarView()
        var width = 0
        var end = (count: 0, width: 0)  // what fits beside an ellipsis
        for scalar in text.unicodeScalars {
            let next = width + of(scalar)
            if next > columns {
                kept.removeLast(kept.count - end.count)
                return columns > 0 ? String(kept) + "…" : ""
            }
            kept.append(scalar)
            width = next
            if width < columns { end = (kept.count, width) }
        }
        return String(kept)
    }

    /// The text with spaces to its right, or left, up to so many columns.
    package static func pad(_ text: String, to columns: Int, left: Bool = false) -> String {
        let space = String(repeating: " ", count: max(0, columns - of(text)))
        return left ? space + text : text + space
    }

    /// A text of somebody else's in one line, harmless on a terminal: escape sequences and
    /// direction marks could repaint the screen, so controls become spaces, runs of space one, and
    /// what has no width is left out.
    package static func oneLine(_ text: some Sequence<UInt8>, limit: Int = 4096) -> String {
        var line = ""
        var pendingSpace = false
        for scalar in String(decoding: Array(text.prefix(limit)), as: UTF8.self).unicodeScalars {
            let category = scalar.properties.generalCategory
            if category == .format { continue }
            if category == .control || scalar.properties.isWhitespace {
                pendingSpace = !line.isEmpty
                continue
            }
            if pendingSpace { line.append(" ") }
            pendingSpace = false
            line.unicodeScalars.append(scalar)
        }
        return line
    }

    package static func oneLine(_ text: String) -> String { oneLine(text.utf8) }
}

// The three shapes of an answer, and what they share: a table for eyes, TSV for awk, JSON lines for
// everything else.

import CommandLineTable
import JSONText
import Presentation
import TextRuns

enum AnswerFormat: String, CaseIterable, Sendable { case table, tsv, jsonl }

extension JSONWriter {
    /// The fields that the input brought, after ours.
    mutating func carried(_ item: TextItem) {
        for field in item.carried { member(utf8: field.name, raw: field.json) }
    }
}

/// Fields parted by tabs; a tab, a line end or a backslash in a field is written `\t`, `\n`, `\\`,
/// and on a terminal any other control `\x1b`.
enum TabSeparated {
    static func append(_ fields: [[UInt8]], to lines: inout [UInt8], on screen: Screen) {
        for (index, field) in fields.enumerated() {
            if index > 0 { lines.append(UInt8(ascii: "\t")) }
            var escaped: [UInt8] = []
            for byte in field { append(byte, to: &escaped) }
            if screen.isTerminal {
                escaped = Array(String(decoding: escaped, as: UTF8.self).withVisibleControls.utf8)
            }
            lines += escaped
        }
        lines.append(UInt8(ascii: "\n"))
    }

    private static func append(_ byte: UInt8, to lines: inout [UInt8]) {
        switch byte {
        case UInt8(ascii: "\t"): lines.append(contentsOf: #"\t"#.utf8)
        case UInt8(ascii: "\n"): lines.append(contentsOf: #"\n"#.utf8)
        case UInt8(ascii: "\r"): lines.append(contentsOf: #"\r"#.utf8)
        case UInt8(ascii: "\\"): lines.append(contentsOf: #"\\"#.utf8)
        default: lines.append(byte)
        }
    }
}

// `--help`, from the table: usage, what it does, options, examples, in a terminal's width.
//
//     Usage: textflixctl models [OPTION...]
//     List what the daemon serves.
//
//     Options:
//           --format table|json|names  table, json, or only names [table]
//       Also --socket PATH, --timeout TIME: see textflixctl --help.
//
//     Examples:
//       textflixctl models
//
// It aims at one screen of 80 x 24: commands one line each, examples on their own line, the options
// that every command shares in one closing line. It never truncates; a long summary wraps.

struct HelpPage {
    let width: Int
    private var lines: [String] = []

    init(width: Int) { self.width = max(40, min(width, 100)) }

    mutating func text(of program: Program) -> String {
        let operands = program.operands.map(\.usage)
        let tail = program.commands.isEmpty ? operands : ["COMMAND", "..."]
        usage(([program.name, "[OPTION...]"] + tail).joined(separator: " "), program.summary)
        if !program.commands.isEmpty {
            heading("Commands")
            columns(program.commands.map { ($0.name, $0.summary) })
        }
        heading("Options")
        let common: [Option] = program.commands.isEmpty ? [.help, .version] : []
        columns(rows(of: program.options + common))
        if !program.commands.isEmpty {
            note("--help and --version stand anywhere; COMMAND --help says more.")
        }
        examples(program.examples)
        return lines.joined(separator: "\n") + "\n"
    }

    mutating func text(of command: Command, in program: Program) -> String {
        let options = command.options.isEmpty ? [] : ["[OPTION...]"]
        let words = [program.name, command.name] + options + command.operands.map(\.usage)
        usage(words.joined(separator: " "), command.summary)
        for paragraph in command.details.split(separator: "\n") {
            lines.append(contentsOf: wrap(String(paragraph), to: width))
        }
        let described = command.operands.filter { !$0.summary.isEmpty }
        if !described.isEmpty || !command.options.isEmpty {
            heading("Options")
            columns(described.map { ("    \($0.name)", $0.summary) } + rows(of: command.options))
        }
        let shared = program.options.map { option in
            option.flag + (option.kind.map { " \($0.placeholder)" } ?? "")
        }
        let also = shared.isEmpty ? "" : "Also \(shared.joined(separator: ", "))"
        if command.options.contains(where: \.hidden) {
            let rarer = shared.isEmpty ? "Rarer options" : "\(also), and rarer options"
            note("\(rarer): see \(program.name)(1).")
        } else if !shared.isEmpty {
            note("\(also): see \(program.name) --help.")
        }
        examples(command.examples)
        return lines.joined(separator: "\n") + "\n"
    }

    /// How it is called, and what it does as a sentence.
    private mutating func usage(_ line: String, _ summary: String) {
        lines.append(contentsOf: wrap("Usage: \(line)", to: width, hanging: 7))
        let sentence = summary.prefix(1).uppercased() + summary.dropFirst()
        lines.append(contentsOf: wrap(sentence + ".", to: width))
    }

    private mutating func heading(_ title: String) {
        lines.append("")
        lines.append("\(title):")
    }

    private mutating func note(_ text: String) {
        lines.append(contentsOf: wrap(text, to: width - 2).map { "  " + $0 })
    }

    /// Option and explanation, its default in brackets.
    private func rows(of options: [Option]) -> [(String, String)] {
        options.filter { !$0.hidden }.map { option in
            (option.usage, option.summary + (option.fallback.map { " [\($0)]" } ?? ""))
        }
    }

    /// Two columns; a left cell that is too long has its line to itself.
    private mutating func columns(_ rows: [(String, String)]) {
        let widest = rows.map(\.0.count).filter { $0 <= width * 2 / 5 }.max() ?? 0
        for (left, right) in rows {
            let pad = String(repeating: " ", count: 2 + widest + 2)
            let wrapped = wrap(right, to: width - pad.count)
            if left.count <= widest {
                let gap = String(repeating: " ", count: widest - left.count + 2)
                lines.append("  \(left)\(gap)\(wrapped[0])")
                lines.append(contentsOf: wrapped.dropFirst().map { pad + $0 })
            } else {
                lines.append("  \(left)")
                lines.append(contentsOf: wrapped.map { pad + $0 })
            }
        }
    }

    /// An example with its meaning beside it, or above it where that is too long.
    private mutating func examples(_ list: [Example]) {
        guard !list.isEmpty else { return }
        heading("Examples")
        for example in list {
            let line = "  \(example.line)"
            let note = example.meaning.isEmpty ? "" : "  # \(example.meaning)"
            if line.count + note.count <= width {
                lines.append(line + note)
            } else {
                if !example.meaning.isEmpty { lines.append("  # \(example.meaning)") }
                lines.append(line)
            }
        }
    }
}

/// Words in lines of at most so many characters; a longer word stands alone. Never empty.
func wrap(_ text: String, to width: Int, hanging: Int = 0) -> [String] {
    var lines: [String] = []
    var line = ""
    for word in text.split(separator: " ") {
        if !line.isEmpty, line.count + 1 + word.count > width {
            lines.append(line)
            line = String(repeating: " ", count: hanging) + word
        } else {
            line += line.isEmpty ? String(word) : " \(word)"
        }
    }
    lines.append(line)
    return lines
}

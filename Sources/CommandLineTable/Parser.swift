// Words of a command line -> an `Invocation`, after the table of a `Program`.
//
// The rules are those of getopt_long, without its abbreviations: `--name value`, `--name=value`,
// `-n value`, `-nvalue`, switches together (`-ab`), options and operands mixed, `--` ends the
// options, `-` is an operand. A program's own options may stand before or after the command.
// `--help` and `--version` win over every error to their right, so help is always to be had.

/// What a command line asks for.
package enum Request: Sendable {
    case run(Invocation)
    /// A text for standard output, and success.
    case show(String)
}

extension Program {
    /// - Parameter words: the command line without the program's own name.
    package func parse(_ words: [String], width: Int = 80) throws(UsageError) -> Request {
        var parser = Parser(program: self, words: words[...])
        return try parser.request(width: width)
    }
}

struct Parser {
    let program: Program
    var words: ArraySlice<String>
    private var command: Command?
    private var values: [String: [String]] = [:]
    private var operands: [String] = []
    private var optionsEnded = false

    init(program: Program, words: ArraySlice<String>) {
        self.program = program
        self.words = words
    }

    private var place: String { command.map { "\(program.name) \($0.name)" } ?? program.name }

    private var options: [Option] {
        (command?.options ?? []) + program.options + [.help, .version, .completions]
    }

    /// Word by word, left to right.
    mutating func request(width: Int) throws(UsageError) -> Request {
        while let word = words.popFirst() {
            if optionsEnded || word == "-" || !word.hasPrefix("-") {
                try take(operand: word)
            } else if word == "--" {
                optionsEnded = true
            } else if word.hasPrefix("--") {
                try take(long: word.dropFirst(2))
            } else {
                try take(letters: word.dropFirst())
            }
            if values[Option.help.name] != nil { return .show(help(width: width)) }
            if values[Option.version.name] != nil {
                return .show("\(program.name) \(program.version)\n")
            }
            if let shell = values[Option.completions.name]?.last.flatMap(Shell.init) {
                return .show(program.completions(for: shell))
            }
        }
        return .run(try invocation())
    }

    private func help(width: Int) -> String {
        var page = HelpPage(width: width)
        return command.map { page.text(of: $0, in: program) } ?? page.text(of: program)
    }

    /// The command, once; then its operands.
    private mutating func take(operand word: String) throws(UsageError) {
        guard command == nil, !program.commands.isEmpty else {
            operands.append(word)
            return
        }
        guard program.commands.contains(where: { $0.name.firstWord == word }) else {
            let names = program.commands.map(\.name.firstWord)
            throw error(
                "unknown command '\(word)'" + NearestName.hint(for: word, among: names))
        }
        if let next = words.first, let longer = program.command(named: "\(word) \(next)") {
            words.removeFirst()
            command = longer
        } else if let named = program.command(named: word) {
            command = named
        } else {
            let family = program.commands.filter { $0.name.firstWord == word }.map(\.name)
            throw error("incomplete command; there are: \(family.joined(separator: ", "))")
        }
    }

    /// `--name`, `--name=value`, `--name value`.
    private mutating func take(long text: Substring) throws(UsageError) {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let name = String(parts[0])
        guard let option = options.first(where: { $0.name == name }) else {
            throw error(unknown("--\(name)", name))
        }
        guard let kind = option.kind else {
            guard parts.count == 1 else { throw error("\(option.flag) takes no value") }
            values[name, default: []].append("")
            return
        }
        let value = try parts.count == 2 ? String(parts[1]) : nextValue(of: option, kind)
        try set(option, kind, value)
    }

    /// `-b`, `-bs`, `-n 7`, `-n7`.
    private mutating func take(letters: Substring) throws(UsageError) {
        var rest = letters
        while let letter = rest.popFirst() {
            guard let option = options.first(where: { $0.short == letter }) else {
                throw error(unknown("-\(letter)", ""))
            }
            guard let kind = option.kind else {
                values[option.name, default: []].append("")
                continue
            }
            let value = try rest.isEmpty ? nextValue(of: option, kind) : String(rest)
            try set(option, kind, value)
            return
        }
    }

    /// The next word, unless there is none or it is plainly an option itself.
    private mutating func nextValue(
        of option: Option, _ kind: ValueKind
    ) throws(UsageError) -> String {
        guard let next = words.first else {
            throw error("\(option.flag) needs a value (\(kind.placeholder))")
        }
        if next.hasPrefix("--"), options.contains(where: { $0.flag == next }) {
            throw error("\(option.flag) needs a value (\(kind.placeholder)), but \(next) follows")
        }
        words.removeFirst()
        return next
    }

    private mutating func set(
        _ option: Option, _ kind: ValueKind, _ value: String
    ) throws(UsageError) {
        if let complaint = kind.complaint(about: value) {
            throw error("\(option.flag): \(complaint)")
        }
        values[option.name, default: []].append(value)
    }

    private func invocation() throws(UsageError) -> Invocation {
        if command == nil, !program.commands.isEmpty {
            throw error("which command? One of \(program.commandNames.joined(separator: ", "))")
        }
        for group in command?.exclusive ?? [] {
            let given = group.filter { values[$0.name] != nil }
            if given.count > 1 {
                throw error("\(given[0].flag) and \(given[1].flag) exclude each other")
            }
        }
        try checkOperands(of: command?.operands ?? program.operands)
        return Invocation(
            program: program, command: command, operands: operands, values: values)
    }

    /// As many as the table has, each of its kind.
    private func checkOperands(of table: [Operand]) throws(UsageError) {
        let needed = table.filter { $0.count == .one }
        if operands.count < needed.count {
            throw error("\(needed[operands.count].name) is missing")
        }
        if operands.count > table.count, !table.contains(where: { $0.count == .any }) {
            throw error("unexpected argument '\(operands[table.count])'")
        }
        for (operand, value) in zip(table, operands) {
            if let complaint = operand.kind.complaint(about: value) {
                throw error("\(operand.name): \(complaint)")
            }
        }
    }

    /// The message for an option that nobody knows: what was meant, or where it belongs.
    private func unknown(_ shown: String, _ name: String) -> String {
        let near = NearestName.hint(
            for: name, among: options.filter { !$0.hidden }.map(\.name), prefix: "--")
        if !near.isEmpty { return "unknown option \(shown)\(near)" }
        let homes = program.commands.filter { $0.options.contains { $0.name == name } }
        if command == nil, let home = homes.first {
            return "unknown option \(shown); it belongs after a command such as \(home.name)"
        }
        let takesAny = (command?.operands ?? program.operands).contains { $0.count == .any }
        return "unknown option \(shown)"
            + (takesAny ? "; put -- before an argument that begins with a dash" : "")
    }

    private func error(_ message: String) -> UsageError { UsageError(message, in: place) }
}

extension String {
    var firstWord: String { String(prefix { $0 != " " }) }
}

extension Program {
    /// First words, each once.
    var commandNames: [String] {
        commands.map(\.name.firstWord).reduce(into: []) { names, name in
            if !names.contains(name) { names.append(name) }
        }
    }
}

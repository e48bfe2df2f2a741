// For fish: one `complete` line for each command and option, with its meaning.
//
//     complete -c textflixctl -n '__textflixctl_is' -a classify -d 'label texts'
//     complete -c textflixctl -n '__textflixctl_is classify' -l bulk -d 'let …'
//
// fish's own __fish_use_subcommand takes the value of an option for a command, so the script brings
// a function that knows which options of the program have one.

struct FishCompletion {
    let program: Program

    var text: String {
        var lines = ["# fish completion of \(program.name)", "", "complete -c \(program.name) -f"]
        let top = program.commands.isEmpty ? nil : test
        if !program.commands.isEmpty { lines.insert(testFunction, at: 2) }
        for name in program.commandNames {
            let summary = program.command(named: name)?.summary ?? ""
            lines.append(line(top, "-a \(name) -d \(Self.quoted(summary))"))
        }
        lines += program.shellOptions.compactMap { option(nil, $0) }
        lines += program.operands.compactMap { operand(nil, $0) }
        for command in program.commands {
            let condition = condition(of: command.name)
            lines += command.options.compactMap { option(condition, $0) }
            for second in program.seconds(of: command.name) {
                let summary = program.command(named: "\(command.name) \(second)")?.summary ?? ""
                lines.append(line(condition, "-a \(second) -d \(Self.quoted(summary))"))
            }
            lines += command.operands.prefix(1).compactMap { operand(condition, $0) }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// The function's name; with a command's words it is true where that is on the line.
    private var test: String { "__\(program.name)_is" }

    /// Without words: no command is on the line yet.
    private var testFunction: String {
        let valued = program.options.filter { $0.kind != nil }.flatMap(\.flags)
        let values =
            valued.isEmpty
            ? ""
            : "            case \(valued.joined(separator: " "))\n"
                + "                set value yes\n"
        return """
            function \(test)
                set -l words
                set -l value no
                for word in (commandline -opc)[2..]
                    if test $value = yes
                        set value no
                        continue
                    end
                    switch $word
            \(values)            case '-*'
                        case '*'
                            set -a words $word
                    end
                end
                test (count $words) -ge (count $argv)
                and test "$words[1]" = "$argv[1]"
                and test (count $argv) -lt 2 -o "$words[2]" = "$argv[2]"
            end

            """
    }

    /// Of two commands such as `bench` and `bench compare` only one is meant.
    private func condition(of command: String) -> String {
        let others = program.seconds(of: command).map { "; and not \(test) \(command) \($0)" }
        return "\(test) \(command)" + others.joined()
    }

    private func line(_ condition: String?, _ rest: String) -> String {
        let when = condition.map { " -n \(Self.quoted($0))" } ?? ""
        return "complete -c \(program.name)\(when) \(rest)"
    }

    private func option(_ condition: String?, _ option: Option) -> String? {
        guard !option.hidden else { return nil }
        var rest = "-l \(option.name)"
        if let short = option.short { rest = "-s \(short) \(rest)" }
        if let kind = option.kind { rest += " \(action(kind))" }
        return line(condition, "\(rest) -d \(Self.quoted(option.summary))")
    }

    private func operand(_ condition: String?, _ operand: Operand) -> String? {
        switch operand.kind {
        case .file: line(condition, "-F")
        case .folder: line(condition, "-a \(Self.quoted("(__fish_complete_directories)"))")
        case .choice(let words): line(condition, "-a \(Self.quoted(words.joined(separator: " ")))")
        default: nil
        }
    }

    /// `-x` takes a value and no files, `-r -F` takes a file.
    private func action(_ kind: ValueKind) -> String {
        switch kind {
        case .file: "-r -F"
        case .folder: "-x -a \(Self.quoted("(__fish_complete_directories)"))"
        case .choice(let words): "-x -a \(Self.quoted(words.joined(separator: " ")))"
        case .model: "-x -a \(Self.quoted("(\(Program.modelList))"))"
        default: "-x"
        }
    }

    /// In fish a quote inside single quotes is escaped.
    private static func quoted(_ text: String) -> String {
        "'"
            + text.reduce(into: "") { result, character in
                if character == "'" || character == "\\" { result.append("\\") }
                result.append(character)
            } + "'"
    }
}

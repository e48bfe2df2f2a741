// For zsh: `_arguments` with what each option takes and means, one function a command.
//
//     _textflixctl_models() { _arguments -s '--format=[table, json, or only names]:…:(table …)' }
//     _textflixctl()        { … $words[1] is the command … }
//
// `*::argument:->argument` makes the words after the command the whole line, so that a command's
// function sees only its own.

struct ZshCompletion {
    let program: Program

    var text: String {
        let name = program.name
        guard !program.commands.isEmpty else {
            let specifications = specifications(program.shellOptions, program.operands)
            return """
                #compdef \(name)

                _arguments -s \\
                \(specifications.joined(separator: " \\\n"))

                """
        }
        return """
            #compdef \(name)

            \(functions)
            _\(name)() {
                local context state state_descr line
                typeset -A opt_args
                _arguments -C \\
            \((specifications(program.shellOptions, [])
                + ["        '1:command:->command'", "        '*::argument:->argument'"])
                .joined(separator: " \\\n"))
                case $state in
                    command)
                        local -a commands=(
            \(descriptions.joined(separator: "\n"))
                        )
                        _describe command commands ;;
                    argument)
                        case $words[1] in
            \(branches.joined(separator: "\n"))
                        esac ;;
                esac
            }

            _\(name) "$@"

            """
    }

    /// A function a command.
    private var functions: String {
        program.commands.map { command in
            var list = specifications(command.options + program.shellOptions, command.operands)
            let seconds = program.seconds(of: command.name)
            if !seconds.isEmpty {
                list.append("        '::command:(\(seconds.joined(separator: " ")))'")
            }
            return """
                \(function(command.name))() {
                    _arguments -s \\
                \(list.joined(separator: " \\\n"))
                }

                """
        }.joined()
    }

    private func function(_ command: String) -> String {
        "_\(program.name)_" + String(command.map { $0 == " " ? "_" : $0 })
    }

    private var descriptions: [String] {
        program.commandNames.compactMap { name in
            let summary = program.command(named: name)?.summary ?? ""
            return "                \(Self.quoted("\(name):\(summary)"))"
        }
    }

    /// Which function answers for the command on the line; a second word shifts the line by one.
    private var branches: [String] {
        program.commandNames.map { name in
            let seconds = program.seconds(of: name)
            guard let second = seconds.first else {
                return "                \(name)) \(function(name)) ;;"
            }
            return "                \(name)) if [[ $words[2] == \(second) ]]; then shift words; "
                + "((CURRENT--)); \(function("\(name) \(second)")); else \(function(name)); fi ;;"
        }
    }

    /// `'--format[table on a terminal]:table|tsv:(table tsv)'`
    private func specifications(_ options: [Option], _ operands: [Operand]) -> [String] {
        let flags = options.filter { !$0.hidden }.flatMap { option in
            option.flags.map { flag -> String in
                let takes = option.kind.map {
                    ":\($0.placeholder.filter { $0 != ":" }):\(action($0))"
                }
                let assigns = option.kind != nil && flag.hasPrefix("--") ? "=" : ""
                let many = option.repeats ? "*" : ""
                return Self.quoted(
                    "\(many)\(flag)\(assigns)[\(Self.inBrackets(option.summary))]\(takes ?? "")")
            }
        }
        let places = operands.map { operand in
            let place = operand.count == .any ? "*" : operand.count == .optional ? ":" : ""
            // With a space zsh would show the name as a message, and complete no option beside it.
            let known = action(operand.kind)
            return Self.quoted("\(place):\(operand.name):\(known == " " ? "()" : known)")
        }
        return (flags + places).map { "        \($0)" }
    }

    /// What `_arguments` does to list values; a space: nothing is known.
    private func action(_ kind: ValueKind) -> String {
        switch kind {
        case .file: "_files"
        case .folder: "_files -/"
        case .choice(let words): "(\(words.joined(separator: " ")))"
        case .model: "{compadd -- ${(f)\"$(\(Program.modelList))\"}}"
        default: " "
        }
    }

    /// Brackets and colons would end an explanation.
    private static func inBrackets(_ text: String) -> String {
        text.reduce(into: "") { result, character in
            if "[]:\\".contains(character) { result.append("\\") }
            result.append(character)
        }
    }

    /// A quote inside single quotes ends them, stands escaped, and begins them again.
    private static func quoted(_ text: String) -> String {
        "'"
            + text.split(separator: "'", omittingEmptySubsequences: false).joined(
                separator: "'\\''") + "'"
    }
}

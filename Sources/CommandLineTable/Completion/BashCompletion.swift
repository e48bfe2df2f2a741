// For bash: one function that finds the command on the line, then answers for the word before the
// cursor, or lists options or operands.
//
// bash breaks words at `=`, so `--format=t` arrives as three words; they are put together first.

struct BashCompletion {
    let program: Program

    var text: String {
        let name = program.name
        return """
            # bash completion of \(name)

            _\(name)_words() { mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur"); }
            _\(name)_paths() {
                compopt -o filenames
                mapfile -t COMPREPLY < <(compgen "$1" -- "$cur")
            }

            _\(name)() {
                local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command='' i
                if [[ $cur == = ]]; then cur=''
                elif [[ $prev == = ]]; then prev=${COMP_WORDS[COMP_CWORD-2]}; fi
            \(search)    case $command:$prev in
            \(values.joined(separator: "\n"))
                esac
                if [[ $cur == -* ]]; then
                    case $command in
            \(options.joined(separator: "\n"))
                    esac
                else
                    case $command in
            \(operands.joined(separator: "\n"))
                    esac
                fi
            }
            complete -F _\(name) \(name)

            """
    }

    /// The loop that sets `command`; nothing where there are none.
    private var search: String {
        guard !program.commands.isEmpty else { return "" }
        let valued = program.options.filter { $0.kind != nil }.flatMap(\.flags)
        let value = "((i++)); [[ ${COMP_WORDS[i]} == = ]] && ((i++))"
        var cases =
            valued.isEmpty ? "" : "            \(valued.joined(separator: "|"))) \(value) ;;\n"
        cases +=
            "            -*|=) ;;\n            *) command+=\"${command:+ }${COMP_WORDS[i]}\" ;;\n"
        // Operands may follow: a name of two words, else the first word, is the command.
        let names = program.commands.map(\.name).filter { $0.contains(" ") }
        let rows = names.map {
            "        \"\($0)\"|\"\($0) \"*) command=\"\($0)\" ;;\n"
        }.joined()
        return """
                for ((i = 1; i < COMP_CWORD; i++)); do
                    case ${COMP_WORDS[i]} in
            \(cases)        esac
                done
                case $command in
            \(rows)        *) command=${command%% *} ;;
                esac

            """
    }

    /// What may follow an option that takes a value.
    private var values: [String] {
        let own = program.options.compactMap { row(command: "*", $0) }
        return own
            + program.commands.flatMap { command in
                command.options.compactMap { row(command: "\"\(command.name)\"", $0) }
            }
    }

    /// `"classify":--model|"classify":-m) …; return ;;`
    private func row(command: String, _ option: Option) -> String? {
        guard let kind = option.kind else { return nil }
        let pattern = option.flags.map { "\(command):\($0)" }.joined(separator: "|")
        return "        \(pattern)) \(answer(kind)); return ;;"
    }

    private func answer(_ kind: ValueKind) -> String {
        switch kind {
        case .file: "_\(program.name)_paths -f"
        case .folder: "_\(program.name)_paths -d"
        case .choice(let words): "_\(program.name)_words '\(words.joined(separator: " "))'"
        case .model: "_\(program.name)_words \"$(\(Program.modelList))\""
        default: "COMPREPLY=()"
        }
    }

    /// Where the word begins with a dash.
    private var options: [String] {
        func flags(_ list: [Option]) -> String {
            list.filter { !$0.hidden }.map(\.flag).joined(separator: " ")
        }
        let rows = program.commands.map {
            "            \"\($0.name)\") _\(program.name)_words "
                + "'\(flags($0.options + program.shellOptions))' ;;"
        }
        return rows + ["            *) _\(program.name)_words '\(flags(program.shellOptions))' ;;"]
    }

    /// Where it does not: second words, files, words of a closed set, or the commands themselves.
    private var operands: [String] {
        let rows = program.commands.map { command in
            let seconds = program.seconds(of: command.name)
            let answer =
                seconds.isEmpty
                ? command.operands.first.map { self.answer($0.kind) } ?? "COMPREPLY=()"
                : "_\(program.name)_words '\(seconds.joined(separator: " "))'"
            return "            \"\(command.name)\") \(answer) ;;"
        }
        let first =
            program.commands.isEmpty
            ? program.operands.first.map { answer($0.kind) } ?? "COMPREPLY=()"
            : "_\(program.name)_words '\(program.commandNames.joined(separator: " "))'"
        return rows + ["            *) \(first) ;;"]
    }
}

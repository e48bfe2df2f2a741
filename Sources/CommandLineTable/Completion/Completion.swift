// Shell completions from the command table.
//
//     textflixctl completions bash > /usr/local/share/bash-completion/completions/textflixctl
//     textflixd --completions zsh  > /usr/local/share/zsh/site-functions/_textflixd
//
// What a word can be is the option's kind: files and folders are the shell's to list, words of a
// closed set are written into the script, and models are asked of the daemon when Tab is pressed.

package enum Shell: String, CaseIterable, Sendable { case bash, zsh, fish }

extension Program {
    /// The script that teaches a shell this command line.
    package func completions(for shell: Shell) -> String {
        switch shell {
        case .bash: BashCompletion(program: self).text
        case .zsh: ZshCompletion(program: self).text
        case .fish: FishCompletion(program: self).text
        }
    }

    /// What lists the served models, one a line; only this program can.
    static let modelList = "textflixctl models --format names 2>/dev/null"

    /// Every program's own options, and the two that all have.
    var shellOptions: [Option] { options + [.help, .version] }

    /// The second words of commands such as `bench compare`.
    func seconds(of first: String) -> [String] {
        commands.map(\.name).filter { $0.hasPrefix("\(first) ") }
            .map { String($0.dropFirst(first.count + 1)) }
    }
}

extension Option {
    /// `--model` and `-m`, for patterns.
    var flags: [String] { [flag] + (short.map { ["-\($0)"] } ?? []) }
}

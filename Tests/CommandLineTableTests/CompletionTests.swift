// What each shell is told of the made-up program.

import Testing

@testable import CommandLineTable

@Suite struct CompletionTests {
    private func lines(_ shell: Shell) -> [String] {
        Sample.program.completions(for: shell).split(separator: "\n").map(String.init)
    }

    @Test func bash() {
        let lines = lines(.bash)
        for line in [
            "            --socket|--timeout) ((i++)); [[ ${COMP_WORDS[i]} == = ]] && ((i++)) ;;",
            "        *:--socket) _sample_paths -f; return ;;",
            "        \"classify\":--format|\"classify\":-f) "
                + "_sample_words 'table tsv jsonl'; return ;;",
            "        \"bench compare\"|\"bench compare \"*) command=\"bench compare\" ;;",
            "        *) command=${command%% *} ;;",
            "            \"bench\") _sample_words 'compare' ;;",
            "            *) _sample_words 'classify bench' ;;",
            "complete -F _sample sample",
        ] { #expect(lines.contains(line)) }
    }

    @Test func zsh() {
        let lines = lines(.zsh)
        for line in [
            "#compdef sample",
            "        '--socket=[the daemon'\\''s socket]:PATH:_files' \\",
            "        '-f[how]:table|tsv|jsonl:(table tsv jsonl)' \\",
            "        '*--model=[serve this]:NAME=DIR: ' \\",
            "                'classify:label texts'",
        ] { #expect(lines.contains(line)) }
    }

    @Test func fish() {
        let lines = lines(.fish)
        for line in [
            "complete -c sample -n '__sample_is' -a classify -d 'label texts'",
            "complete -c sample -l socket -r -F -d 'the daemon\\'s socket'",
            "complete -c sample -n '__sample_is classify' -s f -l format -x "
                + "-a 'table tsv jsonl' -d 'how'",
        ] { #expect(lines.contains(line)) }
    }

    @Test func everyProgramHasThem() throws {
        guard case .show(let text) = try Sample.program.parse(["--completions", "fish"]) else {
            throw UsageError("it ran", in: "completions")
        }
        #expect(text == Sample.program.completions(for: .fish))
    }
}

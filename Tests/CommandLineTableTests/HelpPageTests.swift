// What `--help` looks like, letter by letter.

import Testing

@testable import CommandLineTable

@Suite struct HelpTests {
    @Test func theProgram() {
        var page = HelpPage(width: 80)
        #expect(
            page.text(of: Sample.program) == """
                Usage: sample [OPTION...] COMMAND ...
                A program of the tests.

                Commands:
                  classify       label texts
                  bench          load it
                  bench compare  two results

                Options:
                      --socket PATH   the daemon's socket
                      --timeout TIME  give up after this long [10s]
                  --help and --version stand anywhere; COMMAND --help says more.

                Examples:
                  sample classify --bulk < reviews.txt

                """)
    }

    @Test func aCommand() throws {
        var page = HelpPage(width: 60)
        #expect(
            page.text(
                of: try #require(Sample.program.command(named: "classify")), in: Sample.program)
                    == """
                    Usage: sample classify [OPTION...] [TEXT...]
                    Label texts.

                    Options:
                          TEXT                 a text
                      -f, --format table|tsv|jsonl
                                               how [table]
                      -b, --bulk               yield to interactive requests
                      -s, --strict             stop at the first bad line
                          --lines              one text a line
                          --jsonl              one object a line
                      -n, --samples N          how many
                          --model NAME=DIR...  serve this
                          --models A,B         two of them
                      Also --socket PATH, --timeout TIME: see sample --help.

                    Examples:
                      sample classify 'A fun movie.'  # one text

                    """)
    }

    @Test func rarerOptionsAreElsewhere() {
        let rare = Command("pack", "pack", options: [Option("rare", hidden: true, "seldom")])
        for (options, line) in [
            ([], "  Rarer options: see sample(1).\n"),
            ([Sample.socket], "  Also --socket PATH, and rarer options: see sample(1).\n"),
        ] as [([Option], String)] {
            var page = HelpPage(width: 80)
            let program = Program("sample", "a program", options: options, commands: [rare])
            #expect(page.text(of: rare, in: program).contains(line))
        }
    }

    @Test func linesStayWithinTheWidth() {
        for width in [40, 60, 80, 100] {
            var page = HelpPage(width: width)
            let text = page.text(of: Sample.program)
            #expect(text.split(separator: "\n").allSatisfy { $0.count <= width })
        }
    }
}

// Every command's page of help fits a screen, the program's own one and a half, and each has
// examples that the parser takes.

import CommandLineTable
import Syscalls
import TestSupport
import Testing

@testable import textflixctl

@Suite struct HelpTests {
    private static var names: [String] { Program.textflixctl.commands.map(\.name) }

    private func page(_ words: [String]) throws -> String {
        guard case .show(let text) = try Program.textflixctl.parse(words + ["--help"]) else {
            throw UsageError("it ran", in: "help")
        }
        return text
    }

    @Test(arguments: names + [""])
    func fitsAScreen(name: String) throws {
        let lines = try page(name.split(separator: " ").map(String.init))
            .split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.count <= (name.isEmpty ? 36 : 24) + 1)  // the last is empty
        #expect(lines.allSatisfy { $0.count <= 80 })
        #expect(lines.contains("Examples:"))
    }

    /// The man page is written by hand; it must not forget anything.
    @Test func theManPageHasEveryOption() throws {
        let bytes = try readFile(Checkout.root + "/deploy/man/textflixctl.1", limit: 1 << 20)
        let page = String(decoding: bytes, as: UTF8.self).filter { $0 != "\\" }
        let program = Program.textflixctl
        for option in program.options + program.commands.flatMap(\.options) {
            #expect(page.contains(option.flag), "\(option.flag) is not in textflixctl.1")
        }
        for command in program.commands {
            #expect(page.contains(".SS \(command.name)"), "\(command.name) is not in textflixctl.1")
        }
    }

    @Test func examplesAreUnderstood() throws {
        let program = Program.textflixctl
        for example in program.examples + program.commands.flatMap(\.examples) {
            // What stands before a pipe, or behind a redirection, is the shell's.
            let own = example.line.split(separator: "|").last ?? ""
            var words = own.split(separator: " ").map { $0.filter { $0 != "'" } }
            if words.first == "sudo" { words.removeFirst() }
            #expect(words.first == "textflixctl")
            let end = words.firstIndex { $0 == ">" || $0 == "<" } ?? words.endIndex
            guard case .run = try program.parse(Array(words[1..<end])) else {
                Issue.record("\(example.line) does not run")
                return
            }
        }
    }
}

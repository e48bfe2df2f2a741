// A program's command line as a table: what it is called, what it takes, what it does.
//
// One table feeds everything that must agree about a command line: the parser, `--help`, the error
// messages, the shell completions and the man page. So a name is written once, and what help shows
// is what the parser takes.
//
// The table holds no behaviour: a program switches over `Invocation.command` itself.

/// A program, with commands (`textflixctl classify …`) or without (`textflixd …`).
package struct Program: Sendable {
    package let name: String
    /// One line, no full stop: what stands beside the name in a list.
    package let summary: String
    package let version: String
    /// Options of the program; with commands, options that every command takes too.
    package let options: [Option]
    package let operands: [Operand]
    package let commands: [Command]
    package let examples: [Example]

    package init(
        _ name: String, _ summary: String, version: String = Release.version,
        options: [Option] = [], operands: [Operand] = [], commands: [Command] = [],
        examples: [Example] = []
    ) {
        self.name = name
        self.summary = summary
        self.version = version
        self.options = options
        self.operands = operands
        self.commands = commands
        self.examples = examples
    }

    package func command(named name: String) -> Command? { commands.first { $0.name == name } }
}

/// One command of a program. A name of two words (`bench compare`) is a command of its own.
package struct Command: Sendable {
    package let name: String
    package let summary: String
    /// A paragraph or two more, for `--help` of the command; empty: the summary says it all.
    package let details: String
    package let options: [Option]
    package let operands: [Operand]
    /// Each group: options of which at most one may be given.
    package let exclusive: [[Option]]
    package let examples: [Example]

    package init(
        _ name: String, _ summary: String, details: String = "", options: [Option] = [],
        operands: [Operand] = [], exclusive: [[Option]] = [], examples: [Example] = []
    ) {
        self.name = name
        self.summary = summary
        self.details = details
        self.options = options
        self.operands = operands
        self.exclusive = exclusive
        self.examples = examples
    }
}

/// What stands on the line without a dash.
package struct Operand: Sendable {
    package enum Count: Sendable { case one, optional, any }
    package let name: String
    package let summary: String
    package let count: Count
    package let kind: ValueKind

    package init(_ name: String, _ summary: String, _ count: Count = .one, kind: ValueKind? = nil) {
        self.name = name
        self.summary = summary
        self.count = count
        self.kind = kind ?? .text(name)
    }

    /// `FILE`, `[FILE]` or `[TEXT...]`.
    package var usage: String {
        switch count {
        case .one: name
        case .optional: "[\(name)]"
        case .any: "[\(name)...]"
        }
    }
}

/// A line that a reader can try, with what it does.
package struct Example: Sendable {
    package let line: String
    package let meaning: String

    package init(_ line: String, _ meaning: String = "") {
        self.line = line
        self.meaning = meaning
    }
}

/// The version of this source tree, the same for every program made from it.
package enum Release {
    package static let version = "0.1.0"
}

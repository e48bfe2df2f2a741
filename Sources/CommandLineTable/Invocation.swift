// A command line that has been understood: which command, which options, which operands.
//
// Invariant: every value has been checked against its option's kind, so the typed readers below
// cannot fail on input; asking for an option that the command does not have, or for the wrong type,
// is the programmer's error and stops the process.

package struct Invocation: Sendable {
    package let program: Program
    /// nil for a program without commands.
    package let command: Command?
    package let operands: [String]
    /// Option name to its values, in the order given.
    let values: [String: [String]]

    /// `textflixctl classify`, for messages.
    package var place: String {
        command.map { "\(program.name) \($0.name)" } ?? program.name
    }

    /// Whether the option stands on the line.
    package func has(_ option: Option) -> Bool { values[option.name] != nil }

    /// The last value given, else the default.
    package func text(_ option: Option) -> String? {
        values[option.name]?.last ?? option.fallback
    }

    package func texts(_ option: Option) -> [String] {
        values[option.name] ?? option.fallback.map { [$0] } ?? []
    }

    /// The parts of a value between commas, without blanks around them; empty ones left out.
    package func list(_ option: Option) -> [String] {
        texts(option).flatMap { $0.split(separator: ",").map(\.trimmed) }.filter { !$0.isEmpty }
    }

    /// `NAME=VALUE` pairs, in the order given.
    package func assignments(_ option: Option) -> [(name: String, value: String)] {
        texts(option).map { pair in
            let parts = pair.split(separator: "=", maxSplits: 1).map(String.init)
            return (parts[0], parts[1])
        }
    }

    package func integer(_ option: Option) -> Int? {
        text(option).map { typed(Int($0), option) }
    }

    package func decimal(_ option: Option) -> Double? {
        text(option).map { typed(Double($0), option) }
    }

    package func duration(_ option: Option) -> Duration? {
        text(option).map { typed(Duration(written: $0), option) }
    }

    package func choice<Word: RawRepresentable<String>>(
        _ option: Option, _: Word.Type = Word.self
    ) -> Word? {
        text(option).map { typed(Word(rawValue: $0), option) }
    }

    private func typed<Value>(_ value: Value?, _ option: Option) -> Value {
        guard let value else { preconditionFailure("\(option.flag) is of another kind") }
        return value
    }

    /// An error about this line that only the program itself could see.
    package func complaint(_ message: String) -> UsageError { UsageError(message, in: place) }
}

extension Substring {
    /// Without blanks at its ends.
    fileprivate var trimmed: String {
        var rest = self
        while rest.first?.isWhitespace == true { rest.removeFirst() }
        while rest.last?.isWhitespace == true { rest.removeLast() }
        return String(rest)
    }
}

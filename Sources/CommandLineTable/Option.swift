// One option of a command line, and the kinds of value an option can take.
//
// A kind knows how to check a value, how to name it in help, and what a shell may complete. The
// check happens once, in the parser: what an `Invocation` hands out is already of its kind.

/// `--model NAME`, `-m NAME`, or without a kind a switch such as `--bulk`.
package struct Option: Sendable {
    /// The long name without its dashes.
    package let name: String
    package let short: Character?
    /// nil: a switch.
    package let kind: ValueKind?
    /// May stand several times, every value counting; otherwise the last one counts.
    package let repeats: Bool
    /// The value when it is absent, in the form in which a person would write it.
    package let fallback: String?
    package let summary: String
    /// Kept out of `--help` and completions; the man page has it.
    package let hidden: Bool

    /// An option with a value.
    package init(
        _ name: String, short: Character? = nil, _ kind: ValueKind, repeats: Bool = false,
        default fallback: String? = nil, hidden: Bool = false, _ summary: String
    ) {
        self.name = name
        self.short = short
        self.kind = kind
        self.repeats = repeats
        self.fallback = fallback
        self.summary = summary
        self.hidden = hidden
        precondition(
            fallback.flatMap { kind.complaint(about: $0) } == nil, "bad default of \(name)")
    }

    /// A switch.
    package init(
        _ name: String, short: Character? = nil, hidden: Bool = false, _ summary: String
    ) {
        self.name = name
        self.short = short
        self.kind = nil
        self.repeats = false
        self.fallback = nil
        self.summary = summary
        self.hidden = hidden
    }

    package var flag: String { "--\(name)" }

    /// `-m, --model NAME...`: the left column of help.
    var usage: String {
        let letter = short.map { "-\($0), " } ?? "    "
        let value = kind.map { " \($0.placeholder)" } ?? ""
        return "\(letter)\(flag)\(value)\(repeats ? "..." : "")"
    }

    /// The options that every program has.
    package static let help = Option("help", short: "h", "show this page")
    package static let version = Option("version", "show the version")
    package static let completions = Option(
        "completions", .choice(Shell.self), hidden: true, "print a shell's completions")
}

package enum ValueKind: Sendable {
    /// Any text; the name in help.
    case text(String)
    /// A file, and a folder: a shell completes them.
    case file(String)
    case folder(String)
    case integer(ClosedRange<Int>)
    case decimal(ClosedRange<Double>)
    /// `250ms`, `10s`, `2m`, `1.5h`; a bare number is seconds.
    case duration
    /// One word of a closed set.
    case choice([String])
    /// `NAME=VALUE`, neither side empty; the form in help.
    case assignment(String)
    /// Several texts parted by commas; the form in help.
    case list(String)
    /// The name of a model that the daemon serves: a shell asks the daemon for them.
    case model

    /// The words of a closed set, from an enumeration of strings.
    package static func choice<Word>(_: Word.Type) -> ValueKind
    where Word: CaseIterable & RawRepresentable<String> {
        .choice(Word.allCases.map(\.rawValue))
    }

    package var placeholder: String {
        switch self {
        case .text(let name), .file(let name), .folder(let name), .assignment(let name),
            .list(let name):
            name
        case .integer: "N"
        case .decimal: "X"
        case .duration: "TIME"
        case .choice(let words): words.joined(separator: "|")
        case .model: "NAME"
        }
    }

    /// What is wrong with a value of this kind; nil when it is right.
    package func complaint(about value: String) -> String? {
        switch self {
        case .text: return nil
        case .model: return value.isEmpty ? "an empty name" : nil
        case .file(let name), .folder(let name), .list(let name):
            return value.isEmpty ? "an empty \(name)" : nil
        case .integer(let range):
            guard let number = Int(value) else { return "'\(value)' is not a whole number" }
            return range.contains(number) ? nil : "\(value) is not \(Self.phrase(range))"
        case .decimal(let range):
            guard let number = Double(value), !number.isNaN else {
                return "'\(value)' is not a number"
            }
            return range.contains(number) ? nil : "\(value) is not \(Self.phrase(range))"
        case .duration:
            return Duration(written: value) == nil
                ? "'\(value)' is not a duration (write 250ms, 10s, 2m or 1h)" : nil
        case .choice(let words):
            guard !words.contains(value) else { return nil }
            return "'\(value)' is not one of \(words.joined(separator: ", "))"
                + NearestName.hint(for: value, among: words)
        case .assignment(let form):
            let parts = value.split(
                separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return parts.count == 2 && parts.allSatisfy { !$0.isEmpty }
                ? nil : "'\(value)' does not have the form \(form)"
        }
    }

    private static func phrase(_ range: ClosedRange<Int>) -> String {
        range.upperBound == .max
            ? "at least \(range.lowerBound)"
            : "between \(range.lowerBound) and \(range.upperBound)"
    }

    private static func phrase(_ range: ClosedRange<Double>) -> String {
        range.upperBound == .infinity
            ? "at least \(range.lowerBound)"
            : "between \(range.lowerBound) and \(range.upperBound)"
    }
}

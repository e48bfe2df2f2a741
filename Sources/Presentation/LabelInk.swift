// Colours for labels: what every reader expects where the name says it, else one by order.

package struct LabelInk: Sendable {
    private var labels: [String] = []
    /// Columns of the widest label, within reason.
    package private(set) var width = 8

    package init() {}

    private static let green = ["positive", "pos", "good", "yes", "true", "entailment"]
    private static let red = ["negative", "neg", "bad", "no", "false", "contradiction"]
    /// Not yellow: it is for what speaks against a label that several others stand beside.
    package static let others: [Ink] = [.cyan, .magenta, .blue, .green, .red]

    /// Takes the model's labels, from the first answer.
    package mutating func learn(_ names: [String]) {
        guard labels.isEmpty else { return }
        labels = names
        let widths = names.map { DisplayWidth.of(DisplayWidth.oneLine($0)) }
        width = min(max(widths.max() ?? 8, 4), 24)
    }

    package func ink(of label: String) -> Ink {
        let name = label.lowercased()
        if Self.green.contains(name) { return .green }
        if Self.red.contains(name) { return .red }
        if name == "neutral" { return .blue }
        return Self.others[(labels.firstIndex(of: label) ?? 0) % Self.others.count]
    }
}

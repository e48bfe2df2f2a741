// What an explanation keeps of its variants' scores: the probability of the label that it explains.
//
// One number a variant: with all labels of a large model some thousands of variants would take
// gigabytes. While the label is not known, all are kept of the few that are scored meanwhile.
//
// It knows variants by number, and nothing of masks and texts.

struct ExplanationScores: Sendable {
    /// Which label; nil: not known yet.
    private(set) var label: Int?
    /// nil: not scored, or in `undecided`.
    private var ofLabel: [Float?]
    /// All labels' probabilities, [C], by variant, while it is not known whose counts.
    private(set) var undecided: [Int: [Float]] = [:]

    init(count: Int, label: Int?) {
        self.label = label
        ofLabel = Array(repeating: nil, count: count)
    }

    /// Whether the variant is scored.
    func has(_ variant: Int) -> Bool { ofLabel[variant] != nil || undecided[variant] != nil }

    /// The label's probability for a variant that is scored, once the label is known.
    subscript(variant: Int) -> Float { ofLabel[variant]! }

    /// - Parameter probabilities: one a label.
    mutating func note(_ variant: Int, _ probabilities: [Float]) {
        if let label {
            ofLabel[variant] = probabilities[label]
        } else {
            undecided[variant] = probabilities
        }
    }

    /// The label is known from now on.
    mutating func decide(_ label: Int) {
        self.label = label
        for (variant, probabilities) in undecided { ofLabel[variant] = probabilities[label] }
        undecided = [:]
    }

    /// Forgets the variants that are not scored: those that are have the numbers from 0, in their
    /// order.
    mutating func dropMissing() { ofLabel = ofLabel.filter { $0 != nil } }
}

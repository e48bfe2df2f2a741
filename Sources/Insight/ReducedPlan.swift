// A plan cut short: solved from the variants that were scored in time.
//
// The masks of a sample are drawn independently, so a part of a sample is a smaller sample. The
// masks of an exact plan become draws from the distribution they enumerate, in proportion to their
// probabilities. Leave-one-out cannot be cut short: a feature whose removal was not scored has no
// weight.

extension ExplanationPlan {
    /// The plan over those masks alone, to be solved from their scores.
    /// - Parameter scored: one a mask.
    /// - Returns: nil where they tell too little: fewer than two a feature, or a feature that none
    ///   of them removes.
    package func reduced(to scored: [Bool]) -> ExplanationPlan? {
        precondition(scored.count == masks.count, "one answer a mask")
        if !scored.contains(false) { return self }
        guard scored[0], method == .lime || method == .exactLime else { return nil }
        let places = masks.indices.filter { scored[$0] }
        guard places.count > 2 * featureCount else { return nil }
        for feature in 0..<featureCount
        where !places.contains(where: { !masks[$0][feature] }) { return nil }
        return ExplanationPlan(
            method: .lime, masks: places.map { masks[$0] },
            draws: method == .lime ? places.map { draws[$0] } : expectedDraws(places))
    }

    /// How often LIME's law would draw each, as many draws in all as there are masks; the text
    /// itself once, as the reference counts it.
    private func expectedDraws(_ places: [Int]) -> [Double] {
        let chances = places.map { place -> Double in
            let kept = masks[place].keptCount
            return kept == featureCount ? 0 : 1 / binomial(featureCount, kept)
        }
        let scale = Double(places.count - 1) / chances.reduce(0, +)
        return chances.map { $0 == 0 ? 1 : $0 * scale }
    }
}

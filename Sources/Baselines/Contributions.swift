// What each part of a text adds to a linear model's logit: exact, since the logit is a sum.
//
// An n-gram's term is shared equally by the places where it stands (it counts once, wherever that
// is, unless the recipe takes means) and within a place by its tokens: that is its Shapley value
// among the words that make it. Terms of tokens in no feature, and the constant, are the rest.
//
// Invariant: features + rest = the logit of the positive label.

extension LinearTextModel {
    package struct Contributions: Sendable {
        /// [S], to the positive label's logit.
        package let features: [Double]
        package let rest: Double
    }

    /// - Parameter places: where each feature stands, in bytes of the text; disjoint.
    package func contributions(_ text: [UInt8], to places: [[Range<Int>]]) -> Contributions {
        let reader = NGramReader(recipe: recipe)
        let found = text.withUnsafeBufferPointer { reader.occurrences($0) }
        var counts: [UInt64: Double] = [:]
        for occurrence in found { counts[occurrence.name, default: 0] += 1 }
        let norm = self.norm(counts)

        var terms = Array(repeating: 0.0, count: reader.places.count)
        for occurrence in found {
            guard norm > 0, let entry = entry(occurrence.name) else { continue }
            let product = Double(entry.weight) * Double(entry.coefficient) / norm
            let copies = recipe.weighting == .mean ? 1 : counts[occurrence.name] ?? 1
            let share = slope * product / (copies * Double(occurrence.tokens.count))
            for token in occurrence.tokens { terms[token] += share }
        }
        return gathered(terms, reader.places, places)
    }

    /// Each token's term to the feature in which it begins.
    private func gathered(
        _ terms: [Double], _ tokens: [Range<Int>], _ places: [[Range<Int>]]
    ) -> Contributions {
        let order = places.enumerated()
            .flatMap { feature, ranges in ranges.map { (range: $0, feature: feature) } }
            .sorted { $0.range.lowerBound < $1.range.lowerBound }
        var features = Array(repeating: 0.0, count: places.count)
        var rest = constant
        var next = 0
        for (token, term) in zip(tokens, terms) {
            while next < order.count, order[next].range.upperBound <= token.lowerBound { next += 1 }
            if next < order.count, order[next].range.contains(token.lowerBound) {
                features[order[next].feature] += term
            } else {
                rest += term
            }
        }
        return Contributions(features: features, rest: rest)
    }

    /// What the sum of weighted coefficients is divided by, as `score` does it.
    private func norm(_ counts: [UInt64: Double]) -> Double {
        switch recipe.weighting {
        case .binary: 1
        case .mean: counts.reduce(0) { $0 + (entry($1.key) == nil ? 0 : $1.value) }
        case .inverseFrequency:
            counts.keys.reduce(0.0) { sum, name in
                let weight = Double(entry(name)?.weight ?? 0)
                return sum + weight * weight
            }.squareRoot()
        }
    }
}

// An explanation: how much each feature of a text supports a label, and how far that can be
// trusted.
//
// A plan says which variants of the text must be scored; the solution follows from the scores. The
// two are apart so that whoever runs the model batches, cancels and times the evaluations as it
// likes. Masks are distinct: a variant that was drawn often is scored once and counted often.

package enum ExplanationMethod: Sendable, Hashable, CaseIterable {
    case lime, exactLime, shapley, leaveOneOut
}

package struct Explanation: Sendable, Equatable {
    /// One a feature; above 0 supports the label.
    package var weights: [Double]
    package var intercept: Double
    /// Weighted R² of the additive model on the evaluated variants; 1 where it fits exactly.
    package var fidelity: Double
    /// Distinct variants of the text that the model scored.
    package var evaluations: Int
}

/// What to score, and how to read the scores.
package struct ExplanationPlan: Sendable {
    package let method: ExplanationMethod
    package let featureCount: Int
    /// Distinct; the first is the text itself.
    package let masks: [Mask]
    /// How often each mask was drawn (1 where masks are enumerated).
    package let draws: [Double]

    /// - Parameters:
    ///   - samples: how many variants `lime` (and `shapley` past `exactFeatureLimit`) draws.
    package init(method: ExplanationMethod, featureCount: Int, samples: Int, seed: UInt64) {
        self.method = method
        self.featureCount = featureCount
        var sampler = MaskSampler(featureCount: featureCount, seed: seed)
        switch method {
        case .leaveOneOut: sampler.leaveOneOut()
        case .exactLime: sampler.enumerate()
        case .lime: sampler.drawLime(samples)
        case .shapley where featureCount <= Self.exactFeatureLimit: sampler.enumerate()
        case .shapley: sampler.drawShapley(samples)
        }
        masks = sampler.masks
        draws = sampler.draws
    }

    /// A plan over masks that were chosen elsewhere; the first must be the text itself.
    package init(method: ExplanationMethod, masks: [Mask], draws: [Double]) {
        precondition(masks.first?.complement.keptCount == 0, "the first mask is the text itself")
        self.method = method
        featureCount = masks[0].count
        self.masks = masks
        self.draws = draws
    }

    /// 2¹² = 4096 variants: past it, enumeration costs more than the reference's 5000 samples.
    package static let exactFeatureLimit = 12

    /// Whether chance chose the masks; else all that the method knows are there.
    package var isDrawn: Bool {
        method == .lime || method == .shapley && featureCount > Self.exactFeatureLimit
    }

    /// The method that `auto` means: exact where the masks are no more than may be scored.
    package static func automatic(featureCount: Int, affordable: Int) -> ExplanationMethod {
        if featureCount <= exactFeatureLimit, 1 << featureCount <= affordable { return .exactLime }
        return affordable >= 4 * featureCount ? .lime : .leaveOneOut
    }

    /// - Parameter scores: the label's probability for each of `masks`, in their order.
    package func solve(_ scores: [Double]) -> Explanation {
        var solve = ExplanationSolve(self, scores)
        while true {
            if let found = solve.step() { return found }
        }
    }

    /// Whether its weights are fitted by least squares, rather than read off the scores.
    var isFitted: Bool { featureCount > 1 && (method == .lime || method == .shapley) }

    /// The answer where nothing is to be fitted.
    func direct(_ scores: [Double]) -> Explanation {
        if featureCount < 2 { return trivial(scores) }
        return method == .exactLime
            ? closedForm(scores, measure: LimeLaw.measure) : leaveOneOut(scores)
    }

    /// No feature: nothing to say. One: what its removal changes, whatever the method.
    private func trivial(_ scores: [Double]) -> Explanation {
        guard featureCount == 1, scores.count > 1 else {
            return Explanation(weights: [], intercept: scores[0], fidelity: 1, evaluations: 1)
        }
        return Explanation(
            weights: [scores[0] - scores[1]], intercept: scores[1], fidelity: 1, evaluations: 2)
    }

    private func leaveOneOut(_ scores: [Double]) -> Explanation {
        let weights = scores.dropFirst().map { scores[0] - $0 }
        let intercept = scores[0] - weights.reduce(0, +)
        let measure = Array(repeating: 1.0, count: scores.count)
        return graded(weights, intercept, scores, measure)
    }

    /// Adds the weighted R² over the evaluated masks.
    func graded(
        _ weights: [Double], _ intercept: Double, _ scores: [Double], _ measure: [Double]
    ) -> Explanation {
        let total = measure.reduce(0, +)
        let mean = zip(measure, scores).reduce(0) { $0 + $1.0 * $1.1 } / total
        var residual = 0.0
        var variance = 0.0
        for (index, mask) in masks.enumerated() {
            var fitted = intercept
            for feature in mask.kept { fitted += weights[feature] }
            residual += measure[index] * (scores[index] - fitted) * (scores[index] - fitted)
            variance += measure[index] * (scores[index] - mean) * (scores[index] - mean)
        }
        let flat = variance <= Double.ulpOfOne * total
        return Explanation(
            weights: weights, intercept: intercept,
            fidelity: flat ? 1 : 1 - residual / variance, evaluations: masks.count)
    }
}

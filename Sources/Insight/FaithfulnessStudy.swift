// Methods of explanation side by side on the same texts: which name what the model really uses, and
// which agree with themselves when asked again?
//
// For each text and method, once a seed: an explanation, then the measures of `Faithfulness` along
// its order, and how well its additive model fits new variants (R² under LIME's weights, on masks
// of another seed, few of which are unseen for a small text; below 0 it counts as 0).
// Between seeds: how often the same feature comes first and how alike the ranks are. Every variant
// of a text is scored once, whoever asks for it.

internal import Randomness

package struct FaithfulnessStudy: Sendable {
    package struct Contender: Sendable, Hashable {
        package let name: String
        /// nil: features in random order, what every method must beat.
        let method: ExplanationMethod?
        let samples: Int
        /// Whether another seed gives another answer.
        let isRandom: Bool

        package static let randomOrder = Contender(
            name: "random order", method: nil, samples: 0, isRandom: true)
        package static let leaveOneOut = Contender(
            name: "leave-one-out", method: .leaveOneOut, samples: 0, isRandom: false)
        package static let exactLime = Contender(
            name: "exact LIME", method: .exactLime, samples: 0, isRandom: false)

        package static func lime(_ samples: Int) -> Contender {
            Contender(name: "LIME, \(samples)", method: .lime, samples: samples, isRandom: true)
        }

        /// Exact where features are few.
        package static func shapley(_ samples: Int, featureCount: Int) -> Contender {
            let isExact = featureCount <= ExplanationPlan.exactFeatureLimit
            return Contender(
                name: isExact ? "exact Shapley" : "Shapley, \(samples)", method: .shapley,
                samples: samples, isRandom: !isExact)
        }
    }

    /// One method on one text: means over the seeds.
    package struct Measures: Sendable, Equatable {
        package var faithfulness = Faithfulness(
            comprehensiveness: 0, sufficiency: 0, deletionArea: 0)
        /// nil: no additive model.
        package var fit: Double?
        /// Of the pairs of seeds; 1 where nothing is drawn.
        package var sameTop = 1.0
        package var rankCorrelation = 1.0
        package var evaluations = 0.0
    }

    package let contenders: [Contender]
    package let seeds: [UInt64]
    private static let heldOutSamples = 200

    package init(_ contenders: [Contender], seeds: [UInt64]) {
        self.contenders = contenders
        self.seeds = seeds
    }

    /// One text.
    /// - Parameters:
    ///   - featureCount: at least 2.
    ///   - score: the probability, for each variant, of the label that the whole text has.
    /// - Returns: one for each contender.
    package func measure<Problem>(
        featureCount: Int, score: ([Mask]) throws(Problem) -> [Double]
    ) throws(Problem) -> [Measures] {
        var known = ScoredMasks()
        let heldOut = ExplanationPlan(
            method: .lime, featureCount: featureCount, samples: Self.heldOutSamples,
            seed: (seeds.max() ?? 0) &+ 7919)
        let heldOutScores = try known.scores(heldOut.masks, score)
        var all: [Measures] = []
        for contender in contenders {
            var weights: [[Double]] = []
            var sums = Measures()
            let turns = contender.isRandom ? seeds : Array(seeds.prefix(1))
            for seed in turns {
                let explanation = try explain(contender, featureCount, seed, &known, score)
                weights.append(explanation.weights)
                let order = explanation.weights.indices.sorted {
                    explanation.weights[$0] > explanation.weights[$1]
                }
                let scores = try known.scores(Faithfulness.masks(order: order), score)
                sums.add(Faithfulness(scores: scores), explanation.evaluations)
                if contender.method != nil {
                    sums.fit = (sums.fit ?? 0) + heldOut.fit(explanation, heldOutScores)
                }
            }
            all.append(sums.means(over: turns.count, weights))
        }
        return all
    }

    private func explain<Problem>(
        _ contender: Contender, _ featureCount: Int, _ seed: UInt64, _ known: inout ScoredMasks,
        _ score: ([Mask]) throws(Problem) -> [Double]
    ) throws(Problem) -> Explanation {
        guard let method = contender.method else {
            var random = RandomSource(seed: seed)
            return Explanation(
                weights: (0..<featureCount).map { _ in random.unit() }, intercept: 0, fidelity: 0,
                evaluations: 0)
        }
        let plan = ExplanationPlan(
            method: method, featureCount: featureCount, samples: contender.samples, seed: seed)
        return plan.solve(try known.scores(plan.masks, score))
    }
}

/// The variants of one text that were scored.
private struct ScoredMasks {
    private var scores: [Mask: Double] = [:]

    mutating func scores<Problem>(
        _ masks: [Mask], _ score: ([Mask]) throws(Problem) -> [Double]
    ) throws(Problem) -> [Double] {
        var new: [Mask] = []
        for mask in masks where scores[mask] == nil {
            scores[mask] = .nan
            new.append(mask)
        }
        for (mask, value) in zip(new, try score(new)) { scores[mask] = value }
        return masks.map { scores[$0] ?? .nan }
    }
}

extension ExplanationPlan {
    /// Weighted R² of an additive model on this plan's variants; 0 where it is negative.
    fileprivate func fit(_ explanation: Explanation, _ scores: [Double]) -> Double {
        let measure = zip(masks, draws).map { mask, times in
            times * LimeLaw.weight(kept: mask.keptCount, of: featureCount)
        }
        let graded = graded(explanation.weights, explanation.intercept, scores, measure)
        // Where the score hardly moves R² has no lower bound, and one text would be the mean.
        return max(0, graded.fidelity)
    }
}

extension FaithfulnessStudy.Measures {
    fileprivate mutating func add(_ one: Faithfulness, _ evaluations: Int) {
        faithfulness.comprehensiveness += one.comprehensiveness
        faithfulness.sufficiency += one.sufficiency
        faithfulness.deletionArea += one.deletionArea
        self.evaluations += Double(evaluations)
    }

    /// - Parameter weights: of each seed.
    fileprivate func means(over count: Int, _ weights: [[Double]]) -> Self {
        var means = self
        let scale = 1 / Double(max(1, count))
        means.faithfulness.comprehensiveness *= scale
        means.faithfulness.sufficiency *= scale
        means.faithfulness.deletionArea *= scale
        means.evaluations *= scale
        means.fit = fit.map { $0 * scale }
        var pairs = 0
        var same = 0.0
        var correlation = 0.0
        for first in weights.indices {
            for second in weights.indices where second > first {
                pairs += 1
                same += weights[first].argmax == weights[second].argmax ? 1 : 0
                correlation += spearman(weights[first], weights[second])
            }
        }
        if pairs > 0 {
            means.sameTop = same / Double(pairs)
            means.rankCorrelation = correlation / Double(pairs)
        }
        return means
    }

}

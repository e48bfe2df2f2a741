// The weights of an explanation, worked out a step at a time.
//
//     masks, one a step ──> normal equations ──> factor, a row a step ──> weights
//
// A thousand features and eight thousand masks take seconds in all: a caller with other work does
// it between the steps. No step takes longer than looking at every mask once.

package struct ExplanationSolve: Sendable {
    private let plan: ExplanationPlan
    private let scores: [Double]
    /// What each mask counts; empty where the answer follows without a system of equations.
    private let measure: [Double]
    private let base: Double
    private var sums: MaskSums
    private var next = 0
    private var factor: CholeskyFactor?

    /// - Parameter scores: the label's probability for each of the plan's masks, in their order.
    package init(_ plan: ExplanationPlan, _ scores: [Double]) {
        precondition(scores.count == plan.masks.count, "one score a mask")
        self.plan = plan
        self.scores = scores
        measure = plan.isFitted ? plan.measure() : []
        base = plan.isFitted ? plan.base(scores) : 0
        sums = MaskSums(count: plan.isFitted ? plan.featureCount : 0)
    }

    /// - Returns: the explanation, with the last step.
    package mutating func step() -> Explanation? {
        guard plan.isFitted else { return plan.direct(scores) }
        if next < plan.masks.count {
            sums.add(plan.masks[next], value: scores[next] - base, measure: measure[next])
            next += 1
            return nil
        }
        guard factor != nil else {
            factor = CholeskyFactor(of: plan.system(sums))
            return nil
        }
        if !factor!.isDone {
            let isDefinite = factor!.step()
            precondition(isDefinite, "a Gram matrix with a ridge is positive definite")
            return nil
        }
        let (weights, intercept) = plan.fit(sums, factor!, scores)
        return plan.graded(weights, intercept, scores, measure)
    }
}

/// Weighted sums over 0/1 rows z and a value f.
struct MaskSums: Sendable {
    /// Σ w, Σ w f.
    private(set) var measure = 0.0
    private(set) var value = 0.0
    /// Σ w z_i, Σ w z_i f, Σ w z_i z_j.
    private(set) var rows: [Double]
    private(set) var products: [Double]
    private(set) var gram: SymmetricMatrix

    init(count: Int) {
        rows = Array(repeating: 0, count: count)
        products = rows
        gram = SymmetricMatrix(order: count)
    }

    mutating func add(_ mask: Mask, value: Double, measure: Double) {
        guard measure > 0 else { return }
        self.measure += measure
        self.value += measure * value
        let kept = mask.kept
        for feature in kept {
            rows[feature] += measure
            products[feature] += measure * value
        }
        gram.add(measure, to: kept)
    }
}

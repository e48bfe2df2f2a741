// The additive model that explains: weighted least squares over masks, exact or sampled.
//
// Exact: where all 2^S masks were scored and the measure w depends on the number kept alone, the
// normal equations have the closed form (a1 = E z_i, a2 = E z_i z_j, c_i = Cov(z_i, f), w summing
// to 1)
//     β_i = (c_i - ρ Σc) / (a1 - a2),   ρ = (a2 - a1²) / ((a1 - a2) + S (a2 - a1²))
// Sampled LIME: min Σ w (f - b - zβ)² + |β|², b free: ridge α = 1 with an unpenalised intercept, as
// the reference fits. Shapley: min Σ w (f - f(empty) - zβ)² under Σβ = f(text) - f(empty), by its
// Lagrange multiplier. Both are normal equations (S × S) from the sums over the masks.

extension ExplanationPlan {
    /// The answer of infinitely many samples.
    func closedForm(
        _ scores: [Double], measure law: (_ kept: Int, _ count: Int) -> Double
    ) -> Explanation {
        let count = featureCount
        let kept = masks.map(\.keptCount)
        var measure = kept.map { law($0, count) }
        let total = measure.reduce(0, +)
        for index in measure.indices { measure[index] /= total }

        var a1 = 0.0
        var a2 = 0.0
        var mean = 0.0
        var products = Array(repeating: 0.0, count: count)  // E z_i f
        for (index, mask) in masks.enumerated() {
            let size = Double(kept[index])
            a1 += measure[index] * size / Double(count)
            a2 += measure[index] * size * (size - 1) / Double(count * (count - 1))
            mean += measure[index] * scores[index]
            let mass = measure[index] * scores[index]
            for feature in 0..<count where mask[feature] { products[feature] += mass }
        }
        let covariances = products.map { $0 - a1 * mean }
        let sum = covariances.reduce(0, +)
        let spread = a2 - a1 * a1
        let rho = spread / ((a1 - a2) + Double(count) * spread)
        let weights = covariances.map { ($0 - rho * sum) / (a1 - a2) }
        return graded(weights, mean - a1 * weights.reduce(0, +), scores, measure)
    }

    /// What each mask counts in the least squares.
    func measure() -> [Double] {
        let isEnumerated = featureCount <= Self.exactFeatureLimit
        return zip(masks, draws).map { mask, times in
            let kept = mask.keptCount
            if method == .lime { return times * LimeLaw.weight(kept: kept, of: featureCount) }
            if kept == 0 || kept == featureCount { return 0 }
            return isEnumerated ? ShapleyLaw.measure(kept: kept, of: featureCount) : times
        }
    }

    /// What the scores are counted from: Shapley's from the text without features.
    func base(_ scores: [Double]) -> Double {
        if method == .lime { return 0 }
        guard let empty = masks.firstIndex(where: { $0.keptCount == 0 }) else {
            preconditionFailure("Shapley plans hold the empty mask")
        }
        return scores[empty]
    }

    /// The normal equations' matrix, positive definite.
    func system(_ sums: MaskSums) -> SymmetricMatrix {
        var system = sums.gram
        if method == .lime {
            // Σ w (z_i - m_i)(z_j - m_j), and the ridge.
            let mean = sums.rows.map { $0 / sums.measure }
            for row in 0..<featureCount {
                for column in 0...row { system[row, column] -= sums.rows[row] * mean[column] }
                system[row, row] += 1
            }
        } else {
            // Fewer samples than features leave a null space: a ridge of 1e-9 of the mean diagonal.
            let trace = (0..<featureCount).reduce(0) { $0 + system[$1, $1] }
            let ridge = 1e-9 * trace / Double(featureCount)
            for row in 0..<featureCount { system[row, row] += ridge }
        }
        return system
    }

    func fit(
        _ sums: MaskSums, _ factor: CholeskyFactor, _ scores: [Double]
    ) -> (weights: [Double], intercept: Double) {
        method == .lime ? ridge(sums, factor) : shapley(sums, factor, scores)
    }

    private func ridge(
        _ sums: MaskSums, _ factor: CholeskyFactor
    ) -> (weights: [Double], intercept: Double) {
        let mean = sums.value / sums.measure
        // Σ w (z_i - m_i)(f - m_f).
        let weights = factor.solve(zip(sums.products, sums.rows).map { $0 - $1 * mean })
        let offset = zip(weights, sums.rows).reduce(0) { $0 + $1.0 * ($1.1 / sums.measure) }
        return (weights, mean - offset)
    }

    private func shapley(
        _ sums: MaskSums, _ factor: CholeskyFactor, _ scores: [Double]
    ) -> (weights: [Double], intercept: Double) {
        let free = factor.solve(sums.products)
        let unit = factor.solve(Array(repeating: 1, count: featureCount))
        let base = base(scores)
        let excess = free.reduce(0, +) - (scores[0] - base)
        let multiplier = excess / unit.reduce(0, +)
        return (zip(free, unit).map { $0 - multiplier * $1 }, base)
    }
}

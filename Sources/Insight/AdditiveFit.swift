// The additive model that explains: weighted least squares over masks, exact or sampled.
//
// Exact: where all 2^S masks were scored and the measure w depends on the number kept alone, the
// normal equations have the closed form (a1 = E z_i, a2 = E z_i z_j, c_i = Cov(z_i, f), w summing
// to 1)
//     β_i = (c_i - ρ Σc) / (a1 - a2),   ρ = (a2 - a1²) / ((a1 - a2) + S (a2 - a1²))
// Sampled LIME: ridge α = 1 with an unpenalised intercept, as the reference fits. Shapley: the same
// least squares under Σβ = f(text) - f(empty).

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

    /// min Σ w (f - b - zβ)² + |β|², b free: centred normal equations (S × S).
    func ridge(_ scores: [Double]) -> Explanation {
        let measure = zip(masks, draws).map { mask, times in
            times * LimeLaw.weight(kept: mask.keptCount, of: featureCount)
        }
        let moments = Moments(masks: masks, values: scores, measure: measure)
        var system = moments.covariance
        for feature in 0..<featureCount { system[feature, feature] += 1 }
        let weights = system.solve(moments.correlation) ?? []
        precondition(weights.count == featureCount, "covariance + identity is positive definite")
        let offset = zip(weights, moments.mean).reduce(0) { $0 + $1.0 * $1.1 }
        return graded(weights, moments.valueMean - offset, scores, measure)
    }

    /// min Σ w (f - f(empty) - zβ)² with Σβ = f(text) - f(empty), by its Lagrange multiplier.
    func shapley(_ scores: [Double]) -> Explanation {
        guard let empty = masks.firstIndex(where: { $0.keptCount == 0 }) else {
            preconditionFailure("Shapley plans hold the empty mask")
        }
        let enumerated = featureCount <= Self.exactFeatureLimit
        let measure = zip(masks, draws).map { mask, times in
            let isEnd = mask.keptCount == 0 || mask.keptCount == featureCount
            if isEnd { return 0.0 }
            return enumerated ? ShapleyLaw.measure(kept: mask.keptCount, of: featureCount) : times
        }
        let base = scores[empty]
        var system = SymmetricMatrix(order: featureCount)
        var right = Array(repeating: 0.0, count: featureCount)
        for (index, mask) in masks.enumerated() where measure[index] > 0 {
            for row in 0..<featureCount where mask[row] {
                right[row] += measure[index] * (scores[index] - base)
                for column in 0...row where mask[column] { system[row, column] += measure[index] }
            }
        }
        // Fewer samples than features leave a null space: a ridge of 1e-9 of the mean diagonal.
        let trace = (0..<featureCount).reduce(0) { $0 + system[$1, $1] }
        for row in 0..<featureCount { system[row, row] += 1e-9 * trace / Double(featureCount) }
        let ones = Array(repeating: 1.0, count: featureCount)
        guard let free = system.solve(right), let unit = system.solve(ones) else {
            preconditionFailure("a Gram matrix with a ridge is positive definite")
        }
        let excess = free.reduce(0, +) - (scores[0] - base)
        let multiplier = excess / unit.reduce(0, +)
        let weights = zip(free, unit).map { $0 - multiplier * $1 }
        return graded(weights, base, scores, measure)
    }
}

/// Weighted moments of 0/1 rows and a value.
private struct Moments {
    var mean: [Double]
    var valueMean: Double
    /// Sums, not averages: Σ w (z_i - m_i)(z_j - m_j).
    var covariance: SymmetricMatrix
    /// Σ w (z_i - m_i)(f - m_f).
    var correlation: [Double]

    init(masks: [Mask], values: [Double], measure: [Double]) {
        let count = masks[0].count
        let total = measure.reduce(0, +)
        var sums = Array(repeating: 0.0, count: count)
        var valueSum = 0.0
        var products = Array(repeating: 0.0, count: count)
        var gram = SymmetricMatrix(order: count)
        for (index, mask) in masks.enumerated() {
            let weight = measure[index]
            valueSum += weight * values[index]
            let kept = (0..<count).filter { mask[$0] }
            for (position, row) in kept.enumerated() {
                sums[row] += weight
                products[row] += weight * values[index]
                for column in kept[...position] { gram[row, column] += weight }
            }
        }
        mean = sums.map { $0 / total }
        valueMean = valueSum / total
        correlation = products
        for row in 0..<count {
            correlation[row] -= sums[row] * valueMean
            for column in 0...row { gram[row, column] -= sums[row] * mean[column] }
        }
        covariance = gram
    }
}

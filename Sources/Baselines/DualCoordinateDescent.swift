// Linear classifiers with an L2 penalty, solved in the dual, one text at a time:
//
//     min over w   |w|²/2 + C Σ_i loss(y_i w·x_i),    y = ±1
//
// squared hinge max(0, 1 - m)² (Hsieh et al. 2008), and logistic log(1 + e^-m) (Yu, Huang, Lin
// 2011). The bias is a feature of constant value 1, penalised like the others, as in liblinear and
// scikit-learn's LinearSVC, so the minimum is unique and can be compared.
//
// Invariant: w = Σ α_i y_i x_i throughout. Each pass visits the texts in an order that the seed
// decides. It stops when the largest projected gradient of a pass is below `tolerance`, or after
// `passes`; `converged` says which.

internal import Randomness

internal import func Glibc.log

package struct DualCoordinateDescent: Sendable {
    package enum Loss: String, Sendable, CaseIterable {
        case squaredHinge = "squared-hinge"
        case logistic
    }

    package struct Solution: Sendable {
        /// [features]
        package var weights: [Float]
        package var bias: Float
        package var passes: Int
        package var converged: Bool
    }

    package var loss: Loss
    package var cost: Double
    package var tolerance: Double
    package var passes: Int
    package var seed: UInt64

    package init(
        loss: Loss, cost: Double, tolerance: Double = 0.01, passes: Int = 200, seed: UInt64 = 1
    ) {
        self.loss = loss
        self.cost = cost
        self.tolerance = tolerance
        self.passes = passes
        self.seed = seed
    }

    /// - Parameters:
    ///   - rows: [texts, features] with values.
    ///   - positive: the class of each text.
    package func solve(_ rows: SparseRows, positive: [Bool]) -> Solution {
        precondition(rows.rowCount == positive.count, "one class a text")
        precondition(rows.values.count == rows.columns.count, "rows with values")
        var state = DualState(rows: rows, positive: positive)
        var random = RandomSource(seed: seed)
        var order = Array(0..<rows.rowCount)
        if loss == .logistic { state.start(at: min(0.001 * cost, 1e-8)) }
        for pass in 1...passes {
            random.shuffle(&order)
            var largest = 0.0
            for row in order {
                let gradient =
                    switch loss {
                    case .squaredHinge: state.stepSquaredHinge(row, cost: cost)
                    case .logistic: state.stepLogistic(row, cost: cost)
                    }
                // `max` would pass over a NaN, and it would look solved.
                largest = gradient.isNaN ? .infinity : max(largest, gradient)
            }
            if largest < tolerance { return state.solution(passes: pass, converged: true) }
        }
        return state.solution(passes: passes, converged: false)
    }
}

/// α and w, and one step on one α.
private struct DualState {
    let rows: SparseRows
    let signs: [Double]
    /// |x_i|², the bias feature included.
    let squares: [Double]
    var alphas: [Double]
    /// C - α, kept apart when α ≈ C, where the subtraction would lose its digits; else 0.
    var complements: [Double]
    /// In Double: millions of small additions to w must not drift from Σ α y x.
    var weights: [Double]
    var bias = 0.0

    init(rows: SparseRows, positive: [Bool]) {
        self.rows = rows
        signs = positive.map { $0 ? 1 : -1 }
        squares = (0..<rows.rowCount).map { row in
            rows.values[rows[row]].reduce(1.0) { $0 + Double($1) * Double($1) }
        }
        alphas = Array(repeating: 0, count: rows.rowCount)
        complements = alphas
        weights = Array(repeating: 0, count: rows.columnCount)
    }

    /// All α at a small positive value: the logistic dual is defined inside (0, C) alone.
    mutating func start(at alpha: Double) {
        for row in 0..<rows.rowCount {
            alphas[row] = alpha
            add(row, alpha * signs[row])
        }
    }

    /// min over α_i ≥ 0 of the dual with D_ii = 1 / 2C. Returns the projected gradient's size.
    mutating func stepSquaredHinge(_ row: Int, cost: Double) -> Double {
        let diagonal = 0.5 / cost
        let gradient = signs[row] * margin(row) - 1 + diagonal * alphas[row]
        let projected = alphas[row] == 0 ? min(gradient, 0) : gradient
        guard abs(projected) > 1e-12 else { return 0 }
        let alpha = max(0, alphas[row] - gradient / (squares[row] + diagonal))
        add(row, (alpha - alphas[row]) * signs[row])
        alphas[row] = alpha
        return abs(projected)
    }

    /// Below this share of C, Z2 is kept beside α = C - Z2: half of a Double's digits.
    private static let complementShare = 0x1p-27
    /// Below it the logarithm's argument would vanish.
    private static let least = Double.leastNormalMagnitude

    /// One step of Algorithm 5 of Yu, Huang and Lin (2011) on the dual of logistic regression,
    ///
    ///     min over 0 < α < C   αᵀQα/2 + Σ_i α_i log α_i + (C - α_i) log(C - α_i)
    ///
    /// with Q_ij = y_i y_j x_i·x_j. For one α_i, with c1 = α_i, c2 = C - α_i, a = Q_ii and
    /// b = (Qα)_i = y_i w·x_i, the unknown is either Z1, the new α_i, or Z2, the new C - α_i:
    ///
    ///     Z1   min over Z of   Z log Z + (C - Z) log(C - Z) + a/2 (Z - c1)² + b (Z - c1)
    ///     Z2   min over Z of   Z log Z + (C - Z) log(C - Z) + a/2 (Z - c2)² - b (Z - c2)
    ///
    /// The one below C/2 is solved for, by Newton's method, so that it keeps its digits.
    /// - Returns: the size of the dual's derivative in α_i before the step.
    mutating func stepLogistic(_ row: Int, cost: Double) -> Double {
        let a = squares[row]
        let b = signs[row] * margin(row)
        let c1 = alphas[row]
        let c2 = complements[row] > 0 ? complements[row] : cost - c1
        // The derivative in Z1 at C/2, where the logarithms cancel: below 0, Z1 is above C/2.
        let solvesZ2 = a * (cost / 2 - c1) + b < 0
        let c = solvesZ2 ? c2 : c1
        let slope = solvesZ2 ? -b : b
        func derivative(_ z: Double) -> Double {
            a * (z - c) + slope + log(z / (cost - z))
        }
        let atStart = derivative(c)
        var z = c > cost / 2 ? 0.1 * c : c
        for _ in 0..<100 {
            let value = derivative(z)
            if abs(value) < 1e-10 { break }
            let next = z - value / (a + cost / ((cost - z) * z))
            z = next <= 0 ? max(z * 0.1, Self.least) : next
        }
        let alpha = solvesZ2 ? cost - z : z
        complements[row] = solvesZ2 && z < Self.complementShare * cost ? z : 0
        add(row, (alpha - c1) * signs[row])
        alphas[row] = alpha
        // Z is already the smallest number that it can be.
        return c <= Self.least && atStart > 0 ? 0 : abs(atStart)
    }

    /// w · x_i
    private func margin(_ row: Int) -> Double {
        var sum = 0.0
        let range = rows[row]
        rows.columns.withUnsafeBufferPointer { columns in
            rows.values.withUnsafeBufferPointer { values in
                weights.withUnsafeBufferPointer { weights in
                    for index in range {
                        sum += weights[Int(columns[index])] * Double(values[index])
                    }
                }
            }
        }
        return sum + bias
    }

    /// w += step · x_i
    private mutating func add(_ row: Int, _ step: Double) {
        let range = rows[row]
        rows.columns.withUnsafeBufferPointer { columns in
            rows.values.withUnsafeBufferPointer { values in
                weights.withUnsafeMutableBufferPointer { weights in
                    for index in range {
                        weights[Int(columns[index])] += step * Double(values[index])
                    }
                }
            }
        }
        bias += step
    }

    func solution(passes: Int, converged: Bool) -> DualCoordinateDescent.Solution {
        .init(
            weights: weights.map(Float.init), bias: Float(bias), passes: passes,
            converged: converged)
    }
}

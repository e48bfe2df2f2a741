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
                // `max` would pass over what is no number, and it would look solved.
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
    /// C - α where that is so small that α has too few of its digits, or none; else 0.
    var rests: [Double]
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
        rests = alphas
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

    /// Under this share of C, z is kept beside α = C - z: by half of a Double's digits.
    private static let restShare = 0x1p-27
    /// Under it the logarithm's argument would vanish.
    private static let least = Double.leastNormalMagnitude

    /// Newton on z in (0, C) for  a/2 (z - α)² + b (z - α) + z log z + (C - z) log(C - z), on the
    /// side of C/2 where the minimum lies, so that the small one of z and C - z keeps its digits.
    mutating func stepLogistic(_ row: Int, cost: Double) -> Double {
        let a = squares[row]
        let old = alphas[row]
        let b = signs[row] * margin(row)
        // The derivative at C/2 tells the side: log terms cancel there.
        let mirrored = a * (cost / 2 - old) + b < 0
        let rest = rests[row] > 0 ? rests[row] : cost - old
        let origin = mirrored ? rest : old
        let slope = mirrored ? -b : b
        func derivative(_ z: Double) -> Double {
            a * (z - origin) + slope + log(z / (cost - z))
        }
        let atStart = derivative(origin)
        var z = origin > cost / 2 ? 0.1 * origin : origin
        for _ in 0..<100 {
            let value = derivative(z)
            if abs(value) < 1e-10 { break }
            let next = z - value / (a + cost / ((cost - z) * z))
            z = next <= 0 ? max(z * 0.1, Self.least) : next
        }
        let alpha = mirrored ? cost - z : z
        rests[row] = mirrored && z < Self.restShare * cost ? z : 0
        add(row, (alpha - old) * signs[row])
        alphas[row] = alpha
        // At the end of what a Double can say there is no way further down.
        return origin <= Self.least && atStart > 0 ? 0 : abs(atStart)
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

// Logistic regression on dense features: few columns, so Newton's method on the primal.
//
//     min  |w|²/2 + C Σ_i log(1 + exp(-y_i (w·x_i + b))),    y = ±1, the bias not penalised
//
// as scikit-learn's LogisticRegression has it. Each step solves one system of D + 1 unknowns; from
// zero it takes fewer than ten, halving a step that does not lower the loss.
//
// Invariant: features are standardised first, with the means and deviations of the rows it is
// given, and the solution is returned in the features' own scale.

internal import Baselines
internal import Insight

internal import func Glibc.exp
internal import func Glibc.log1p

struct LogisticRegression {
    let cost: Double

    struct Solution {
        /// [D]
        var weights: [Double]
        var bias: Double
        var steps: Int
        var converged: Bool
    }

    /// - Parameter rows: dense [texts, D], every column in every row.
    func solve(_ rows: SparseRows, positive: [Bool]) -> Solution {
        let (means, deviations) = rows.columnMoments()
        let scaled = rows.standardised(means: means, deviations: deviations)
        var state = [Double](repeating: 0, count: rows.columnCount + 1)  // w, then b
        var loss = self.loss(state, scaled, positive)
        var converged = false
        var steps = 0
        while steps < 50, !converged {
            steps += 1
            let (gradient, hessian) = derivatives(state, scaled, positive)
            guard let step = hessian.solve(gradient) else { break }
            var size = 1.0
            var next = loss
            while size > 1e-8 {
                let trial = zip(state, step).map { $0 - size * $1 }
                next = self.loss(trial, scaled, positive)
                if next <= loss {
                    state = trial
                    break
                }
                size /= 2
            }
            converged = loss - next <= 1e-12 * loss
            loss = min(loss, next)
        }
        let weights = zip(state, deviations).map { $0 / $1 }
        let shift = zip(weights, means).reduce(0) { $0 + $1.0 * $1.1 }
        return Solution(
            weights: weights, bias: state[rows.columnCount] - shift, steps: steps,
            converged: converged)
    }

    private func loss(_ state: [Double], _ rows: SparseRows, _ positive: [Bool]) -> Double {
        let penalty = state.dropLast().reduce(0) { $0 + $1 * $1 } / 2
        return (0..<rows.rowCount).reduce(penalty) { sum, row in
            let margin = self.margin(state, rows, row) * (positive[row] ? 1 : -1)
            // log(1 + e^-m) without overflow.
            return sum + cost * (max(-margin, 0) + log1p(exp(-abs(margin))))
        }
    }

    private func margin(_ state: [Double], _ rows: SparseRows, _ row: Int) -> Double {
        rows[row].reduce(state[state.count - 1]) { sum, index in
            sum + state[Int(rows.columns[index])] * Double(rows.values[index])
        }
    }

    private func derivatives(
        _ state: [Double], _ rows: SparseRows, _ positive: [Bool]
    ) -> ([Double], SymmetricMatrix) {
        let last = rows.columnCount
        var gradient = state
        gradient[last] = 0
        var hessian = SymmetricMatrix(order: last + 1)
        for column in 0..<last { hessian[column, column] = 1 }
        hessian[last, last] = 1e-12
        for row in 0..<rows.rowCount {
            let p = 1 / (1 + exp(-margin(state, rows, row)))
            let slope = cost * (p - (positive[row] ? 1 : 0))
            let curvature = cost * p * (1 - p)
            let values = rows.values[rows[row]].map(Double.init) + [1]
            for i in 0...last {
                gradient[i] += slope * values[i]
                let scaled = curvature * values[i]
                for j in 0...i { hessian.elements[i * (last + 1) + j] += scaled * values[j] }
            }
        }
        return (gradient, hessian)
    }
}

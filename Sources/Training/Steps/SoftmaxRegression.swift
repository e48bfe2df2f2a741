// Logistic regression of any number of labels on dense features, by L-BFGS.
//
//     min  |W|²/2 + cost · Σ_i crossEntropy(softmax(W x_i + b), y_i)       biases are not penalised
//
// Features are standardised first, with the means and deviations of the rows it is given; the
// solution is returned in the features' own scale. Invariant: the same rows give the same numbers.
//
// Letters: N rows, D features, C labels.

internal import func Glibc.exp
internal import func Glibc.log

struct SoftmaxRegression {
    let cost: Double
    let labelCount: Int

    struct Solution {
        var weights: [Float]  // [C, D]
        var biases: [Float]  // [C]
        var steps: Int
    }

    private static let mostSteps = 300
    /// Pairs that L-BFGS remembers.
    private static let memory = 10

    /// - Parameter pause: is called before each evaluation; what it throws ends the search.
    func solve(
        _ rows: [[Float]], _ truths: [Int], pause: () throws -> Void
    ) throws -> Solution {
        let scaling = Scaling(rows)
        let problem = Problem(
            features: rows.flatMap(scaling.apply), width: scaling.means.count, truths: truths,
            labelCount: labelCount, cost: cost)
        var lbfgs = LBFGS(count: labelCount * (problem.width + 1), memory: Self.memory)
        let steps = try lbfgs.minimise(steps: Self.mostSteps) { point in
            try pause()
            return problem.evaluate(point)
        }
        return unscaled(lbfgs.point, scaling, steps)
    }

    private func unscaled(_ state: [Double], _ scaling: Scaling, _ steps: Int) -> Solution {
        let width = scaling.means.count
        var solution = Solution(weights: [], biases: [], steps: steps)
        for label in 0..<labelCount {
            let row = state[label * (width + 1)..<(label + 1) * (width + 1)]
            var bias = row.last ?? 0
            for (index, value) in row.dropLast().enumerated() {
                let weight = value / scaling.deviations[index]
                solution.weights.append(Float(weight))
                bias -= weight * scaling.means[index]
            }
            solution.biases.append(Float(bias))
        }
        return solution
    }

    struct Scaling {
        private(set) var means: [Double]
        private(set) var deviations: [Double]

        init(_ rows: [[Float]]) {
            let width = rows.first?.count ?? 0
            means = Array(repeating: 0, count: width)
            deviations = means
            for row in rows { for at in 0..<width { means[at] += Double(row[at]) } }
            for at in 0..<width { means[at] /= Double(max(1, rows.count)) }
            for row in rows {
                for at in 0..<width {
                    let gap = Double(row[at]) - means[at]
                    deviations[at] += gap * gap
                }
            }
            for at in 0..<width {
                let variance = deviations[at] / Double(max(1, rows.count))
                // A feature that does not vary is left as it is.
                deviations[at] = variance > 1e-12 ? variance.squareRoot() : 1
            }
        }

        func apply(_ row: [Float]) -> [Float] {
            row.indices.map { Float((Double(row[$0]) - means[$0]) / deviations[$0]) }
        }
    }

    private struct Problem {
        let features: [Float]  // [N, D]
        let width: Int
        let truths: [Int]
        let labelCount: Int
        let cost: Double

        /// The value and the gradient at a point [C, D + 1].
        func evaluate(_ point: [Double]) -> (value: Double, gradient: [Double]) {
            var gradient = point
            var value = 0.0
            for label in 0..<labelCount {
                let bias = label * (width + 1) + width
                for at in bias - width..<bias { value += point[at] * point[at] / 2 }
                gradient[bias] = 0
            }
            features.withUnsafeBufferPointer { features in
                var logits = [Double](repeating: 0, count: labelCount)
                for (row, truth) in truths.enumerated() {
                    let x = UnsafeBufferPointer(rebasing: features[row * width..<(row + 1) * width])
                    for label in 0..<labelCount { logits[label] = dot(point, label, x) }
                    let probabilities = ScoredLogits.softmax(logits)
                    value -= cost * log(max(probabilities[truth], 1e-300))
                    for label in 0..<labelCount {
                        let slope = cost * (probabilities[label] - (label == truth ? 1 : 0))
                        add(slope, x, label, to: &gradient)
                    }
                }
            }
            return (value, gradient)
        }

        private func dot(
            _ point: [Double], _ label: Int, _ x: UnsafeBufferPointer<Float>
        ) -> Double {
            let start = label * (width + 1)
            return point.withUnsafeBufferPointer { point in
                var sum = point[start + width]
                for at in 0..<width { sum += point[start + at] * Double(x[at]) }
                return sum
            }
        }

        private func add(
            _ slope: Double, _ x: UnsafeBufferPointer<Float>, _ label: Int,
            to gradient: inout [Double]
        ) {
            let start = label * (width + 1)
            gradient.withUnsafeMutableBufferPointer { gradient in
                for at in 0..<width { gradient[start + at] += slope * Double(x[at]) }
                gradient[start + width] += slope
            }
        }
    }
}

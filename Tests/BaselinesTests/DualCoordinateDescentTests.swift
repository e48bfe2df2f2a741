// The solver where a text is so far on the wrong side that its α is C to the last digit.

import Baselines
import Testing

private import func Glibc.exp

@Suite struct DualCoordinateDescentTests {
    /// Keywords of five positive texts each, and one negative text that holds them all.
    private static let words = (0..<30).map { "word\($0)" }

    @Test func aTextFarOnTheWrongSideIsSolved() throws {
        let positives = Self.words.flatMap { Array(repeating: "film \($0)", count: 5) }
        let long = positives.count
        let texts =
            positives + [Self.words.joined(separator: " ")] + positives.map { _ in "film" }
        let positive = texts.indices.map { $0 < long }
        let recipe = NGramRecipe(
            minimumWordLength: 1, keepsMarks: false, removesStopWords: false, stems: false,
            order: 1, weighting: .binary)
        let corpus = NGramCorpus(recipe: recipe, texts: texts.map { Array($0.utf8) })
        let all = Array(texts.indices)
        let rows = corpus.weighed(all, frequencies: corpus.frequencies(of: all))
        let solver = DualCoordinateDescent(
            loss: .logistic, cost: 10, tolerance: 1e-6, passes: 1000)
        let solution = solver.solve(rows, positive: positive)
        #expect(solution.converged && solution.bias.isFinite)
        #expect(solution.weights.allSatisfy { $0.isFinite })
        let margins = all.map { margin(solution, rows, $0) }
        // Beyond the digits of a Double: e^-37 is under 2^-53.
        #expect(margins[long] > 37)
        #expect(gradient(solution, rows, margins, positive, cost: 10) < 0.01)
    }

    private func margin(
        _ solution: DualCoordinateDescent.Solution, _ rows: SparseRows, _ row: Int
    ) -> Double {
        rows[row].reduce(Double(solution.bias)) { sum, index in
            sum + Double(solution.weights[Int(rows.columns[index])]) * Double(rows.values[index])
        }
    }

    /// The largest element of the primal's gradient, w - C Σ y x / (1 + e^(y m)): 0 at the minimum.
    private func gradient(
        _ solution: DualCoordinateDescent.Solution, _ rows: SparseRows, _ margins: [Double],
        _ positive: [Bool], cost: Double
    ) -> Double {
        var gradient = solution.weights.map { Double($0) } + [Double(solution.bias)]
        for (row, margin) in margins.enumerated() {
            let sign = positive[row] ? 1.0 : -1.0
            let step = cost * sign / (1 + exp(sign * margin))
            for index in rows[row] {
                gradient[Int(rows.columns[index])] -= step * Double(rows.values[index])
            }
            gradient[gradient.count - 1] -= step
        }
        // `max` would pass over a NaN.
        guard gradient.allSatisfy(\.isFinite) else { return .infinity }
        return gradient.map { abs($0) }.max() ?? 0
    }
}

// NB-SVM (Wang & Manning 2012): a linear classifier over n-grams scaled by naive Bayes' log-ratios.
//
//     p = 1 + texts of the positive class with each n-gram,  q the same for the negative class
//     r = log(p / |p|₁) - log(q / |q|₁)                      [features]
//     w = the classifier trained on x ∘ r
//     coefficients = (β w + (1 - β) mean|w|) ∘ r             what is served: one number an n-gram
//
// β = 1 is the classifier alone, β = 0 naive Bayes alone; the paper has 0.25.

internal import func Glibc.log

package struct NaiveBayesSVM: Sendable {
    package var solver: DualCoordinateDescent
    /// β above.
    package var interpolation: Double

    package init(solver: DualCoordinateDescent, interpolation: Double) {
        self.solver = solver
        self.interpolation = interpolation
    }

    package struct Fit: Sendable {
        /// [features], to be multiplied by a text's weighed row.
        package var coefficients: [Float]
        package var bias: Float
        /// [features]: 1, or the inverse text frequency.
        package var frequencies: [Float]
        package var passes: Int
        package var converged: Bool

        package init(
            coefficients: [Float], bias: Float, frequencies: [Float], passes: Int, converged: Bool
        ) {
            self.coefficients = coefficients
            self.bias = bias
            self.frequencies = frequencies
            self.passes = passes
            self.converged = converged
        }

        /// [texts] of weighed rows [texts, features].
        package func margins(_ rows: SparseRows) -> [Double] {
            (0..<rows.rowCount).map { row in
                rows[row].reduce(Double(bias)) { sum, index in
                    let coefficient = coefficients[Int(rows.columns[index])]
                    return sum + Double(coefficient) * Double(rows.values[index])
                }
            }
        }
    }

    /// Trains on the chosen texts of a corpus.
    package func fit(_ corpus: NGramCorpus, positive: [Bool], texts: [Int]) -> Fit {
        let classes = texts.map { positive[$0] }
        let frequencies = corpus.frequencies(of: texts)
        let ratios = Self.logRatios(corpus, texts: texts, positive: classes)
        var rows = corpus.weighed(texts, frequencies: frequencies)
        for index in rows.values.indices { rows.values[index] *= ratios[Int(rows.columns[index])] }
        let solution = solver.solve(rows, positive: classes)

        let beta = Float(interpolation)
        let sum = solution.weights.reduce(0.0) { $0 + Double(abs($1)) }
        let known = frequencies.reduce(0) { $0 + ($1 > 0 ? 1 : 0) }
        let level = (1 - beta) * Float(sum / Double(max(1, known)))
        let coefficients = zip(solution.weights, ratios).map { (beta * $0 + level) * $1 }
        return Fit(
            coefficients: coefficients, bias: solution.bias, frequencies: frequencies,
            passes: solution.passes, converged: solution.converged)
    }

    /// r, over all columns of the corpus; 0 for an n-gram that none of the texts holds.
    package static func logRatios(
        _ corpus: NGramCorpus, texts: [Int], positive: [Bool]
    ) -> [Float] {
        var with = Array(repeating: 0.0, count: corpus.names.count)
        var without = with
        for (text, isPositive) in zip(texts, positive) {
            for column in corpus.rows.columns[corpus.rows[text]] {
                if isPositive { with[Int(column)] += 1 } else { without[Int(column)] += 1 }
            }
        }
        let known = zip(with, without).reduce(0.0) { $0 + ($1.0 + $1.1 > 0 ? 1 : 0) }
        let shift = log((known + without.reduce(0, +)) / (known + with.reduce(0, +)))
        return zip(with, without).map { p, q in
            p + q > 0 ? Float(log((1 + p) / (1 + q)) + shift) : 0
        }
    }

    /// The margins of texts that a fit was not trained on.
    package static func margins(_ fit: Fit, _ corpus: NGramCorpus, texts: [Int]) -> [Double] {
        let rows = corpus.weighed(texts, frequencies: fit.frequencies)
        return fit.margins(rows)
    }
}

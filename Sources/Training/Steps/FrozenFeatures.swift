// Step 4: the encoder stays as it is; its pooled features and logistic regression make a head.
//
// The cost is chosen by cross-validation on the training part; the held-out part chooses nothing.

internal import Encoder
internal import Insight
internal import Numerics
internal import Tokenization
internal import Weights

struct FrozenFeatures {
    let labelCount: Int
    let costs: [Double]
    let seed: UInt64
    /// Called again and again; what it throws ends the work.
    let pause: () throws -> Void

    struct Outcome {
        var weights: [Float]  // [C, H]
        var biases: [Float]  // [C]
        var cost: Double
        /// Of each cost that was tried, in cross-validation.
        var trials: [(cost: Double, accuracy: Double)]
    }

    /// Pooled hidden states [texts][H].
    func features(
        _ folder: ModelFolder, _ tokens: TextTokens, pooling: ModelSettings.Pooling
    ) throws -> [[Float]] {
        let model = try BERTModel.load(folder: folder)
        let longest = (0..<tokens.count).map(tokens.length).max() ?? 1
        let engine = try EncoderEngine(maxBatchTokens: max(8192, longest))
        let output = BatchWalk.Output.embedding(pooling, normalize: false)
        return try engine.rows(model, tokens, output: output, pause: pause) { Array($0) }
    }

    /// - Parameter firsts: for each text the place of the first that equals it.
    func fit(_ rows: [[Float]], _ truths: [Int], firsts: [Int]) throws -> Outcome {
        var trials: [(cost: Double, accuracy: Double)] = []
        if costs.count > 1 {
            for cost in costs { trials.append((cost, try accuracy(cost, rows, truths, firsts))) }
        }
        var best = (cost: costs[0], accuracy: -1.0)
        for trial in trials where trial.accuracy > best.accuracy { best = trial }
        let solution = try SoftmaxRegression(cost: best.cost, labelCount: labelCount)
            .solve(rows, truths, pause: pause)
        return Outcome(
            weights: solution.weights, biases: solution.biases, cost: best.cost, trials: trials)
    }

    private func accuracy(
        _ cost: Double, _ rows: [[Float]], _ truths: [Int], _ firsts: [Int]
    ) throws -> Double {
        let folds = Folds(truths: truths, firsts: firsts, count: min(5, truths.count), seed: seed)
        var right = 0
        for held in folds.parts where !held.isEmpty {
            let inside = Set(held)
            let others = truths.indices.filter { !inside.contains($0) }
            // All texts may be copies of one.
            guard !others.isEmpty else { continue }
            let solution = try SoftmaxRegression(cost: cost, labelCount: labelCount)
                .solve(others.map { rows[$0] }, others.map { truths[$0] }, pause: pause)
            for place in held {
                let logits = Self.logits(rows[place], solution.weights, solution.biases)
                right += logits.argmax == truths[place] ? 1 : 0
            }
        }
        return Double(right) / Double(max(1, truths.count))
    }

    static func logits(_ row: [Float], _ weights: [Float], _ biases: [Float]) -> [Double] {
        biases.indices.map { label in
            row.indices.reduce(Double(biases[label])) {
                $0 + Double(row[$1]) * Double(weights[label * row.count + $1])
            }
        }
    }
}

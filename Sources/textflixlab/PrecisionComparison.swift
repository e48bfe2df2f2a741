// One model in f32 and in other precisions, text by text: how often the label stays, how far
// logits move.
//
// A label is the largest logit; where labels are judged each on its own, the set of those above 0.
// A model that labels tokens is compared token by token, where either side finds anything: most
// tokens are outside of all names, and would hide the few that count. Texts are cut as the daemon
// cuts them; of what is read in windows the beginning is compared. The f32 side is computed once
// and kept: a few floats a text. Logits that are not finite, on either side, end the comparison:
// there is no label in them.

import Encoder
import Numerics
import Syscalls
import Tokenization
import Training
import Weights

final class PrecisionComparison {
    private let folder: ModelFolder
    private let exact: BERTModel
    private let engine: EncoderEngine
    private let output: BatchWalk.Output
    private let batches: [RaggedBatch]
    /// Of f32, all rows one after another.
    private var wanted: [[Float]] = []
    /// The label of tokens that have none, of a model that labels tokens.
    private let outside: Int?

    private static let batchTokens = 8192

    init(_ folder: ModelFolder, _ texts: [[UInt8]]) throws {
        self.folder = folder
        exact = try BERTModel.load(folder: folder, precision: .f32)
        engine = try EncoderEngine(maxBatchTokens: max(Self.batchTokens, exact.maxTokens))
        switch exact.head {
        case .none:
            throw WeightsError(.unsupported, folder.path, "no head, so no labels to compare")
        case .sequence: (output, outside) = (.logits, nil)
        case .token:
            (output, outside) = (.tokenLogits, exact.head.labels.firstIndex(of: "O"))
        }
        batches = try Self.batches(texts, exact, folder, engine.maxBatchTokens)
        for batch in batches { wanted += try results(exact, batch).rows }
    }

    private static func batches(
        _ texts: [[UInt8]], _ model: BERTModel, _ folder: ModelFolder, _ limit: Int
    ) throws -> [RaggedBatch] {
        let tokenizer = try WordPiece(of: folder)
        let policy: TruncationPolicy =
            model.settings.truncation == .headAndTail
            ? .headAndTail(ofMax: model.maxTokens) : .head
        var batches = [RaggedBatch()]
        var tokens = TokenBuffer()
        for text in texts {
            _ = try tokenizer.tokenize(
                text, truncation: policy, maxTokens: model.maxTokens, into: &tokens)
            if batches[batches.count - 1].tokenCount + tokens.ids.count > limit {
                batches.append(RaggedBatch())
            }
            batches[batches.count - 1].append(tokens.ids)
        }
        return batches.filter { $0.textCount > 0 }
    }

    /// - Throws: when there is nothing to compare, or a logit is not finite.
    func compare(_ rounded: BERTModel) throws -> Comparison {
        var comparison = Comparison(rule: exact.scoreRule)
        var row = 0
        for batch in batches {
            let (rows, secondLooks) = try results(rounded, batch)
            comparison.secondLooks += secondLooks
            for got in rows {
                let isFound = [wanted[row], got].contains { Comparison.best($0) != outside }
                if outside == nil || isFound { comparison.add(wanted[row], got) }
                row += 1
            }
        }
        guard comparison.rows > 0 else {
            throw WeightsError(
                .unsupported, "",
                row == 0 ? "there are no texts to compare on" : "these texts hold nothing to label")
        }
        return comparison
    }

    private func results(
        _ model: BERTModel, _ batch: RaggedBatch
    ) throws -> (rows: [[Float]], secondLooks: Int) {
        let walk = try engine.begin(model, batch, output: output)
        defer { walk.end() }
        while walk.step() {}
        let rows = (0..<walk.output.rows).map { Array(walk.output[$0]) }
        guard rows.allSatisfy({ $0.allSatisfy(\.isFinite) }) else {
            throw WeightsError(
                .notFinite, folder.path,
                "refused: in \(model.precision.rawValue) it gives logits that are not finite")
        }
        return (rows, walk.secondLooks)
    }
}

/// What one precision does to the answers.
struct Comparison {
    let rule: ModelFolder.ScoreRule
    private(set) var rows = 0
    /// Labels of f32 and of this precision, row by row.
    private(set) var labels: [(exact: [Int], rounded: [Int])] = []
    private(set) var largest = 0.0
    var secondLooks = 0
    private var logits = 0
    private var sum = 0.0
    private var marginSquares = 0.0

    init(rule: ModelFolder.ScoreRule) { self.rule = rule }

    var agreement: Double {
        Double(labels.count { $0.exact == $0.rounded }) / Double(rows)
    }
    var meanDifference: Double { sum / Double(logits) }

    /// A margin under which a label may have tipped: three standard deviations of what rounding
    /// does to a margin.
    var doubtBelow: Float { Float(3 * (marginSquares / Double(rows)).squareRoot()) }

    /// Both rows are finite.
    mutating func add(_ wanted: [Float], _ got: [Float]) {
        rows += 1
        labels.append((Self.label(wanted, rule), Self.label(got, rule)))
        for (left, right) in zip(wanted, got) {
            let difference = Double((left - right).magnitude)
            logits += 1
            sum += difference
            largest = max(largest, difference)
        }
        let moved = Double(marginChange(wanted, got))
        marginSquares += moved * moved
    }

    /// Of the label that `got` has: how much further it leads than in `wanted`.
    private func marginChange(_ wanted: [Float], _ got: [Float]) -> Float {
        guard rule == .softmax, let best = got.indices.max(by: { got[$0] < got[$1] }) else {
            return zip(wanted, got).map { ($0 - $1).magnitude }.max() ?? 0
        }
        func lead(_ row: [Float]) -> Float {
            row[best] - (row.indices.filter { $0 != best }.map { row[$0] }.max() ?? 0)
        }
        return lead(got) - lead(wanted)
    }

    private static func label(_ logits: [Float], _ rule: ModelFolder.ScoreRule) -> [Int] {
        if rule == .sigmoid { return logits.indices.filter { logits[$0] > 0 } }
        return best(logits).map { [$0] } ?? []
    }

    static func best(_ logits: [Float]) -> Int? {
        logits.indices.max { logits[$0] < logits[$1] }
    }

    /// Shares of texts whose true label f32 and this precision give.
    func accuracy(_ truth: [Int]) -> (exact: Double, rounded: Double) {
        let pairs = zip(labels, truth)
        let exact = pairs.count { $0.exact == [$1] }
        let rounded = pairs.count { $0.rounded == [$1] }
        return (Double(exact) / Double(truth.count), Double(rounded) / Double(truth.count))
    }
}

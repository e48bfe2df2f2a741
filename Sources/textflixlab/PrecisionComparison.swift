// One model in two precisions, text by text: how often the label stays, how far logits move.
//
// A label is the largest logit; of a model with one label, the logit's sign. A model that labels
// tokens is compared token by token. Long texts are cut after their head.

import Encoder
import Numerics
import Syscalls
import Tokenization
import Weights

final class PrecisionComparison {
    private let exact: BERTModel
    private let rounded: BERTModel
    private let engine: EncoderEngine
    private let tokenizer: WordPiece
    private let output: BatchWalk.Output

    private var rows = 0
    private var agreeing = 0
    private var logits = 0
    private var sum = 0.0
    private var largest = 0.0

    private static let batchTokens = 8192

    init(_ exact: BERTModel, _ rounded: BERTModel, folder: ModelFolder) throws {
        self.exact = exact
        self.rounded = rounded
        engine = try EncoderEngine(maxBatchTokens: max(Self.batchTokens, exact.maxTokens))
        tokenizer = try WordPiece(files: folder.tokenizerFiles)
        switch exact.head {
        case .none:
            throw WeightsError(.unsupported, folder.path, "no head, so no labels to compare")
        case .sequence: output = .logits
        case .token: output = .tokenLogits
        }
    }

    /// nil before anything was compared.
    var record: CheckRecord? {
        guard rows > 0 else { return nil }
        return CheckRecord(
            texts: rows, agreement: Double(agreeing) / Double(rows), largestDifference: largest,
            meanDifference: sum / Double(logits), accepted: false)
    }

    func run(_ texts: [[UInt8]]) throws {
        var batch = RaggedBatch()
        var tokens = TokenBuffer()
        for text in texts {
            _ = try tokenizer.tokenize(
                text, truncation: .head, maxTokens: exact.maxTokens, into: &tokens)
            if batch.tokenCount + tokens.ids.count > engine.maxBatchTokens {
                try compare(batch)
                batch.removeAll()
            }
            batch.append(tokens.ids)
        }
        if batch.textCount > 0 { try compare(batch) }
    }

    private func compare(_ batch: RaggedBatch) throws {
        let wanted = try results(exact, batch)
        let got = try results(rounded, batch)
        for (wanted, got) in zip(wanted, got) {
            rows += 1
            if Self.label(wanted) == Self.label(got) { agreeing += 1 }
            for (left, right) in zip(wanted, got) {
                let difference = Double((left - right).magnitude)
                logits += 1
                sum += difference
                // Not `max`: a NaN must not be lost.
                if !(difference <= largest) { largest = difference }
            }
        }
    }

    private func results(_ model: BERTModel, _ batch: RaggedBatch) throws -> [[Float]] {
        let walk = try engine.begin(model, batch, output: output)
        defer { walk.end() }
        while walk.step() {}
        return (0..<walk.output.rows).map { Array(walk.output[$0]) }
    }

    private static func label(_ logits: [Float]) -> Int {
        if logits.count == 1 { return logits[0] > 0 ? 1 : 0 }
        return logits.indices.max { logits[$0] < logits[$1] } ?? 0
    }
}

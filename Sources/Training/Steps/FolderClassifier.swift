// A model folder of any kind as a classifier of texts, by the code that serves it.
//
// Texts are cut as the folder says. Invariant: the probabilities are those that the daemon would
// answer at that precision; they stand in the order of the folder's labels.

internal import Baselines
internal import Encoder
package import Numerics
internal import Tokenization
internal import Weights

package final class FolderClassifier {
    private enum Computation {
        case linear(LinearTextModel, NGramReader)
        case network(BERTModel, WordPiece, EncoderEngine)
    }

    private let computation: Computation
    package let labels: [String]

    private static let batchTokens = 8192

    package init(_ path: String, precision: Precision) throws {
        if LinearTextModel.isFolder(path) {
            let model = try LinearTextModel(folder: path)
            labels = model.labels
            computation = .linear(model, NGramReader(recipe: model.recipe))
            return
        }
        let folder = try ModelFolder.open(path)
        let model = try BERTModel.load(folder: folder, precision: precision)
        guard case .sequence(let labels) = model.head else {
            throw WeightsError(.unsupported, path, "no head that classifies texts")
        }
        guard model.settings.truncation != .windows else {
            throw WeightsError(
                .unsupported, path,
                "a teacher that reads in windows; let textflixctl classify write its answers to a"
                    + " file, and name that")
        }
        self.labels = labels
        let engine = try EncoderEngine(maxBatchTokens: max(Self.batchTokens, model.maxTokens))
        computation = .network(model, try WordPiece(of: folder), engine)
    }

    /// [texts][C], in the order of the texts.
    package func probabilities(_ texts: [[UInt8]]) throws -> [[Double]] {
        switch computation {
        case .linear(let model, let reader):
            var names: [UInt64] = []
            return texts.map { text in
                let score = text.withUnsafeBufferPointer { model.score($0, reader, &names) }
                let p = model.probability(score)
                return [1 - p, p]
            }
        case .network(let model, let tokenizer, let engine):
            let tokens = try TextTokens(
                texts, tokenizer, truncation: model.settings.truncation,
                maxTokens: model.maxTokens)
            return try engine.rows(model, tokens, output: .logits) { logits in
                model.probabilities(of: logits).map(Double.init)
            }
        }
    }
}

extension EncoderEngine {
    /// What a model makes of each text, in the order of the texts.
    func rows<Row>(
        _ model: BERTModel, _ tokens: TextTokens, output: BatchWalk.Output,
        _ row: (UnsafeBufferPointer<Float>) -> Row
    ) throws -> [Row] {
        var rows = [Row?](repeating: nil, count: tokens.count)
        for part in tokens.parts(0..<tokens.count, tokens: maxBatchTokens) {
            let walk = try begin(model, tokens.batch(part), output: output)
            defer { walk.end() }
            while walk.step() {}
            for (index, place) in part.enumerated() { rows[place] = row(walk.output[index]) }
        }
        return rows.compactMap(\.self)
    }
}

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
        labels = try Self.labels(folder)
        let tokenizer = try Self.tokenizer(folder)
        let model = try BERTModel.load(folder: folder, precision: precision)
        let engine = try EncoderEngine(maxBatchTokens: max(Self.batchTokens, model.maxTokens))
        computation = .network(model, tokenizer, engine)
    }

    /// What it would answer with, or why it cannot: without loading a network's weights.
    static func labels(of path: String) throws -> [String] {
        if LinearTextModel.isFolder(path) { return try LinearTextModel(folder: path).labels }
        let folder = try ModelFolder.open(path)
        _ = try tokenizer(folder)
        return try labels(folder)
    }

    private static func labels(_ folder: ModelFolder) throws(WeightsError) -> [String] {
        switch folder.head {
        case .pooler, .linear: break
        case .none, .token:
            throw WeightsError(.unsupported, folder.path, "no head that classifies texts")
        }
        guard folder.settings.truncation != .windows else {
            throw WeightsError(
                .unsupported, folder.path,
                "a teacher that reads in windows; let textflixctl classify write its answers to a"
                    + " file, and name that")
        }
        guard folder.scoreRule == .softmax else {
            throw WeightsError(
                .unsupported, folder.path,
                "each of its labels has a probability of its own, several may be right: what "
                    + "teaches must give one distribution over all labels")
        }
        return folder.labels
    }

    private static func tokenizer(_ folder: ModelFolder) throws -> WordPiece {
        let tokenizer = try WordPiece(of: folder)
        try folder.checkVocabulary(count: tokenizer.vocabularyCount)
        return tokenizer
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
            // The watch is asked between two parts of the texts.
            return try engine.rows(model, tokens, output: .logits, pause: {}) { logits in
                model.probabilities(of: logits).map(Double.init)
            }
        }
    }
}

extension EncoderEngine {
    /// What a model makes of each text, in the order of the texts.
    /// - Parameter pause: is called before each part of them; what it throws ends the work.
    func rows<Row>(
        _ model: BERTModel, _ tokens: TextTokens, output: BatchWalk.Output,
        pause: () throws -> Void, _ row: (UnsafeBufferPointer<Float>) -> Row
    ) throws -> [Row] {
        var rows = [Row?](repeating: nil, count: tokens.count)
        for part in tokens.parts(0..<tokens.count, tokens: maxBatchTokens) {
            try pause()
            let walk = try begin(model, tokens.batch(part), output: output)
            defer { walk.end() }
            while walk.step() {}
            for (index, place) in part.enumerated() { rows[place] = row(walk.output[index]) }
        }
        return rows.compactMap(\.self)
    }
}

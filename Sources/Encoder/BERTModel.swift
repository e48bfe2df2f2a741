// The weights of a BERT, ready for the forward pass.
//
// Invariant: every view has the shape that stands beside it, and its memory lives as long as the
// model: mapped files, or one block of our own for what had to be widened (F16, BF16, odd
// addresses). A model is constant and shared by any number of engines.
//
// Letters: H hidden, F feed-forward, V vocabulary, P positions, C classes.

internal import Numerics
package import Weights

/// y = x Wᵀ + b
struct Dense: @unchecked Sendable {
    // Safe to share: constant, and kept alive by the model.
    let weight: MatrixView  // [N, K]
    let bias: UnsafeBufferPointer<Float>  // [N]
}

struct LayerNorm: @unchecked Sendable {
    // Safe to share: as above.
    let weight: UnsafeBufferPointer<Float>  // [H]
    let bias: UnsafeBufferPointer<Float>  // [H]
    let epsilon: Double
}

struct EmbeddingTables: Sendable {
    let words: MatrixView  // [V, H]
    let positions: MatrixView  // [P, H]
    /// The only row of token types that one-segment texts use.
    let type: MatrixView  // [1, H]
    let norm: LayerNorm
}

struct EncoderLayer: Sendable {
    let query: Dense  // [H, H]
    let key: Dense  // [H, H]
    let value: Dense  // [H, H]
    let attentionOutput: Dense  // [H, H]
    let attentionNorm: LayerNorm
    let intermediate: Dense  // [F, H]
    let output: Dense  // [H, F]
    let outputNorm: LayerNorm
}

package final class BERTModel: Sendable {
    package enum Precision: String, Sendable, CaseIterable { case f32, bf16, int8 }

    package enum Head: Sendable, Equatable {
        case sequence(labels: [String])
        case token(labels: [String])
        case none

        package var labels: [String] {
            switch self {
            case .sequence(let labels), .token(let labels): labels
            case .none: []
            }
        }
    }

    package let configuration: BERTConfiguration
    package let precision: Precision
    package let head: Head
    package let scoreRule: ModelFolder.ScoreRule
    package let settings: ModelSettings
    /// What Embed does when it is not told.
    package let pooling: ModelSettings.Pooling
    /// With [CLS] and [SEP].
    package let maxTokens: Int
    package let revision: Revision
    package let mappedBytes: Int
    /// Memory of our own for weights that could not be used where they lie.
    package let privateBytes: Int

    package var hiddenSize: Int { configuration.hiddenSize }

    let embeddings: EmbeddingTables
    let layers: [EncoderLayer]
    let headLayers: HeadLayers
    private let storage: WeightStorage

    /// - Throws: when there is no memory for what must be widened.
    package static func load(
        folder: ModelFolder, precision: Precision = .f32
    ) throws(EncoderError) -> BERTModel {
        try BERTModel(folder, precision)
    }

    private init(_ folder: ModelFolder, _ precision: Precision) throws(EncoderError) {
        guard precision == .f32 else {
            throw .unavailable("precision \(precision.rawValue) is not built in")
        }
        let storage = try WeightStorage(folder)
        let source = WeightSource(storage: storage, folder: folder)
        configuration = folder.configuration
        self.precision = precision
        head =
            switch folder.head {
            case .none: .none
            case .token: .token(labels: folder.labels)
            case .pooler, .linear: .sequence(labels: folder.labels)
            }
        scoreRule = folder.scoreRule
        settings = folder.settings
        pooling = folder.pooling
        maxTokens = folder.maxTokens
        revision = folder.revision
        mappedBytes = folder.mappedBytes
        privateBytes = storage.byteCount
        embeddings = source.embeddings()
        layers = (0..<folder.configuration.layerCount).map(source.layer)
        headLayers = source.head()
        self.storage = storage
    }
}

/// What is computed from the last hidden states.
enum HeadLayers: Sendable {
    case none
    /// tanh(dense [H, H]) of the first token, then [C, H].
    case pooler(dense: Dense, classifier: Dense)
    /// [C, H] of every token.
    case token(Dense)
    /// [C, H] of the pooled text.
    case linear(Dense, ModelSettings.Pooling, normalize: Bool)
}

// The weights of a BERT, ready for the forward pass.
//
// Invariant: every view has the shape that stands beside it, and its memory lives as long as the
// model: mapped files, or one block of our own for what had to be widened (F16, BF16, odd
// addresses). A model is constant and shared by any number of engines.
//
// Letters: H hidden, F feed-forward, V vocabulary, P positions, C classes.

package import Numerics
package import Weights

struct EmbeddingTables: Sendable {
    let words: MatrixView  // [V, H]
    let positions: MatrixView  // [P, H]
    /// The only row of token types that one-segment texts use.
    let type: MatrixView  // [1, H]
    let norm: RowNorm
}

package final class BERTModel: Sendable {
    package typealias Precision = Numerics.Precision

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
    let shape: LayerShape
    let layers: [PackedLayer]
    let headLayers: HeadLayers
    private let storage: WeightStorage

    /// Reads the weights and packs them for the kernels, on all processors.
    /// - Throws: when there is no memory for what must be widened and packed.
    package static func load(
        folder: ModelFolder, precision: Precision = .f32, kernels: Kernels = .best()
    ) throws(EncoderError) -> BERTModel {
        do {
            let pool = try WorkerPool()
            return try BERTModel(folder, precision, kernels, pool)
        } catch let error as EncoderError {
            throw error
        } catch { throw .noMemory(bytes: 0) }
    }

    private init(
        _ folder: ModelFolder, _ precision: Precision, _ kernels: Kernels, _ pool: WorkerPool
    ) throws {
        let storage = try WeightStorage(folder)
        let source = WeightSource(
            storage: storage, folder: folder, precision: precision, kernels: kernels, pool: pool)
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
        shape = LayerShape(folder.configuration, precision)
        layers = try (0..<folder.configuration.layerCount).map(source.layer)
        headLayers = try source.head()
        self.storage = storage
    }
}

/// What is computed from the last hidden states.
enum HeadLayers: Sendable {
    case none
    /// tanh(dense [H, H]) of the first token, then [C, H].
    case pooler(dense: PackedDense, classifier: PackedDense)
    /// [C, H] of every token.
    case token(PackedDense)
    /// [C, H] of the pooled text.
    case linear(PackedDense, ModelSettings.Pooling, normalize: Bool)
}

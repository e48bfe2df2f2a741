// The weights of a BERT or an MPNet, ready for the forward pass.
//
// Invariant: every view has the shape that stands beside it, and its memory lives as long as the
// model: a mapped file of packed weights, or memory of our own (see WeightBlobs). A model is
// constant and shared by any number of engines. How it comes to be is in BERTModel+Loading.
//
// Letters: H hidden, F feed-forward, V vocabulary, P positions, C classes.

package import Numerics
package import Weights

struct EmbeddingTables: Sendable {
    let words: MatrixView  // [V, H]
    /// From that of a text's first token on.
    let positions: MatrixView  // [P, H]
    /// The only row of token types that one-segment texts use; nil for MPNet.
    let type: MatrixView?  // [1, H]
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
    /// Memory of our own for weights that are not mapped.
    package let privateBytes: Int

    /// Margins of logits under it are computed again in bf16; 0: none.
    package var doubtBelow: Float { secondLook?.below ?? 0 }

    package var hiddenSize: Int { configuration.hiddenSize }

    let embeddings: EmbeddingTables
    /// Of all layers; nil for BERT.
    let relativeBias: RelativeBias?
    let shape: LayerShape
    let layers: [PackedLayer]
    let headLayers: HeadLayers
    let secondLook: SecondLook?
    private let blobs: WeightBlobs

    init(
        _ folder: ModelFolder, _ precision: Precision, _ blobs: WeightBlobs,
        _ secondLook: SecondLook? = nil
    ) throws(EncoderError) {
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
        self.secondLook = secondLook
        mappedBytes = blobs.mappedBytes + (secondLook?.model.mappedBytes ?? 0)
        privateBytes = blobs.privateBytes + (secondLook?.model.privateBytes ?? 0)
        let views = WeightViews(folder, precision, blobs)
        embeddings = views.embeddings()
        relativeBias = try views.relativeBias()
        shape = LayerShape(folder.configuration, precision)
        layers = (0..<folder.configuration.layerCount).map(views.layer)
        headLayers = views.head()
        self.blobs = blobs
    }

    /// Has every mapped weight in memory, so that the first text waits for no disk.
    package func warm() {
        blobs.warm()
        secondLook?.model.warm()
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

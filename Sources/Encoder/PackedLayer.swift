// One layer's weights as the kernels take them.
//
// Invariant: constant; the pointers lead into memory that the model keeps.
//
// Letters: H hidden, F feed-forward.

package import Numerics
package import Weights

/// y = x Wᵀ + b
struct PackedDense: @unchecked Sendable {
    // Safe to share: constant, and kept alive by the model.
    let weight: PackedMatrix  // [N, K]
    let bias: UnsafePointer<Float>  // [N]
}

struct PackedLayer: Sendable {
    let query: PackedDense  // [H, H]
    let key: PackedDense  // [H, H]
    let value: PackedDense  // [H, H]
    let attentionOutput: PackedDense  // [H, H]
    let attentionNorm: RowNorm
    let intermediate: PackedDense  // [F, H]
    let output: PackedDense  // [H, F]
    let outputNorm: RowNorm
}

/// What a layer's walk must know of the model beside its weights.
struct LayerShape: Sendable, Equatable {
    let hidden: Int
    let heads: Int
    let feedForward: Int
    let tokenLimit: Int
    let activation: Epilogue
    let precision: Precision

    var headSize: Int { hidden / heads }
}

extension LayerShape {
    init(_ configuration: BERTConfiguration, _ precision: Precision) {
        hidden = configuration.hiddenSize
        heads = configuration.attentionHeads
        feedForward = configuration.feedForwardSize
        tokenLimit = configuration.tokenLimit
        activation = Epilogue(configuration.activation)
        self.precision = precision
    }
}

extension Epilogue {
    package init(_ activation: BERTConfiguration.Activation) {
        self =
            switch activation {
            case .gelu: .geluErf
            case .geluNew, .geluTanh: .geluTanh
            case .relu: .relu
            }
    }
}

// A checkpoint's tensors under one set of names, every shape checked against the configuration.
//
// Checkpoints of one architecture differ in naming, families even more: here every tensor has its
// canonical name (see ModelFamily).
//
// Invariant: each required tensor is there once, of the right shape and a type that widens to f32;
// nothing unknown is there. Buffers that hold no weights, and the heads of pretraining, are left
// aside by the list below and by nothing else.

package struct CheckpointTensors: Sendable {
    private let byName: [String: TensorView]
    /// Names as they stand in the file, of tensors that the model does not use.
    package let ignored: [String]

    package subscript(name: String) -> TensorView? { byName[name] }

    init(
        _ tensors: ShardedTensors, configuration: BERTConfiguration, path: String
    ) throws(WeightsError) {
        var byName: [String: TensorView] = [:]
        var ignored: [String] = []
        for view in tensors.all {
            let name = configuration.family.canonicalName(view.name)
            if Self.isIgnored(name, configuration) {
                ignored.append(view.name)
            } else if let other = byName.updateValue(view, forKey: name) {
                throw WeightsError(
                    .mismatch, path, "\(other.name) and \(view.name) are the same tensor twice")
            }
        }
        try Self.check(byName, against: configuration.tensorShapes, path: path)
        self.byName = byName
        self.ignored = ignored
    }

    /// The tensors of a head that is not the encoder folder's.
    init(
        head tensors: [String: TensorView], shapes: [TensorShape], path: String
    ) throws(WeightsError) {
        byName = tensors
        ignored = []
        try Self.check(byName, against: shapes, path: path)
    }

    private static func isIgnored(_ name: String, _ configuration: BERTConfiguration) -> Bool {
        switch name {
        case "embeddings.position_ids", "embeddings.token_type_ids": true
        default:
            configuration.head == .none && name.hasPrefix(configuration.family.pretrainingPrefix)
        }
    }

    private static func check(
        _ byName: [String: TensorView], against expected: [TensorShape], path: String
    ) throws(WeightsError) {
        func mismatch(_ message: String) -> WeightsError { WeightsError(.mismatch, path, message) }
        for tensor in expected {
            guard let view = byName[tensor.name] else {
                if tensor.isOptional { continue }
                throw mismatch("tensor \(tensor.name) \(tensor.shape.asShape) is missing")
            }
            guard view.shape == tensor.shape else {
                throw mismatch(
                    "tensor \(view.name) has shape \(view.shape.asShape), the configuration wants "
                        + tensor.shape.asShape)
            }
            guard view.type.isWeight else {
                throw mismatch(
                    "tensor \(view.name) is \(view.type.rawValue); weights are F32, F16 or BF16")
            }
        }
        let known = Set(expected.map(\.name))
        let unknown = byName.filter { !known.contains($0.key) }.values
        guard let first = unknown.min(by: { $0.name < $1.name }) else { return }
        let others = unknown.count > 1 ? " and \(unknown.count - 1) more" : ""
        throw mismatch(
            "tensor \(first.name) \(first.shape.asShape)\(others) has no place in this architecture"
        )
    }
}

/// A tensor that an architecture has, under its canonical name.
package struct TensorShape: Sendable, Equatable {
    package let name: String
    package let shape: [Int]
    package let isOptional: Bool

    package init(_ name: String, _ shape: [Int], isOptional: Bool = false) {
        self.name = name
        self.shape = shape
        self.isOptional = isOptional
    }
}

extension BERTConfiguration {
    /// All tensors of the architecture in the order of the forward pass.
    package var tensorShapes: [TensorShape] {
        embeddingShapes + (0..<layerCount).flatMap(layerShapes) + headShapes
    }

    private var embeddingShapes: [TensorShape] {
        var shapes = [
            TensorShape("embeddings.word_embeddings.weight", [vocabularySize, hiddenSize]),
            TensorShape("embeddings.position_embeddings.weight", [positionCount, hiddenSize]),
        ]
        if family.hasTokenTypes {
            shapes.append(
                TensorShape(
                    "embeddings.token_type_embeddings.weight", [tokenTypeCount, hiddenSize]))
        }
        shapes += normShapes("embeddings.LayerNorm")
        if family.hasRelativeBias {
            shapes.append(
                TensorShape(
                    "encoder.relative_attention_bias.weight",
                    [Self.relativeBucketCount, attentionHeads]))
        }
        return shapes
    }

    private func layerShapes(_ layer: Int) -> [TensorShape] {
        let prefix = "encoder.layer.\(layer)."
        let (h, f) = (hiddenSize, feedForwardSize)
        return affineShapes(prefix + "attention.self.query", h, h)
            + affineShapes(prefix + "attention.self.key", h, h)
            + affineShapes(prefix + "attention.self.value", h, h)
            + affineShapes(prefix + "attention.output.dense", h, h)
            + normShapes(prefix + "attention.output.LayerNorm")
            + affineShapes(prefix + "intermediate.dense", f, h)
            + affineShapes(prefix + "output.dense", h, f)
            + normShapes(prefix + "output.LayerNorm")
    }

    private var headShapes: [TensorShape] {
        let pooler = affineShapes(
            "pooler.dense", hiddenSize, hiddenSize, isOptional: head != .sequence)
        return head == .none
            ? pooler : pooler + affineShapes("classifier", labels.count, hiddenSize)
    }

    private func affineShapes(
        _ name: String, _ rows: Int, _ columns: Int, isOptional: Bool = false
    ) -> [TensorShape] {
        [
            TensorShape(name + ".weight", [rows, columns], isOptional: isOptional),
            TensorShape(name + ".bias", [rows], isOptional: isOptional),
        ]
    }

    private func normShapes(_ name: String) -> [TensorShape] {
        [
            TensorShape(name + ".weight", [hiddenSize]), TensorShape(name + ".bias", [hiddenSize]),
        ]
    }
}

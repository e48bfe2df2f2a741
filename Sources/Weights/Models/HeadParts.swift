// The tensors of a head that does not come with the encoder: our linear one, or the classifier that
// PEFT has saved with adapters.
//
// Invariant: all tensors of the head are there, once, and of the labels' and the encoder's shape.

struct HeadParts {
    let tensors: CheckpointTensors

    /// nil: the encoder's folder has the head, if there is one.
    init?(
        _ linear: ShardedTensors?, _ adapter: LowRankAdapter?, _ configuration: BERTConfiguration,
        _ labelCount: Int, _ path: String
    ) throws(WeightsError) {
        let hidden = configuration.hiddenSize
        func dense(_ name: String, _ rows: Int, isOptional: Bool = false) -> [TensorShape] {
            [
                TensorShape(name + ".weight", [rows, hidden], isOptional: isOptional),
                TensorShape(name + ".bias", [rows], isOptional: isOptional),
            ]
        }
        let saved = adapter?.saved ?? [:]
        if let linear {
            guard saved.isEmpty else {
                throw WeightsError(
                    .mismatch, path, "two heads: textflix.json names one, the adapter has another")
            }
            tensors = try CheckpointTensors(
                head: Dictionary(uniqueKeysWithValues: linear.all.map { ($0.name, $0) }),
                shapes: dense("head", labelCount), path: path)
        } else if !saved.isEmpty {
            // MPNet's dense layer is part of its classifier, BERT's is the base's pooler.
            let isWhole = configuration.family == .mpnet && adapter?.task != .token
            tensors = try CheckpointTensors(
                head: saved,
                shapes: dense("classifier", labelCount)
                    + dense("pooler.dense", hidden, isOptional: !isWhole), path: path)
        } else {
            return nil
        }
    }

    /// A classifier of BERT's kind needs a pooler, its own or the base's.
    func checkPooler(_ base: CheckpointTensors, _ path: String) throws(WeightsError) {
        for name in ["pooler.dense.weight", "pooler.dense.bias"]
        where tensors[name] == nil && base[name] == nil {
            throw WeightsError(
                .mismatch, path,
                "the adapter's classifier wants tensor \(name) of the base, which has none")
        }
    }
}

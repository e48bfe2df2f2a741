// Low-rank adapters (LoRA, Hu 2021) in the form that PEFT writes, and how they change a weight.
//
//     adapter_config.json          { "peft_type": "LORA", "r": 8, "lora_alpha": 16, ... }
//     adapter_model.safetensors    base_model.model.<module>.lora_A.weight    A [r, K]
//                                  base_model.model.<module>.lora_B.weight    B [N, r]
//                                  base_model.model.classifier...             modules_to_save
//
//     W' = W + scale · B A         scale = alpha / r, with use_rslora alpha / √r
//
// W' is made in f32 when the model is loaded, so a served adapter costs nothing. Invariant: every
// A has its B, both fit the weight they belong to, and no setting that would change the answer in
// another way was ignored. The base's folder and the head are not its business but the model
// folder's.

internal import JSONText

package struct LowRankAdapter: Sendable {
    private struct Factors: Sendable {
        var a: TensorView?
        var b: TensorView?
    }

    package let rank: Int
    /// What B A is multiplied by.
    package let scale: Float
    /// `task_type`, where it says what stands on top.
    let task: BERTConfiguration.HeadKind?
    let tensors: ShardedTensors
    /// Of adapter_config.json.
    let bytes: [UInt8]
    /// Whole tensors that were trained too, by canonical name: the head's.
    let saved: [String: TensorView]
    /// By the canonical name of the weight.
    private let factors: [String: Factors]

    /// Canonical names of the weights that it changes.
    package var targets: [String] { factors.keys.sorted() }

    private static let prefix = "base_model.model."

    /// - Parameter path: of the weights; adapter_config.json lies beside them.
    init(_ path: String, _ configuration: BERTConfiguration) throws(WeightsError) {
        let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
        let source = try JSONSource(folder + "adapter_config.json")
        try Self.refuseWhatIsNotComputed(source)
        rank = try source.required("r", in: 1...Limits.width)
        let alpha = try source.number("lora_alpha", in: 0...1e6) ?? 8
        let isStabilised = try source.flag("use_rslora") ?? false
        scale = Float(alpha / (isStabilised ? Double(rank).squareRoot() : Double(rank)))
        task =
            switch try source.string("task_type") {
            case "SEQ_CLS": .sequence
            case "TOKEN_CLS": .token
            default: nil
            }
        bytes = source.bytes
        tensors = try ShardedTensors(file: path)
        (factors, saved) = try Self.sort(tensors, configuration.family, path)
        try check(configuration, path)
    }

    /// Settings that would change the answer in a way that is not computed here.
    private static func refuseWhatIsNotComputed(_ source: JSONSource) throws(WeightsError) {
        func refuse(_ key: String, _ reason: String) throws(WeightsError) {
            throw WeightsError(
                .unsupported, source.path,
                source.error("\(key): \(reason)", source.node(key) ?? source.root).message)
        }
        let type = try source.string("peft_type") ?? "none"
        if type != "LORA" { try refuse("peft_type", "\"\(type.prefix(40))\", only LORA is served") }
        if let bias = try source.string("bias"), bias != "none" {
            try refuse("bias", "only \"none\" is served")
        }
        for key in [
            "use_dora", "lora_bias", "fan_in_fan_out", "use_qalora", "use_bdlora", "rank_pattern",
            "alpha_pattern", "layer_replication", "target_parameters", "trainable_token_indices",
            "alora_invocation_tokens",
        ] {
            guard let node = source.node(key), node.bool != false, node.object?.isEmpty != true,
                node.array?.isEmpty != true
            else { continue }
            try refuse(key, "not served; only the same rank and alpha for plain products is")
        }
        if let start = source.node("init_lora_weights")?.string,
            !["gaussian", "orthogonal"].contains(start)
        {
            try refuse("init_lora_weights", "\"\(start.prefix(40))\" changes the base's weights")
        }
    }

    private static func sort(
        _ tensors: ShardedTensors, _ family: ModelFamily, _ path: String
    ) throws(WeightsError) -> ([String: Factors], [String: TensorView]) {
        var factors: [String: Factors] = [:]
        var saved: [String: TensorView] = [:]
        for view in tensors.all {
            guard view.name.hasPrefix(prefix), view.type.isWeight else {
                throw WeightsError(
                    .mismatch, path,
                    "tensor \(view.name) is not one of an adapter (\(prefix)..., F32, F16, BF16)")
            }
            let name = String(view.name.dropFirst(prefix.count))
            if let module = name.without(suffix: ".lora_A.weight") {
                factors[family.canonicalName(module + ".weight"), default: Factors()].a = view
            } else if let module = name.without(suffix: ".lora_B.weight") {
                factors[family.canonicalName(module + ".weight"), default: Factors()].b = view
            } else {
                saved[family.canonicalName(name)] = view
            }
        }
        return (factors, saved)
    }

    private func check(
        _ configuration: BERTConfiguration, _ path: String
    ) throws(WeightsError) {
        func mismatch(_ message: String) -> WeightsError { WeightsError(.mismatch, path, message) }
        let shapes = Dictionary(
            uniqueKeysWithValues: configuration.adaptableShapes.map { ($0.name, $0.shape) })
        for (name, pair) in factors.sorted(by: { $0.key < $1.key }) {
            guard let a = pair.a, let b = pair.b else {
                let one = pair.a ?? pair.b
                throw mismatch("tensor \(one?.name ?? name) has no other half (lora_A, lora_B)")
            }
            guard let shape = shapes[name] else {
                throw mismatch("tensor \(a.name): the base has no dense layer there")
            }
            for (view, wanted) in [(a, [rank, shape[1]]), (b, [shape[0], rank])]
            where view.shape != wanted {
                throw mismatch(
                    "tensor \(view.name) has shape \(view.shape.asShape), rank \(rank) and the "
                        + "base's weight \(shape.asShape) want \(wanted.asShape)")
            }
        }
        for (name, view) in saved.sorted(by: { $0.key < $1.key })
        where !name.hasPrefix("classifier.") && !name.hasPrefix("pooler.dense.") {
            throw mismatch(
                "tensor \(view.name) has no place: beside lora_A and lora_B of dense layers only "
                    + "a classifier is served")
        }
    }

    /// Adds scale · B A to the weight [N, K] of that canonical name, if it is a target.
    func add(to weight: UnsafeMutableBufferPointer<Float>, _ name: String) {
        guard let pair = factors[name], let a = pair.a?.floats, let b = pair.b?.floats else {
            return
        }
        let width = a.count / rank
        var change = [Float](repeating: 0, count: width)
        for row in 0..<b.count / rank {
            for column in 0..<width { change[column] = 0 }
            for part in 0..<rank {
                let factor = b[row * rank + part] * scale
                for column in 0..<width { change[column] += factor * a[part * width + column] }
            }
            for column in 0..<width { weight[row * width + column] += change[column] }
        }
    }

    func isTarget(_ name: String) -> Bool { factors[name] != nil }
}

extension ModelFolder {
    /// Whether the tensor as it lies in a file is the weight.
    package func isAsStored(_ name: String) -> Bool {
        headTensors?[name] != nil || adapter?.isTarget(name) != true
    }

    /// Writes a weight as f32, adapter included.
    /// - Parameter name: canonical; the folder has it.
    /// - Precondition: `floats` has room for exactly its elements.
    package func widen(_ name: String, into floats: UnsafeMutableBufferPointer<Float>) {
        guard let view = headTensors?[name] ?? tensors[name] else {
            preconditionFailure("\(name) passed the folder's checks but is not there")
        }
        view.widen(into: floats)
        if !isAsStored(name) { adapter?.add(to: floats, name) }
    }
}

extension BERTConfiguration {
    /// Weights of dense layers, which can have an adapter.
    fileprivate var adaptableShapes: [TensorShape] {
        tensorShapes.filter {
            $0.shape.count == 2 && !$0.name.hasPrefix("embeddings.")
                && !$0.name.contains("relative_attention_bias")
                && !$0.name.hasPrefix("classifier.")
        }
    }
}

extension TensorView {
    /// A copy as f32.
    fileprivate var floats: [Float] {
        [Float](unsafeUninitializedCapacity: elementCount) { buffer, count in
            count = elementCount
            widen(into: UnsafeMutableBufferPointer(rebasing: buffer[..<count]))
        }
    }
}

extension String {
    fileprivate func without(suffix: String) -> String? {
        hasSuffix(suffix) ? String(dropLast(suffix.count)) : nil
    }
}

// From a folder and a plan to parameters: which there are, which are trained, where they start.
//
// What the folder has is taken from it, but for a head of other labels; the rest starts as BERT's
// authors had it: weights normal with deviation 0.02, biases 0, norms 1; an adapter's A uniform
// within 1/√K and its B zero, so that it changes nothing yet (Hu 2021). Invariant: the same folder,
// plan and seed give the same numbers.

internal import Numerics
internal import Randomness
internal import Weights

internal import func Glibc.cos
internal import func Glibc.log

extension ParameterSet {
    convenience init(_ folder: ModelFolder, _ plan: NetworkPlan) throws(NetworkError) {
        let configuration = folder.configuration
        guard folder.adapter == nil else {
            throw .unfit(
                "\(folder.path) is a folder of adapters, which training does not start from: "
                    + "name its base, \(folder.encoderPath)")
        }
        guard plan.freshLayers <= configuration.layerCount else {
            throw .unfit(
                "fresh_layers \(plan.freshLayers), but the encoder has "
                    + "\(configuration.layerCount) layers")
        }
        let encoder = configuration.tensorShapes.filter { Self.isOfEncoder($0.name) }.map {
            Entry(
                $0.name, $0.shape, depth: Self.depth($0.name), isTrained: plan.adapters == nil)
        }
        let adapters = Self.adapters(encoder, plan)
        try self.init(encoder + Self.head(configuration, plan) + adapters)
        for (index, entry) in entries.enumerated() { fill(entry, index, folder, plan) }
    }

    private static func isOfEncoder(_ name: String) -> Bool {
        name.hasPrefix("embeddings.") || name.hasPrefix("encoder.")
    }

    /// 0 embeddings, 1... layers.
    private static func depth(_ name: String) -> Int {
        let prefix = "encoder.layer."
        guard name.hasPrefix(prefix) else { return 0 }
        return 1 + (Int(name.dropFirst(prefix.count).prefix { $0 != "." }) ?? 0)
    }

    private static func head(
        _ configuration: BERTConfiguration, _ plan: NetworkPlan
    ) -> [Entry] {
        let (hidden, depth) = (configuration.hiddenSize, configuration.layerCount + 1)
        func dense(_ name: String, _ rows: Int) -> [Entry] {
            [
                Entry(name + ".weight", [rows, hidden], depth: depth, isTrained: true),
                Entry(name + ".bias", [rows], depth: depth, isTrained: true),
            ]
        }
        switch plan.head {
        case .pooler: return dense("pooler.dense", hidden) + dense("classifier", plan.labelCount)
        case .linear: return dense("head", plan.labelCount)
        case .masked:
            let words = [configuration.vocabularySize]
            return [Entry("cls.predictions.bias", words, depth: depth, isTrained: true)]
        }
    }

    private static func adapters(_ encoder: [Entry], _ plan: NetworkPlan) -> [Entry] {
        guard let adapters = plan.adapters else { return [] }
        return encoder.flatMap { entry -> [Entry] in
            guard let target = NetworkPlan.Target(weight: entry.name),
                adapters.targets.contains(target)
            else { return [] }
            let name = String(entry.name.dropLast(".weight".count))
            let (rank, depth) = (adapters.rank, entry.depth)
            return [
                Entry(
                    name + ".lora_A.weight", [rank, entry.shape[1]], depth: depth, isTrained: true),
                Entry(
                    name + ".lora_B.weight", [entry.shape[0], rank], depth: depth, isTrained: true),
            ]
        }
    }

    /// Whether it starts at random, whatever the folder has.
    private static func isFresh(
        _ entry: Entry, _ folder: ModelFolder, _ plan: NetworkPlan
    ) -> Bool {
        if entry.name.hasPrefix("head.") || entry.name.hasPrefix("classifier.") {
            // Its rows stand for labels; those of a pooler do not.
            return plan.labels.map { $0 != folder.labels } ?? false
        }
        let layers = folder.configuration.layerCount
        return entry.depth > layers - plan.freshLayers && entry.depth <= layers
    }

    private func fill(_ entry: Entry, _ index: Int, _ folder: ModelFolder, _ plan: NetworkPlan) {
        let values = values(entry)
        if !Self.isFresh(entry, folder, plan),
            let view = folder.headTensors?[entry.name] ?? folder.tensors[entry.name],
            view.shape == entry.shape
        {
            return view.widen(into: values)
        }
        // A stream of its own for each tensor: neighbouring seeds would give shifted copies of one.
        var seeds = RandomSource(seed: plan.seed ^ UInt64(index) << 32)
        var random = RandomSource(seed: seeds.next())
        if entry.name.hasSuffix("LayerNorm.weight") {
            values.update(repeating: 1)
        } else if entry.name.hasSuffix(".bias") || entry.name.hasSuffix("lora_B.weight") {
            values.update(repeating: 0)
        } else if entry.name.hasSuffix("lora_A.weight") {
            let bound = 1 / Double(entry.shape[1]).squareRoot()
            for at in values.indices { values[at] = Float((2 * random.unit() - 1) * bound) }
        } else {
            for at in values.indices { values[at] = Float(0.02 * random.normal()) }
        }
    }
}

extension NetworkPlan.Target {
    /// What the weight of that canonical name is, if it can have an adapter.
    init?(weight name: String) {
        let endings: [(String, NetworkPlan.Target)] = [
            ("attention.self.query.weight", .query), ("attention.self.key.weight", .key),
            ("attention.self.value.weight", .value),
            ("attention.output.dense.weight", .attentionOutput),
            ("intermediate.dense.weight", .intermediate), ("output.dense.weight", .output),
        ]
        guard name.hasPrefix("encoder.layer."),
            let found = endings.first(where: { name.hasSuffix($0.0) })
        else { return nil }
        self = found.1
    }
}

extension RandomSource {
    /// Standard normal, by Box and Muller.
    mutating func normal() -> Double {
        let radius = (-2 * log(1 - unit())).squareRoot()
        return radius * cos(2 * .pi * unit())
    }
}

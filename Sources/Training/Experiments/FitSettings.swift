// How a step goes through its texts by gradient: what is trained, how long, at which rates.
//
//     "train": "full",               // "head": the encoder is frozen; "lora": adapters and head
//     "rank": 8, "alpha": 16, "targets": ["query", "value"],       // of adapters
//     "from": "previous",            // or "base"
//     "epochs": 10,                  // or "updates": 400
//     "min_updates": 60, "max_updates": 1000,        // bounds of what the epochs come to
//     "batch": 16,                   // texts an update
//     "micro_tokens": 4096,          // computed at once: memory, not mathematics
//     "rate": 5e-5, "head_rate": 5e-4,
//     "layer_decay": 0.95,           // each layer's rate is so much of the one above
//     "schedule": "linear",          // "constant", "cosine", "slanted"; see RateSchedule
//     "warmup": 0.1,                 // share of the updates
//     "weight_decay": 0.01, "clip": 1, "label_smoothing": 0,
//     "dropout": 0.1, "head_dropout": 0.1,
//     "unfreeze": 1,                 // gradual: so many layers more each epoch, from the head down
//     "fresh_layers": 0,             // so many top layers are initialised at random
//     "evaluations": 1,              // of the held-out part, in an epoch
//     "patience": 3,                 // evaluations without a better one, then it stops
//     "keep": "best"                 // weights of the best evaluation, or the "last" ones
//
// There is no key for accumulation: an update's texts are cut into as many parts as micro_tokens
// asks for, and their gradients add up. Results depend on `batch` only, apart from the dropout
// mask, which is drawn per part.

package import Gradients
internal import JSONText
internal import Weights

package struct FitSettings: Sendable {
    package enum Extent: String, Sendable, CaseIterable { case full, head, lora }

    package enum Length: Sendable, Equatable {
        case epochs(Double)
        case updates(Int)
    }

    package struct Adapter: Sendable, Equatable {
        package var rank: Int
        package var alpha: Double
        /// Of the layers' products.
        package var targets: [NetworkPlan.Target]
    }

    package enum Start: String, Sendable, CaseIterable { case base, previous }

    /// The weights that a fit ends with. A hundred held-out texts tell overfitting, but not which
    /// of two states is better by a text or two: where nothing overfits, the last is safer.
    package enum Keep: String, Sendable, CaseIterable { case best, last }

    package var extent = Extent.full
    package var adapter: Adapter?
    package var start = Start.previous
    package var length = Length.epochs(3)
    /// Bounds on the number of updates: one recipe for few texts and for many.
    package var minUpdates = 1
    package var maxUpdates = Int.max
    package var batch = 16
    package var microTokens = 4096
    package var rate = 2e-5
    package var headRate: Double?
    package var layerDecay = 1.0
    package var schedule = RateSchedule.Shape.linear
    package var warmup = 0.1
    package var weightDecay = 0.01
    package var clip: Double? = 1
    package var labelSmoothing = 0.0
    package var dropout = 0.1
    package var headDropout = 0.1
    /// Layers that join each epoch; nil: all from the start.
    package var unfreeze: Int?
    package var freshLayers = 0
    package var evaluations = 1
    package var patience: Int?
    package var keep = Keep.best

    package init() {}

    static let keys = [
        "train", "rank", "alpha", "targets", "from", "epochs", "updates", "min_updates",
        "max_updates", "batch", "micro_tokens", "rate", "head_rate", "layer_decay", "schedule",
        "warmup", "weight_decay", "clip", "label_smoothing", "dropout", "head_dropout", "unfreeze",
        "fresh_layers", "evaluations", "patience", "keep",
    ]

    /// - Parameter others: keys of the step that are not read here.
    init(_ source: JSONSource, others: [String]) throws(WeightsError) {
        try source.refuseKeys(otherThan: others + Self.keys)
        try readExtent(source)
        start = try source.choice("from", Start.self) ?? start
        try readLength(source)
        try readRates(source)
        labelSmoothing = try source.number("label_smoothing", in: 0...0.9) ?? labelSmoothing
        dropout = try source.number("dropout", in: 0...0.9) ?? dropout
        headDropout = try source.number("head_dropout", in: 0...0.9) ?? dropout
        unfreeze = try source.natural("unfreeze", in: 1...100)
        freshLayers = try source.natural("fresh_layers", in: 0...100) ?? freshLayers
        evaluations = try source.natural("evaluations", in: 1...1000) ?? evaluations
        patience = try source.natural("patience", in: 1...1000)
        keep = try source.choice("keep", Keep.self) ?? keep
    }

    private mutating func readExtent(_ source: JSONSource) throws(WeightsError) {
        extent = try source.choice("train", Extent.self) ?? extent
        let rank = try source.natural("rank", in: 1...1024)
        let alpha = try source.number("alpha", in: 1e-3...1e4)
        let targets = try source.strings("targets").map { names throws(WeightsError) in
            try self.targets(names, source)
        }
        for key in ["unfreeze", "layer_decay", "fresh_layers"] where extent == .head {
            guard let node = source.node(key) else { continue }
            throw source.error("\(key) is for layers, and train \"head\" leaves them frozen", node)
        }
        guard extent == .lora else {
            for key in ["rank", "alpha", "targets"] where source.node(key) != nil {
                throw source.error(
                    "\(key) goes with \"train\": \"lora\"", source.node(key) ?? source.root)
            }
            return
        }
        let used = rank ?? 8
        adapter = Adapter(
            rank: used, alpha: alpha ?? Double(2 * used), targets: targets ?? [.query, .value])
    }

    private func targets(
        _ names: [String], _ source: JSONSource
    ) throws(WeightsError) -> [NetworkPlan.Target] {
        let targets = names.compactMap(NetworkPlan.Target.init)
        guard targets.count == names.count, !targets.isEmpty else {
            let known = NetworkPlan.Target.allCases.map(\.rawValue).joined(separator: ", ")
            throw source.error("targets are of \(known)", source.node("targets") ?? source.root)
        }
        return targets
    }

    private static let updateRange = 1...100_000_000

    private mutating func readLength(_ source: JSONSource) throws(WeightsError) {
        let epochs = try source.number("epochs", in: 0.01...10_000)
        let updates = try source.natural("updates", in: Self.updateRange)
        if let updates {
            guard epochs == nil else {
                throw source.error(
                    "epochs and updates both say how long: give one",
                    source.node("updates") ?? source.root)
            }
            length = .updates(updates)
        } else if let epochs {
            length = .epochs(epochs)
        }
        minUpdates = try source.natural("min_updates", in: Self.updateRange) ?? minUpdates
        maxUpdates = try source.natural("max_updates", in: Self.updateRange) ?? maxUpdates
        let bound = source.node("min_updates") ?? source.node("max_updates")
        if let bound, updates != nil {
            throw source.error("min_updates and max_updates go with epochs", bound)
        }
        if let bound, minUpdates > maxUpdates {
            throw source.error("min_updates is more than max_updates", bound)
        }
        batch = try source.natural("batch", in: 1...65_536) ?? batch
        microTokens = try source.natural("micro_tokens", in: 16...(1 << 20)) ?? microTokens
    }

    private mutating func readRates(_ source: JSONSource) throws(WeightsError) {
        rate = try source.number("rate", in: 1e-9...1) ?? rate
        headRate = try source.number("head_rate", in: 1e-9...1)
        layerDecay = try source.number("layer_decay", in: 0.01...1) ?? layerDecay
        schedule = try source.choice("schedule", RateSchedule.Shape.self) ?? schedule
        warmup = try source.number("warmup", in: 0...1) ?? warmup
        weightDecay = try source.number("weight_decay", in: 0...10) ?? weightDecay
        let clip = try source.number("clip", in: 0...1e6)
        self.clip = clip == 0 ? nil : clip ?? self.clip
    }
}

extension FitSettings {
    /// Updates in one pass over so many texts.
    func updatesInEpoch(texts: Int) -> Int { max(1, (texts + batch - 1) / batch) }

    /// Whether the held-out texts are answered after so many updates: `evaluations` times an epoch,
    /// or after each update where it has fewer.
    func evaluates(after updates: Int, inEpoch: Int) -> Bool {
        updates * evaluations / inEpoch > (updates - 1) * evaluations / inEpoch
    }

    func updates(texts: Int) -> Int {
        switch length {
        case .updates(let count): count
        case .epochs(let epochs):
            min(
                maxUpdates,
                max(minUpdates, Int((epochs * Double(updatesInEpoch(texts: texts))).rounded())))
        }
    }

    /// Each depth's rate at the top of the schedule: 0 embeddings, 1... layers, then the head.
    package func rates(depths: Int) -> [Double] {
        (0..<depths).map { depth in
            if depth == depths - 1 { return headRate ?? rate }
            let below = depths - 2 - depth
            return (0..<below).reduce(rate) { rate, _ in rate * layerDecay }
        }
    }

    /// The lowest depth that learns in an epoch.
    package func lowestTrained(epoch: Int, depths: Int) -> Int {
        if extent == .head { return depths - 1 }
        guard let unfreeze else { return 0 }
        return max(0, depths - 1 - epoch * unfreeze)
    }
}

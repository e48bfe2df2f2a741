// textflix.json: what we add to a folder of the reference's form. All keys are optional, comments
// are allowed, an unknown key is an error with its line and column.
//
//     {
//       // Another folder's encoder, and what is put on it: a model of a few KB or MB.
//       "base": "../minilm",             // folder of encoder and tokenizer, from this folder
//       "head": "head.safetensors",      // tensors head.weight [C, H] and head.bias [C], F32
//       "adapter": "adapter_model.safetensors",   // low-rank adapters: see LowRankAdapter
//       "labels": ["negative", "positive"],     // C of them, in the order of the head's rows
//       "multi_label": false,            // true: each label has a probability of its own (sigmoid)
//       "pooling": "mean",               // "cls" or "mean": the head's input, and Embed's default
//       "normalize": false,              // scale the pooled vector to length 1 first
//       "temperature": 1.0,              // logits are divided by it before the softmax or sigmoid
//       "abstain_below": 0.0,            // a top probability under this is marked as abstained
//       "conformal": { "alpha": 0.1, "threshold": 0.2 },  // see Conformal; optional
//       "truncation": "head",            // "head", "head_and_tail", "windows", "refuse"
//       "max_tokens": 256,               // with [CLS] and [SEP]; at most the position embeddings
//       "provenance": { "data": "..." }  // whatever the maker wants to say: kept, never read
//     }
//
// A `base` wants a `head` or an `adapter`, and an adapter a base. A head without a base (or with
// the base ".") stands on this folder's own encoder. An adapter without a head has brought PEFT's
// classifier along, or leaves the base's head as it is. A head computes
//     logits = pooled(hidden states of the last layer) · head.weightᵀ + head.bias
// with pooled either the [CLS] row or the mean over all tokens of the text, special ones included;
// a standardisation of features is folded into weight and bias by whoever trained it.
//
// Invariant: values are of their type and range. Whether they fit the model (labels and rows,
// tokens and positions) is checked by the folder.

package import JSONText

package struct ModelSettings: Sendable {
    package enum Pooling: String, Sendable, CaseIterable { case cls, mean }

    package enum Truncation: String, Sendable, CaseIterable {
        case head
        case headAndTail = "head_and_tail"
        case windows
        case refuse
    }

    /// Label sets with a promise (split-conformal): the right label is in the set at least with
    /// probability 1 - alpha, and a label is in it if its probability is at least `threshold`.
    package struct Conformal: Sendable, Equatable {
        package let alpha: Double
        package let threshold: Double
    }

    /// Another folder; nil: this one.
    package var base: String?
    package var head: String?
    package var adapter: String?
    package var labels: [String]?
    package var multiLabel: Bool?
    package var pooling: Pooling?
    package var normalize: Bool?
    package var temperature: Double = 1
    package var abstainBelow: Double = 0
    package var conformal: Conformal?
    package var truncation: Truncation = .head
    package var maxTokens: Int?
    /// As it was written.
    package var provenance: JSONNode?

    package init() {}

    static let keys = [
        "base", "head", "adapter", "labels", "multi_label", "pooling", "normalize", "temperature",
        "abstain_below", "conformal", "truncation", "max_tokens", "provenance",
    ]

    package init(_ source: JSONSource) throws(WeightsError) {
        try source.refuseKeys(otherThan: Self.keys)
        try readParts(source)
        labels = try source.strings("labels")
        multiLabel = try source.flag("multi_label")
        pooling = try source.choice("pooling", Pooling.self)
        normalize = try source.flag("normalize")
        temperature = try source.number("temperature", in: 1e-3...1e3) ?? 1
        abstainBelow = try source.number("abstain_below", in: 0...1) ?? 0
        conformal = try Self.conformal(source)
        truncation = try source.choice("truncation", Truncation.self) ?? .head
        maxTokens = try source.natural("max_tokens", in: 3...Limits.positions)
        provenance = source.node("provenance")
        if let labels, labels.isEmpty || Set(labels).count != labels.count {
            throw source.error(
                "labels must be at least one, each different", source.node("labels") ?? source.root)
        }
    }

    private static func conformal(_ source: JSONSource) throws(WeightsError) -> Conformal? {
        guard let section = try source.section("conformal") else { return nil }
        try section.refuseKeys(otherThan: ["alpha", "threshold"])
        guard let alpha = try section.number("alpha", in: 1e-6...0.999999),
            let threshold = try section.number("threshold", in: 0...1)
        else { throw section.error("conformal has both alpha and threshold", section.root) }
        return Conformal(alpha: alpha, threshold: threshold)
    }

    private mutating func readParts(_ source: JSONSource) throws(WeightsError) {
        base = try source.string("base")
        head = try source.string("head")
        adapter = try source.string("adapter")
        for (key, path) in [("base", base), ("head", head), ("adapter", adapter)]
        where path?.isEmpty == true {
            throw source.error("\(key) is empty", source.node(key) ?? source.root)
        }
        if base == "." && adapter == nil { base = nil }
        if base != nil && head == nil && adapter == nil {
            throw source.error("a base wants a head or an adapter", source.root)
        }
        if adapter != nil && base == nil {
            throw source.error("an adapter wants a base: the folder of its encoder", source.root)
        }
    }
}

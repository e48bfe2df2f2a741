// What config.json says of a BERT or an MPNet: dimensions, activation, head, labels.
//
// Invariant: all numbers are in range and fit each other (the heads divide the hidden size), so
// shapes can be computed from them without overflow. Keys that only training uses are ignored, as
// the reference ignores them; a setting that would change the answer and that we do not compute
// (BERT with relative positions, cross attention, another model type) is an error.

internal import JSONText

package struct BERTConfiguration: Sendable, Equatable {
    package enum Activation: String, Sendable, CaseIterable {
        /// x Φ(x) by the error function.
        case gelu
        /// The tanh approximation, under the two names that the reference has for it.
        case geluNew = "gelu_new"
        case geluTanh = "gelu_pytorch_tanh"
        case relu
    }

    package enum ProblemType: String, Sendable, CaseIterable {
        case regression
        case singleLabel = "single_label_classification"
        case multiLabel = "multi_label_classification"
    }

    /// What stands on top of the encoder.
    package enum HeadKind: String, Sendable {
        /// `...ForSequenceClassification`: pooler, then classifier, on [CLS].
        case sequence
        /// `...ForTokenClassification`: classifier on every token.
        case token
        /// The encoder alone: embeddings. Heads of pretraining are left aside.
        case none
    }

    package var family: ModelFamily
    package var architecture: String
    package var head: HeadKind
    package var hiddenSize: Int
    package var attentionHeads: Int
    package var feedForwardSize: Int
    package var layerCount: Int
    /// Rows of the position table.
    package var positionCount: Int
    /// 0 for MPNet.
    package var tokenTypeCount: Int
    package var vocabularySize: Int
    package var layerNormEpsilon: Double
    package var activation: Activation
    package var problemType: ProblemType?
    /// In the order of their ids.
    package var labels: [String]

    package var headSize: Int { hiddenSize / attentionHeads }

    /// Of the longest text.
    package var tokenLimit: Int { positionCount - family.positionOffset }

    /// A configuration of one's own making; the defaults are those of BERT-large.
    package init(
        _ family: ModelFamily = .bert, head: HeadKind, hidden: Int = 1024, heads: Int = 16,
        feedForward: Int = 4096, layers: Int = 24, positions: Int = 512, vocabulary: Int = 30522,
        activation: Activation = .gelu, labels: [String] = ["negative", "positive"]
    ) {
        self.family = family
        self.head = head
        let suffix =
            switch head {
            case .sequence: "ForSequenceClassification"
            case .token: "ForTokenClassification"
            case .none: "Model"
            }
        architecture = family.className + suffix
        hiddenSize = hidden
        attentionHeads = heads
        feedForwardSize = feedForward
        layerCount = layers
        positionCount = positions
        tokenTypeCount = family.hasTokenTypes ? 2 : 0
        vocabularySize = vocabulary
        layerNormEpsilon = 1e-12
        self.activation = activation
        self.labels = labels
    }
}

extension BERTConfiguration {
    package init(_ source: JSONSource) throws(WeightsError) {
        family = try Self.family(source)
        (architecture, head) = try Self.architecture(source, family)
        hiddenSize = try source.required("hidden_size", in: 1...Limits.width)
        attentionHeads = try source.required("num_attention_heads", in: 1...Limits.width)
        feedForwardSize = try source.required("intermediate_size", in: 1...Limits.width)
        layerCount = try source.required("num_hidden_layers", in: 1...Limits.layers)
        positionCount = try source.required(
            "max_position_embeddings", in: (3 + family.positionOffset)...Limits.positions)
        let types = try source.natural("type_vocab_size", in: 1...Limits.width) ?? 2
        tokenTypeCount = family.hasTokenTypes ? types : 0
        vocabularySize = try source.required("vocab_size", in: 1...Limits.vocabulary)
        layerNormEpsilon = try source.number("layer_norm_eps", in: 0...1) ?? 1e-12
        activation = try source.choice("hidden_act", Activation.self) ?? .gelu
        problemType = try source.choice("problem_type", ProblemType.self)
        labels = try Self.labels(source)
        guard hiddenSize % attentionHeads == 0 else {
            throw source.error(
                "num_attention_heads \(attentionHeads) does not divide hidden_size \(hiddenSize)",
                source.node("num_attention_heads") ?? source.root)
        }
    }

    private static func family(_ source: JSONSource) throws(WeightsError) -> ModelFamily {
        let type = try source.string("model_type") ?? "bert"
        guard let family = ModelFamily(rawValue: type) else {
            throw source.unsupported(
                "model_type \"\(type.prefix(60))\": only \"bert\" and \"mpnet\" are served",
                "model_type")
        }
        let buckets = try source.natural("relative_attention_num_buckets", in: 1...Limits.width)
        if family.hasRelativeBias, let buckets, buckets != relativeBucketCount {
            throw source.unsupported(
                "relative_attention_num_buckets \(buckets): only \(relativeBucketCount) is "
                    + "computed, by the reference too", "relative_attention_num_buckets")
        }
        let positions = try source.string("position_embedding_type") ?? "absolute"
        guard positions == "absolute" else {
            throw source.unsupported(
                "position_embedding_type \"\(positions)\": only \"absolute\" is computed",
                "position_embedding_type")
        }
        for key in ["is_decoder", "add_cross_attention"] where try source.flag(key) == true {
            throw source.unsupported("\(key): only encoders are served", key)
        }
        return family
    }

    /// Rows of MPNet's table of relative positions.
    static let relativeBucketCount = 32

    private static func architecture(
        _ source: JSONSource, _ family: ModelFamily
    ) throws(WeightsError) -> (String, HeadKind) {
        let names = try source.strings("architectures") ?? []
        let own = family.className
        guard let name = names.first else { return (own + "Model", .none) }
        switch name.hasPrefix(own) ? String(name.dropFirst(own.count)) : "" {
        case "ForSequenceClassification": return (name, .sequence)
        case "ForTokenClassification": return (name, .token)
        case "Model", "ForMaskedLM", "ForPreTraining": return (name, .none)
        default:
            throw source.unsupported(
                "architecture \(name.prefix(60)): served are \(own)ForSequenceClassification, "
                    + "\(own)ForTokenClassification and \(own)Model", "architectures")
        }
    }

    /// `id2label` by ascending id; without it `num_labels` (2, as the reference has it) numbered.
    private static func labels(_ source: JSONSource) throws(WeightsError) -> [String] {
        guard let node = source.node("id2label") else {
            let count = try source.natural("num_labels", in: 1...Limits.labels) ?? 2
            return (0..<count).map { "LABEL_\($0)" }
        }
        guard let members = node.object, (1...Limits.labels).contains(members.count) else {
            throw source.error("id2label must be an object of 1 to \(Limits.labels) labels", node)
        }
        var labels = [String?](repeating: nil, count: members.count)
        for member in members {
            guard let id = Int(member.nameText), labels.indices.contains(id), labels[id] == nil,
                let label = member.node.string
            else {
                throw source.error(
                    "id2label must map each of \"0\" to \"\(members.count - 1)\" to a string",
                    at: member.nameOffset)
            }
            labels[id] = label
        }
        let names = labels.compactMap(\.self)
        guard Set(names).count == names.count else {
            throw source.error("id2label must give each label a name of its own", node)
        }
        return names
    }
}

extension JSONSource {
    fileprivate func unsupported(_ message: String, _ key: String) -> WeightsError {
        WeightsError(.unsupported, path, error(message, node(key) ?? root).message)
    }
}

// What an Explain request asks for, judged before anything is queued.

package import Insight
internal import TextflixProtocol

package struct ExplainOrder: Sendable, Equatable {
    package enum Unit: Sendable { case sentence, word }

    package enum Way: Sendable, Equatable {
        /// By the model, the number of features and the deadline.
        case automatic
        case fixed(ExplanationMethod)
        /// What a linear model adds up, without variants.
        case linear
    }

    package let unit: Unit
    package let way: Way
    /// 0: the default.
    package let samples: Int
    /// Empty: the label that wins.
    package let label: String
    package let seed: UInt64

    package init(
        unit: Unit = .sentence, way: Way = .automatic, samples: Int = 0, label: String = "",
        seed: UInt64 = 0
    ) {
        self.unit = unit
        self.way = way
        self.samples = samples
        self.label = label
        self.seed = seed
    }

    /// Variants that are drawn where the request does not say how many.
    static let usualSamples = 1000

    /// Variants that `automatic` takes at the most: all of ten features.
    static let automaticVariants = 1 << 10

    /// Sentences that are told apart in one window: more only blur each other.
    static let sentences = 64

    /// The same where all subsets of them are scored.
    static let exactSentences = ExplanationPlan.exactFeatureLimit

    func check(against model: ServedModel) throws(Status) {
        if way == .linear, model.linear == nil {
            throw Status(
                code: .failedPrecondition,
                message: "model \(model.name) is not linear: LINEAR is not for it")
        }
        guard label.isEmpty || model.labels.contains(label) else {
            throw .invalid(
                "model \(model.name) has no such label; it has \(Self.shortly(model.labels))")
        }
    }

    /// A model may have tens of thousands.
    private static func shortly(_ labels: [String]) -> String {
        let first = labels.prefix(10).joined(separator: ", ")
        return labels.count > 10 ? "\(labels.count), among them \(first)" : first
    }
}

extension ExplainOrder {
    static func order(_ payload: ArraySlice<UInt8>) throws(Status) -> WorkOrder {
        let request = try ExplainRequest(reading: payload)
        guard request.text.utf8.count <= Limits.explainTextBytes else {
            throw .invalid("a text to explain has at most \(Limits.explainTextBytes) bytes")
        }
        guard request.samples <= Limits.explainSamples else {
            throw .invalid("samples is at most \(Limits.explainSamples)")
        }
        return try WorkOrder(
            .explain(
                ExplainOrder(
                    unit: unit(request.unit), way: way(request.method),
                    samples: Int(request.samples), label: request.label, seed: request.seed)),
            model: request.model, texts: [request.text], priority: request.priority,
            truncation: request.truncation)
    }

    private static func unit(_ unit: TextflixProtocol.Unit) throws(Status) -> Unit {
        switch unit {
        case .sentence: .sentence
        case .word: .word
        case .unrecognized(let number): throw .invalid("there is no unit \(number)")
        }
    }

    private static func way(_ method: Method) throws(Status) -> Way {
        switch method {
        case .auto: .automatic
        case .lime: .fixed(.lime)
        case .exactLime: .fixed(.exactLime)
        case .shapley: .fixed(.shapley)
        case .leaveOneOut: .fixed(.leaveOneOut)
        case .linear: .linear
        case .unrecognized(let number): throw .invalid("there is no method \(number)")
        }
    }
}

extension Method {
    init(_ method: ExplanationMethod) {
        self =
            switch method {
            case .lime: .lime
            case .exactLime: .exactLime
            case .shapley: .shapley
            case .leaveOneOut: .leaveOneOut
            }
    }
}

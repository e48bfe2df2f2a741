// Classify: texts in, for each of them a label with its probability.
//
// Invariant: `results` has as many elements as `texts`, in their order; one whose `code` is not 0
// failed alone. ClassifyStream carries the same messages, many on one stream. Each result has the
// scores of all labels: of a model with thousands of them fewer texts have room in one request.

/// Texts to classify with one model.
public struct ClassifyRequest: Message {
    /// Empty: the daemon's default model.
    public var model: String
    public var texts: [Text]
    public var priority: Priority
    public var truncation: Truncation

    public init(
        model: String = "", texts: [Text] = [], priority: Priority = .interactive,
        truncation: Truncation = .modelDefault
    ) {
        self.model = model
        self.texts = texts
        self.priority = priority
        self.truncation = truncation
    }

    public init() { self.init(model: "") }

    public mutating func merge(_ field: inout WireReader) throws(WireError) {
        switch field.number {
        case 1: model = try field.string()
        case 2: try field.texts(to: &texts, limit: Limits.textsPerRequest)
        case 3: priority = try field.enumeration()
        case 4: truncation = try field.enumeration()
        default: break
        }
    }

    public func encode(into out: inout [UInt8]) {
        out.put(1, model)
        out.put(2, texts)
        out.put(3, priority)
        out.put(4, truncation)
    }
}

/// One result a text, and what they cost.
public struct ClassifyResponse: Message {
    /// As many as texts, in their order.
    public var results: [Classification]
    public var model: String
    public var revision: String
    public var timing: Timing?

    public init(
        results: [Classification] = [], model: String = "", revision: String = "",
        timing: Timing? = nil
    ) {
        self.results = results
        self.model = model
        self.revision = revision
        self.timing = timing
    }

    public init() { self.init(results: []) }

    public mutating func merge(_ field: inout WireReader) throws(WireError) {
        switch field.number {
        case 1: try field.messages(to: &results)
        case 2: model = try field.string()
        case 3: revision = try field.string()
        case 4: try field.message(into: &timing)
        default: break
        }
    }

    public func encode(into out: inout [UInt8]) {
        out.put(1, results)
        out.put(2, model)
        out.put(3, revision)
        out.put(4, timing)
    }
}

/// What the model says of one text, or why it says nothing.
public struct Classification: Message {
    public var label: String
    /// Of `label`, 0 to 1.
    public var probability: Float
    /// Every label of the model, in the model's order.
    public var scores: [Score]
    /// Tokens used, [CLS] and [SEP] included.
    public var tokens: UInt32
    public var truncated: Bool
    /// The probability is below the model's threshold: do not rely on the label.
    public var abstained: Bool
    /// Of the whole text; 0: a long text that was not counted to its end.
    public var tokensTotal: UInt32
    /// Not 0: this text alone failed, with the raw value of a StatusCode.
    public var code: Int32
    public var error: String
    /// Where the model promises coverage: the labels among which the right one is.
    public var labelSet: [String]
    /// Parts that the model read one by one, whose mean this is; 0: it read the text at once.
    public var windows: UInt32

    public init(
        label: String = "", probability: Float = 0, scores: [Score] = [], tokens: UInt32 = 0,
        truncated: Bool = false, abstained: Bool = false, tokensTotal: UInt32 = 0, code: Int32 = 0,
        error: String = "", labelSet: [String] = [], windows: UInt32 = 0
    ) {
        self.label = label
        self.probability = probability
        self.scores = scores
        self.tokens = tokens
        self.truncated = truncated
        self.abstained = abstained
        self.tokensTotal = tokensTotal
        self.code = code
        self.error = error
        self.labelSet = labelSet
        self.windows = windows
    }

    public init() { self.init(label: "") }

    public mutating func merge(_ field: inout WireReader) throws(WireError) {
        switch field.number {
        case 1: label = try field.string()
        case 2: probability = try field.float()
        case 3: try field.messages(to: &scores)
        case 4: tokens = try field.uint32()
        case 5: truncated = try field.bool()
        case 6: abstained = try field.bool()
        case 7: tokensTotal = try field.uint32()
        case 8: code = try field.int32()
        case 9: error = try field.string()
        case 10: labelSet.append(try field.string())
        case 11: windows = try field.uint32()
        default: break
        }
    }

    public func encode(into out: inout [UInt8]) {
        out.put(1, label)
        out.put(2, probability)
        out.put(3, scores)
        out.put(4, tokens)
        out.put(5, truncated)
        out.put(6, abstained)
        out.put(7, tokensTotal)
        out.put(8, code)
        out.put(9, error)
        out.put(10, labelSet)
        out.put(11, windows)
    }
}

/// One label of the model and what it got.
public struct Score: Message {
    public var label: String
    public var probability: Float
    public var logit: Float

    public init(label: String = "", probability: Float = 0, logit: Float = 0) {
        self.label = label
        self.probability = probability
        self.logit = logit
    }

    public init() { self.init(label: "") }

    public mutating func merge(_ field: inout WireReader) throws(WireError) {
        switch field.number {
        case 1: label = try field.string()
        case 2: probability = try field.float()
        case 3: logit = try field.float()
        default: break
        }
    }

    public func encode(into out: inout [UInt8]) {
        out.put(1, label)
        out.put(2, probability)
        out.put(3, logit)
    }
}

/// Where the time of a request went.
public struct Timing: Message {
    /// Nanoseconds from arrival to the start of computing.
    public var queuedNs: UInt64
    /// Nanoseconds of computing, of the whole batch.
    public var computeNs: UInt64
    /// Texts that were computed together, others' included.
    public var batchTexts: UInt32
    public var batchTokens: UInt32

    public init(
        queuedNs: UInt64 = 0, computeNs: UInt64 = 0, batchTexts: UInt32 = 0, batchTokens: UInt32 = 0
    ) {
        self.queuedNs = queuedNs
        self.computeNs = computeNs
        self.batchTexts = batchTexts
        self.batchTokens = batchTokens
    }

    public init() { self.init(queuedNs: 0) }

    public mutating func merge(_ field: inout WireReader) throws(WireError) {
        switch field.number {
        case 1: queuedNs = try field.uint64()
        case 2: computeNs = try field.uint64()
        case 3: batchTexts = try field.uint32()
        case 4: batchTokens = try field.uint32()
        default: break
        }
    }

    public func encode(into out: inout [UInt8]) {
        out.put(1, queuedNs)
        out.put(2, computeNs)
        out.put(3, batchTexts)
        out.put(4, batchTokens)
    }
}

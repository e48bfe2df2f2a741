// Embed: texts in, for each of them one vector.
//
// A response must fit one frame: texts times the model's hidden size times 4 bytes, and a few more,
// stay under `Limits.bodyBytes`, or the daemon refuses at once with RESOURCE_EXHAUSTED and names
// both.

/// Texts to turn into vectors.
public struct EmbedRequest: Message {
    public var model: String
    public var texts: [Text]
    public var pooling: Pooling
    /// Scale each vector to length 1.
    public var normalize: Bool
    public var priority: Priority
    public var truncation: Truncation

    public init(
        model: String = "", texts: [Text] = [], pooling: Pooling = .model, normalize: Bool = false,
        priority: Priority = .interactive, truncation: Truncation = .modelDefault
    ) {
        self.model = model
        self.texts = texts
        self.pooling = pooling
        self.normalize = normalize
        self.priority = priority
        self.truncation = truncation
    }

    public init() { self.init(model: "") }

    public mutating func merge(_ field: inout WireReader) throws(WireError) {
        switch field.number {
        case 1: model = try field.string()
        case 2: try field.texts(to: &texts, limit: Limits.textsPerRequest)
        case 3: pooling = try field.enumeration()
        case 4: normalize = try field.bool()
        case 5: priority = try field.enumeration()
        case 6: truncation = try field.enumeration()
        default: break
        }
    }

    public func encode(into out: inout [UInt8]) {
        out.put(1, model)
        out.put(2, texts)
        out.put(3, pooling)
        out.put(4, normalize)
        out.put(5, priority)
        out.put(6, truncation)
    }
}

/// One vector a text.
public struct EmbedResponse: Message {
    public var embeddings: [Embedding]
    public var model: String
    public var revision: String
    public var timing: Timing?

    public init(
        embeddings: [Embedding] = [], model: String = "", revision: String = "",
        timing: Timing? = nil
    ) {
        self.embeddings = embeddings
        self.model = model
        self.revision = revision
        self.timing = timing
    }

    public init() { self.init(embeddings: []) }

    public mutating func merge(_ field: inout WireReader) throws(WireError) {
        switch field.number {
        case 1: try field.messages(to: &embeddings)
        case 2: model = try field.string()
        case 3: revision = try field.string()
        case 4: try field.message(into: &timing)
        default: break
        }
    }

    public func encode(into out: inout [UInt8]) {
        out.put(1, embeddings)
        out.put(2, model)
        out.put(3, revision)
        out.put(4, timing)
    }
}

/// The vector of one text, or why there is none.
public struct Embedding: Message {
    /// Hidden size of the model; empty where `code` is not 0.
    public var values: [Float]
    public var tokens: UInt32
    public var truncated: Bool
    /// Of the whole text; 0: not counted to its end.
    public var tokensTotal: UInt32
    /// Not 0: this text alone failed.
    public var code: Int32
    public var error: String

    public init(
        values: [Float] = [], tokens: UInt32 = 0, truncated: Bool = false, tokensTotal: UInt32 = 0,
        code: Int32 = 0, error: String = ""
    ) {
        self.values = values
        self.tokens = tokens
        self.truncated = truncated
        self.tokensTotal = tokensTotal
        self.code = code
        self.error = error
    }

    public init() { self.init(values: []) }

    public mutating func merge(_ field: inout WireReader) throws(WireError) {
        switch field.number {
        case 1: try field.append(to: &values)
        case 2: tokens = try field.uint32()
        case 3: truncated = try field.bool()
        case 4: tokensTotal = try field.uint32()
        case 5: code = try field.int32()
        case 6: error = try field.string()
        default: break
        }
    }

    public func encode(into out: inout [UInt8]) {
        out.put(1, values)
        out.put(2, tokens)
        out.put(3, truncated)
        out.put(4, tokensTotal)
        out.put(5, code)
        out.put(6, error)
    }
}

// Tag: texts in, for each of them the spans that a token-classification model found.
//
// A span is whole: the pieces and the B-/I- labels of one entity are joined. Offsets count UTF-8
// bytes of the text that was sent.

/// Texts to find entities in.
public struct TagRequest: Message {
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

/// One list of spans a text.
public struct TagResponse: Message {
    public var results: [Tags]
    public var model: String
    public var revision: String
    public var timing: Timing?

    public init(
        results: [Tags] = [], model: String = "", revision: String = "", timing: Timing? = nil
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

/// What was found in one text, or why nothing was looked for.
public struct Tags: Message {
    public var spans: [Tags.Span]
    /// Not 0: this text alone failed.
    public var code: Int32
    public var error: String
    public var tokens: UInt32
    public var truncated: Bool
    /// Of the whole text; 0: not counted to its end.
    public var tokensTotal: UInt32

    public init(
        spans: [Tags.Span] = [], code: Int32 = 0, error: String = "", tokens: UInt32 = 0,
        truncated: Bool = false, tokensTotal: UInt32 = 0
    ) {
        self.spans = spans
        self.code = code
        self.error = error
        self.tokens = tokens
        self.truncated = truncated
        self.tokensTotal = tokensTotal
    }

    public init() { self.init(spans: []) }

    public mutating func merge(_ field: inout WireReader) throws(WireError) {
        switch field.number {
        case 1: try field.messages(to: &spans)
        case 2: code = try field.int32()
        case 3: error = try field.string()
        case 4: tokens = try field.uint32()
        case 5: truncated = try field.bool()
        case 6: tokensTotal = try field.uint32()
        default: break
        }
    }

    public func encode(into out: inout [UInt8]) {
        out.put(1, spans)
        out.put(2, code)
        out.put(3, error)
        out.put(4, tokens)
        out.put(5, truncated)
        out.put(6, tokensTotal)
    }
}

extension Tags {
    /// One entity.
    public struct Span: Message {
        /// UTF-8 byte offsets into the text sent.
        public var start: UInt32
        public var end: UInt32
        public var text: Text
        public var label: String
        public var probability: Float

        public init(
            start: UInt32 = 0, end: UInt32 = 0, text: Text = Text(utf8: []), label: String = "",
            probability: Float = 0
        ) {
            self.start = start
            self.end = end
            self.text = text
            self.label = label
            self.probability = probability
        }

        public init() { self.init(start: 0) }

        public mutating func merge(_ field: inout WireReader) throws(WireError) {
            switch field.number {
            case 1: start = try field.uint32()
            case 2: end = try field.uint32()
            case 3: text = try field.text()
            case 4: label = try field.string()
            case 5: probability = try field.float()
            default: break
            }
        }

        public func encode(into out: inout [UInt8]) {
            out.put(1, start)
            out.put(2, end)
            out.put(3, text)
            out.put(4, label)
            out.put(5, probability)
        }
    }
}

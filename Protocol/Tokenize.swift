// Tokenize: texts in, for each of them the ids that the model would see, never truncated.
//
// The three arrays of `Tokens` are of one length. Offsets count UTF-8 bytes of the text sent.

/// Texts to turn into ids.
public struct TokenizeRequest: Message {
    public var model: String
    public var texts: [Text]
    /// [CLS] and [SEP] around each text, at (0, 0) and (end, end).
    public var specialTokens: Bool

    public init(model: String = "", texts: [Text] = [], specialTokens: Bool = false) {
        self.model = model
        self.texts = texts
        self.specialTokens = specialTokens
    }

    public init() { self.init(model: "") }

    public mutating func merge(_ field: inout WireReader) throws(WireError) {
        switch field.number {
        case 1: model = try field.string()
        case 2: try field.texts(to: &texts, limit: Limits.textsPerRequest)
        case 3: specialTokens = try field.bool()
        default: break
        }
    }

    public func encode(into out: inout [UInt8]) {
        out.put(1, model)
        out.put(2, texts)
        out.put(3, specialTokens)
    }
}

/// One list of tokens a text.
public struct TokenizeResponse: Message {
    public var results: [Tokens]
    public var model: String
    public var revision: String

    public init(results: [Tokens] = [], model: String = "", revision: String = "") {
        self.results = results
        self.model = model
        self.revision = revision
    }

    public init() { self.init(results: []) }

    public mutating func merge(_ field: inout WireReader) throws(WireError) {
        switch field.number {
        case 1: try field.messages(to: &results)
        case 2: model = try field.string()
        case 3: revision = try field.string()
        default: break
        }
    }

    public func encode(into out: inout [UInt8]) {
        out.put(1, results)
        out.put(2, model)
        out.put(3, revision)
    }
}

/// The pieces of one text, or why it has none.
public struct Tokens: Message {
    public var ids: [UInt32]
    /// UTF-8 byte offsets into the text sent.
    public var starts: [UInt32]
    public var ends: [UInt32]
    /// Not 0: this text alone failed.
    public var code: Int32
    public var error: String

    public init(
        ids: [UInt32] = [], starts: [UInt32] = [], ends: [UInt32] = [], code: Int32 = 0,
        error: String = ""
    ) {
        self.ids = ids
        self.starts = starts
        self.ends = ends
        self.code = code
        self.error = error
    }

    public init() { self.init(ids: []) }

    public mutating func merge(_ field: inout WireReader) throws(WireError) {
        switch field.number {
        case 1: try field.append(to: &ids)
        case 2: try field.append(to: &starts)
        case 3: try field.append(to: &ends)
        case 4: code = try field.int32()
        case 5: error = try field.string()
        default: break
        }
    }

    public func encode(into out: inout [UInt8]) {
        out.put(1, ids)
        out.put(2, starts)
        out.put(3, ends)
        out.put(4, code)
        out.put(5, error)
    }
}

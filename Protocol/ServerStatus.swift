// Status: who the daemon is, how it is, and which models it has.
//
// It is answered by the I/O thread, also under overload; reading it costs the engine nothing.

/// Asks for everything; it has no fields.
public struct StatusRequest: Message {
    public init() {}

    public mutating func merge(_ field: inout WireReader) throws(WireError) {}

    public func encode(into out: inout [UInt8]) {}
}

/// The daemon at this moment.
public struct StatusResponse: Message {
    public var version: String
    public var state: ServerState
    public var uptimeNs: UInt64
    public var processId: UInt32
    /// The first is the default model.
    public var models: [ModelStatus]
    public var queue: QueueStatus?
    public var limits: LimitsStatus?
    public var counters: [Counter]
    public var histograms: [Histogram]
    public var engine: EngineStatus?
    /// One line of progress or trouble; empty: nothing to say.
    public var detail: String

    public init(
        version: String = "", state: ServerState = .loading, uptimeNs: UInt64 = 0,
        processId: UInt32 = 0, models: [ModelStatus] = [], queue: QueueStatus? = nil,
        limits: LimitsStatus? = nil, counters: [Counter] = [], histograms: [Histogram] = [],
        engine: EngineStatus? = nil, detail: String = ""
    ) {
        self.version = version
        self.state = state
        self.uptimeNs = uptimeNs
        self.processId = processId
        self.models = models
        self.queue = queue
        self.limits = limits
        self.counters = counters
        self.histograms = histograms
        self.engine = engine
        self.detail = detail
    }

    public init() { self.init(version: "") }

    public mutating func merge(_ field: inout WireReader) throws(WireError) {
        switch field.number {
        case 1: version = try field.string()
        case 2: state = try field.enumeration()
        case 3: uptimeNs = try field.uint64()
        case 4: processId = try field.uint32()
        case 5: try field.messages(to: &models)
        case 6: try field.message(into: &queue)
        case 7: try field.message(into: &limits)
        case 8: try field.messages(to: &counters)
        case 9: try field.messages(to: &histograms)
        case 10: try field.message(into: &engine)
        case 11: detail = try field.string()
        default: break
        }
    }

    public func encode(into out: inout [UInt8]) {
        out.put(1, version)
        out.put(2, state)
        out.put(3, uptimeNs)
        out.put(4, processId)
        out.put(5, models)
        out.put(6, queue)
        out.put(7, limits)
        out.put(8, counters)
        out.put(9, histograms)
        out.put(10, engine)
        out.put(11, detail)
    }
}

/// One configured model.
public struct ModelStatus: Message {
    public var name: String
    public var architecture: String
    /// f32, bf16 or int8.
    public var precision: String
    public var labels: [String]
    public var revision: String
    public var mappedBytes: UInt64
    /// Of a text, [CLS] and [SEP] included.
    public var maxTokens: UInt32
    public var hiddenSize: UInt32
    public var layers: UInt32
    /// Why `auto` chose this precision.
    public var precisionReason: String
    /// `.loading` with an error: it could not be loaded.
    public var state: ServerState
    /// Why its last load failed; with `.ready` the one before it stays.
    public var error: String
    public var temperature: Float
    public var abstainBelow: Float

    public init(
        name: String = "", architecture: String = "", precision: String = "", labels: [String] = [],
        revision: String = "", mappedBytes: UInt64 = 0, maxTokens: UInt32 = 0,
        hiddenSize: UInt32 = 0, layers: UInt32 = 0, precisionReason: String = "",
        state: ServerState = .loading, error: String = "", temperature: Float = 0,
        abstainBelow: Float = 0
    ) {
        self.name = name
        self.architecture = architecture
        self.precision = precision
        self.labels = labels
        self.revision = revision
        self.mappedBytes = mappedBytes
        self.maxTokens = maxTokens
        self.hiddenSize = hiddenSize
        self.layers = layers
        self.precisionReason = precisionReason
        self.state = state
        self.error = error
        self.temperature = temperature
        self.abstainBelow = abstainBelow
    }

    public init() { self.init(name: "") }

    public mutating func merge(_ field: inout WireReader) throws(WireError) {
        switch field.number {
        case 1: name = try field.string()
        case 2: architecture = try field.string()
        case 3: precision = try field.string()
        case 4: try field.strings(to: &labels)
        case 5: revision = try field.string()
        case 6: mappedBytes = try field.uint64()
        case 7: maxTokens = try field.uint32()
        case 8: hiddenSize = try field.uint32()
        case 9: layers = try field.uint32()
        case 10: precisionReason = try field.string()
        case 11: state = try field.enumeration()
        case 12: error = try field.string()
        case 13: temperature = try field.float()
        case 14: abstainBelow = try field.float()
        default: break
        }
    }

    public func encode(into out: inout [UInt8]) {
        out.put(1, name)
        out.put(2, architecture)
        out.put(3, precision)
        out.put(4, labels)
        out.put(5, revision)
        out.put(6, mappedBytes)
        out.put(7, maxTokens)
        out.put(8, hiddenSize)
        out.put(9, layers)
        out.put(10, precisionReason)
        out.put(11, state)
        out.put(12, error)
        out.put(13, temperature)
        out.put(14, abstainBelow)
    }
}

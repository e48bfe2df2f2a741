// The figures in a StatusResponse: queue, limits, engine, counters and histograms.
//
// Counters only rise while the daemon lives. Names are those of Prometheus, so that the client can
// write the text export and no second endpoint is needed.

/// What waits and what runs.
public struct QueueStatus: Message {
    /// Waiting.
    public var texts: UInt32
    public var bytes: UInt64
    public var tokens: UInt64
    public var runningTexts: UInt32
    public var connections: UInt32

    public init(
        texts: UInt32 = 0, bytes: UInt64 = 0, tokens: UInt64 = 0, runningTexts: UInt32 = 0,
        connections: UInt32 = 0
    ) {
        self.texts = texts
        self.bytes = bytes
        self.tokens = tokens
        self.runningTexts = runningTexts
        self.connections = connections
    }

    public init() { self.init(texts: 0) }

    public mutating func merge(_ field: inout WireReader) throws(WireError) {
        switch field.number {
        case 1: texts = try field.uint32()
        case 2: bytes = try field.uint64()
        case 3: tokens = try field.uint64()
        case 4: runningTexts = try field.uint32()
        case 5: connections = try field.uint32()
        default: break
        }
    }

    public func encode(into out: inout [UInt8]) {
        out.put(1, texts)
        out.put(2, bytes)
        out.put(3, tokens)
        out.put(4, runningTexts)
        out.put(5, connections)
    }
}

/// What this daemon allows; never less than `Limits` promises.
public struct LimitsStatus: Message {
    public var bodyBytes: UInt32
    public var textsPerRequest: UInt32
    public var textBytes: UInt32
    public var queueTexts: UInt32
    public var queueBytes: UInt64
    public var queueTextsPerUser: UInt32
    public var batchTokens: UInt32
    public var connections: UInt32
    public var streamsPerConnection: UInt32
    /// Unanswered messages of one ClassifyStream.
    public var streamWindow: UInt32
    public var connectionsPerUser: UInt32
    /// Every limit that the configuration can set.
    public var configured: [NamedLimit]

    public init(
        bodyBytes: UInt32 = 0, textsPerRequest: UInt32 = 0, textBytes: UInt32 = 0,
        queueTexts: UInt32 = 0, queueBytes: UInt64 = 0, queueTextsPerUser: UInt32 = 0,
        batchTokens: UInt32 = 0, connections: UInt32 = 0, streamsPerConnection: UInt32 = 0,
        streamWindow: UInt32 = 0, connectionsPerUser: UInt32 = 0, configured: [NamedLimit] = []
    ) {
        self.bodyBytes = bodyBytes
        self.textsPerRequest = textsPerRequest
        self.textBytes = textBytes
        self.queueTexts = queueTexts
        self.queueBytes = queueBytes
        self.queueTextsPerUser = queueTextsPerUser
        self.batchTokens = batchTokens
        self.connections = connections
        self.streamsPerConnection = streamsPerConnection
        self.streamWindow = streamWindow
        self.connectionsPerUser = connectionsPerUser
        self.configured = configured
    }

    public init() { self.init(bodyBytes: 0) }

    public mutating func merge(_ field: inout WireReader) throws(WireError) {
        switch field.number {
        case 1: bodyBytes = try field.uint32()
        case 2: textsPerRequest = try field.uint32()
        case 3: textBytes = try field.uint32()
        case 4: queueTexts = try field.uint32()
        case 5: queueBytes = try field.uint64()
        case 6: queueTextsPerUser = try field.uint32()
        case 7: batchTokens = try field.uint32()
        case 8: connections = try field.uint32()
        case 9: streamsPerConnection = try field.uint32()
        case 10: streamWindow = try field.uint32()
        case 11: connectionsPerUser = try field.uint32()
        case 12: try field.messages(to: &configured)
        default: break
        }
    }

    public func encode(into out: inout [UInt8]) {
        out.put(1, bodyBytes)
        out.put(2, textsPerRequest)
        out.put(3, textBytes)
        out.put(4, queueTexts)
        out.put(5, queueBytes)
        out.put(6, queueTextsPerUser)
        out.put(7, batchTokens)
        out.put(8, connections)
        out.put(9, streamsPerConnection)
        out.put(10, streamWindow)
        out.put(11, connectionsPerUser)
        out.put(12, configured)
    }
}

/// One limit of the configuration.
public struct NamedLimit: Message {
    /// Its key in the configuration; durations end in `_seconds`.
    public var name: String
    /// 0 and 1 for what is off and on.
    public var value: Double

    public init(name: String = "", value: Double = 0) {
        self.name = name
        self.value = value
    }

    public init() { self.init(name: "") }

    public mutating func merge(_ field: inout WireReader) throws(WireError) {
        switch field.number {
        case 1: name = try field.string()
        case 2: value = try field.double()
        default: break
        }
    }

    public func encode(into out: inout [UInt8]) {
        out.put(1, name)
        out.put(2, value)
    }
}

/// What computes.
public struct EngineStatus: Message {
    public var threads: UInt32
    /// avx512vnni, avx2, scalar, …
    public var instructionSet: String
    /// Recent, measured.
    public var tokensPerSecond: Double
    /// Resident memory that is not a file's.
    public var privateBytes: UInt64

    public init(
        threads: UInt32 = 0, instructionSet: String = "", tokensPerSecond: Double = 0,
        privateBytes: UInt64 = 0
    ) {
        self.threads = threads
        self.instructionSet = instructionSet
        self.tokensPerSecond = tokensPerSecond
        self.privateBytes = privateBytes
    }

    public init() { self.init(threads: 0) }

    public mutating func merge(_ field: inout WireReader) throws(WireError) {
        switch field.number {
        case 1: threads = try field.uint32()
        case 2: instructionSet = try field.string()
        case 3: tokensPerSecond = try field.double()
        case 4: privateBytes = try field.uint64()
        default: break
        }
    }

    public func encode(into out: inout [UInt8]) {
        out.put(1, threads)
        out.put(2, instructionSet)
        out.put(3, tokensPerSecond)
        out.put(4, privateBytes)
    }
}

/// A number that only rises.
public struct Counter: Message {
    /// As Prometheus names it, without labels.
    public var name: String
    public var labels: [Label]
    public var value: UInt64

    public init(name: String = "", labels: [Label] = [], value: UInt64 = 0) {
        self.name = name
        self.labels = labels
        self.value = value
    }

    public init() { self.init(name: "") }

    public mutating func merge(_ field: inout WireReader) throws(WireError) {
        switch field.number {
        case 1: name = try field.string()
        case 2: try field.messages(to: &labels)
        case 3: value = try field.uint64()
        default: break
        }
    }

    public func encode(into out: inout [UInt8]) {
        out.put(1, name)
        out.put(2, labels)
        out.put(3, value)
    }
}

/// One label of a counter or histogram.
public struct Label: Message {
    public var name: String
    public var value: String

    public init(name: String = "", value: String = "") {
        self.name = name
        self.value = value
    }

    public init() { self.init(name: "") }

    public mutating func merge(_ field: inout WireReader) throws(WireError) {
        switch field.number {
        case 1: name = try field.string()
        case 2: value = try field.string()
        default: break
        }
    }

    public func encode(into out: inout [UInt8]) {
        out.put(1, name)
        out.put(2, value)
    }
}

/// Cumulative counts at each upper bound, as Prometheus has them; the unit is in the name.
public struct Histogram: Message {
    public var name: String
    public var labels: [Label]
    public var bounds: [Double]
    /// One more than bounds: the last counts everything.
    public var counts: [UInt64]
    public var sum: Double

    public init(
        name: String = "", labels: [Label] = [], bounds: [Double] = [], counts: [UInt64] = [],
        sum: Double = 0
    ) {
        self.name = name
        self.labels = labels
        self.bounds = bounds
        self.counts = counts
        self.sum = sum
    }

    public init() { self.init(name: "") }

    public mutating func merge(_ field: inout WireReader) throws(WireError) {
        switch field.number {
        case 1: name = try field.string()
        case 2: try field.messages(to: &labels)
        case 3: try field.append(to: &bounds)
        case 4: try field.append(to: &counts)
        case 5: sum = try field.double()
        default: break
        }
    }

    public func encode(into out: inout [UInt8]) {
        out.put(1, name)
        out.put(2, labels)
        out.put(3, bounds)
        out.put(4, counts)
        out.put(5, sum)
    }
}

// What ttrpc puts around a message in the body of a request or response frame.
//
//     Request  { 1 service   2 method   3 payload bytes   4 timeout_nano int64
//                5 repeated metadata { 1 key   2 value } }
//     Response { 1 status google.rpc.Status   2 payload bytes }
//
// Invariant: a payload is a view of the body it came in, not a copy. Data frames have no envelope:
// their body is the message itself. The service and method are kept as sent, known or not.

public struct RequestEnvelope: Sendable, Equatable {
    public var service: String
    public var method: String
    public var payload: ArraySlice<UInt8>
    /// Time allowed from arrival; 0: no deadline; below 0: it has passed already.
    public var timeoutNanoseconds: Int64
    public var metadata: [MetadataEntry]

    public init(
        service: String = serviceName, method: String = "", payload: ArraySlice<UInt8> = [],
        timeoutNanoseconds: Int64 = 0, metadata: [MetadataEntry] = []
    ) {
        self.service = service
        self.method = method
        self.payload = payload
        self.timeoutNanoseconds = timeoutNanoseconds
        self.metadata = metadata
    }
}

public struct MetadataEntry: Sendable, Equatable {
    public var key: String
    public var value: String

    public init(key: String = "", value: String = "") {
        self.key = key
        self.value = value
    }
}

public struct ResponseEnvelope: Sendable, Equatable {
    /// Why the request failed; nil, or a status whose code is OK: it succeeded.
    public var status: Status?
    public var payload: ArraySlice<UInt8>

    public init(status: Status? = nil, payload: ArraySlice<UInt8> = []) {
        self.status = status
        self.payload = payload
    }

    /// The status where it is one of failure.
    public var failure: Status? { status.flatMap { $0.code == .ok ? nil : $0 } }
}

extension RequestEnvelope: Message {
    public init() { self.init(service: "") }

    public mutating func merge(_ field: inout WireReader) throws(WireError) {
        switch field.number {
        case 1: service = try field.string()
        case 2: method = try field.string()
        case 3: payload = try field.slice()
        case 4: timeoutNanoseconds = try field.int64()
        case 5: try field.messages(to: &metadata, limit: Limits.metadataEntries)
        default: break
        }
    }

    public func encode(into out: inout [UInt8]) {
        out.put(1, service)
        out.put(2, method)
        out.put(3, payload)
        out.put(4, timeoutNanoseconds)
        out.put(5, metadata)
    }
}

extension MetadataEntry: Message {
    public init() { self.init(key: "") }

    public mutating func merge(_ field: inout WireReader) throws(WireError) {
        switch field.number {
        case 1: key = try field.string()
        case 2: value = try field.string()
        default: break
        }
    }

    public func encode(into out: inout [UInt8]) {
        out.put(1, key)
        out.put(2, value)
    }
}

extension ResponseEnvelope: Message {
    public init() { self.init(status: nil) }

    public mutating func merge(_ field: inout WireReader) throws(WireError) {
        switch field.number {
        case 1: try field.message(into: &status)
        case 2: payload = try field.slice()
        default: break
        }
    }

    public func encode(into out: inout [UInt8]) {
        out.put(1, status)
        out.put(2, payload)
    }
}

// google.rpc.Status: why a request failed, and when to come back.
//
//     Status    { 1 code int32   2 message string   3 details repeated Any }
//     Any       { 1 type_url string   2 value bytes }
//     RetryInfo { 1 retry_delay Duration }      Duration { 1 seconds int64   2 nanos int32 }
//
// Of the details only RetryInfo is known here; others are skipped in reading. A code outside gRPC's
// seventeen is read as UNKNOWN, as gRPC itself does.

public struct Status: Error, Sendable, Equatable {
    public var code: StatusCode
    public var message: String
    /// How long to wait before trying again; nil: trying again does not help, or nobody knows when.
    /// Of DEADLINE_EXCEEDED: by how much the answer would be late.
    public var retryAfter: Duration?

    public init(code: StatusCode, message: String = "", retryAfter: Duration? = nil) {
        self.code = code
        self.message = message
        self.retryAfter = retryAfter
    }
}

extension Status: CustomStringConvertible {
    public var description: String { message.isEmpty ? code.name : "\(code.name): \(message)" }
}

extension Status: Message {
    public init() { self.init(code: .ok) }

    public mutating func merge(_ field: inout WireReader) throws(WireError) {
        switch field.number {
        case 1: code = StatusCode(rawValue: try field.int32()) ?? .unknown
        case 2: message = try field.string()
        case 3:
            let detail: AnyMessage = try field.message()
            guard detail.typeURL == RetryDelay.typeURL else { return }
            retryAfter = try RetryDelay(decoding: detail.value).delay?.duration ?? .zero
        default: break
        }
    }

    public func encode(into out: inout [UInt8]) {
        out.put(1, code.rawValue)
        out.put(2, message)
        guard let retryAfter else { return }
        let info = RetryDelay(delay: WireDuration(retryAfter))
        out.put(3, AnyMessage(typeURL: RetryDelay.typeURL, value: info.encoded[...]))
    }
}

/// google.protobuf.Any
struct AnyMessage: Message {
    var typeURL = ""
    var value: ArraySlice<UInt8> = []

    mutating func merge(_ field: inout WireReader) throws(WireError) {
        switch field.number {
        case 1: typeURL = try field.string()
        case 2: value = try field.slice()
        default: break
        }
    }

    func encode(into out: inout [UInt8]) {
        out.put(1, typeURL)
        out.put(2, value)
    }
}

/// google.rpc.RetryInfo
struct RetryDelay: Message {
    static let typeURL = "type.googleapis.com/google.rpc.RetryInfo"

    var delay: WireDuration?

    mutating func merge(_ field: inout WireReader) throws(WireError) {
        if field.number == 1 { try field.message(into: &delay) }
    }

    func encode(into out: inout [UInt8]) { out.put(1, delay) }
}

/// google.protobuf.Duration: within ten thousand years, as it is documented; longer ones are
/// clamped to that, so that no arithmetic overflows. Anything finer than a nanosecond is cut.
struct WireDuration: Message {
    var seconds: Int64 = 0
    var nanos: Int32 = 0

    var duration: Duration {
        let edge: Int64 = 315_576_000_000  // 10,000 years of 365.25 days, in seconds
        return .seconds(min(max(seconds, -edge), edge)) + .nanoseconds(Int64(nanos))
    }

    mutating func merge(_ field: inout WireReader) throws(WireError) {
        switch field.number {
        case 1: seconds = try field.int64()
        case 2: nanos = try field.int32()
        default: break
        }
    }

    func encode(into out: inout [UInt8]) {
        out.put(1, seconds)
        out.put(2, nanos)
    }
}

extension WireDuration {
    init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        self.init(seconds: seconds, nanos: Int32(attoseconds / 1_000_000_000))
    }
}

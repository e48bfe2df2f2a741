// Cancel and Reload: what acts on other requests, and on the daemon.
//
// Cancel reaches only streams of its own connection. Reload is for root and the daemon's own user.

/// Streams of this connection whose work is no longer wanted.
public struct CancelRequest: Message {
    public var streams: [UInt32]

    public init(streams: [UInt32] = []) {
        self.streams = streams
    }

    public init() { self.init(streams: []) }

    public mutating func merge(_ field: inout WireReader) throws(WireError) {
        if field.number == 1 { try field.append(to: &streams, limit: Limits.streamsPerCancel) }
    }

    public func encode(into out: inout [UInt8]) {
        out.put(1, streams)
    }
}

/// How many of them were still at work.
public struct CancelResponse: Message {
    public var cancelled: UInt32

    public init(cancelled: UInt32 = 0) {
        self.cancelled = cancelled
    }

    public init() { self.init(cancelled: 0) }

    public mutating func merge(_ field: inout WireReader) throws(WireError) {
        if field.number == 1 { cancelled = try field.uint32() }
    }

    public func encode(into out: inout [UInt8]) {
        out.put(1, cancelled)
    }
}

/// Asks for all models to be read again; it has no fields.
public struct ReloadRequest: Message {
    public init() {}

    public mutating func merge(_ field: inout WireReader) throws(WireError) {}

    public func encode(into out: inout [UInt8]) {}
}

/// The models as they are afterwards; one that failed keeps its old weights.
public struct ReloadResponse: Message {
    public var models: [ModelStatus]

    public init(models: [ModelStatus] = []) {
        self.models = models
    }

    public init() { self.init(models: []) }

    public mutating func merge(_ field: inout WireReader) throws(WireError) {
        if field.number == 1 { try field.messages(to: &models) }
    }

    public func encode(into out: inout [UInt8]) {
        out.put(1, models)
    }
}

// Messages in, frames out: appends whole frames to one array, ready for the socket.
//
// Invariant: `bytes` holds whole frames only. A frame whose body exceeds `Limits.bodyBytes` is
// taken back and reported, so the caller can send an error in its place. Header, envelope and
// message are written in place, in one pass.

public struct FrameWriter: Sendable {
    public private(set) var bytes: [UInt8] = []

    public init() {}

    /// What was written since the last time; the writer is empty afterwards.
    public mutating func take() -> [UInt8] {
        defer { bytes = [] }
        return bytes
    }

    /// A request, whole or (flags `.remoteOpen`) the opening of a stream. No message, no payload.
    public mutating func request<M: Message>(
        stream: UInt32, method: MethodName, _ message: M?, timeoutNanoseconds: Int64 = 0,
        metadata: [MetadataEntry] = [], flags: FrameFlags = []
    ) throws(FrameError) {
        try frame(stream: stream, kind: .request, flags: flags) { body in
            body.put(1, serviceName)
            body.put(2, method.rawValue)
            body.putPayload(3, message)
            body.put(4, timeoutNanoseconds)
            body.put(5, metadata)
        }
    }

    /// The answer that ends a unary stream.
    public mutating func response(
        stream: UInt32, _ message: some Message
    ) throws(FrameError) {
        try frame(stream: stream, kind: .response) { body in
            body.putPayload(2, message)
        }
    }

    /// The error that ends any stream. A message above `Limits.messageBytes` is cut.
    public mutating func failure(stream: UInt32, _ status: Status) {
        var status = status
        status.message = Limits.cut(message: status.message)
        // It cannot exceed the limit: message and details are bounded.
        try? frame(stream: stream, kind: .response) { $0.put(1, status) }
    }

    /// One message of an open stream.
    public mutating func data(
        stream: UInt32, _ message: some Message, flags: FrameFlags = []
    ) throws(FrameError) {
        try frame(stream: stream, kind: .data, flags: flags) { message.encode(into: &$0) }
    }

    /// The same, of a message that was encoded before.
    public mutating func data(stream: UInt32, encoded message: [UInt8]) throws(FrameError) {
        try frame(stream: stream, kind: .data) { $0 += message }
    }

    /// "No more from me": the client's end of sending, or the server's good end of the stream.
    public mutating func endOfData(stream: UInt32) {
        FrameHeader(length: 0, stream: stream, kind: .data, flags: [.remoteClosed, .noData])
            .encode(into: &bytes)
    }

    private mutating func frame(
        stream: UInt32, kind: FrameKind, flags: FrameFlags = [], _ body: (inout [UInt8]) -> Void
    ) throws(FrameError) {
        let start = bytes.count
        FrameHeader(length: 0, stream: stream, kind: kind, flags: flags).encode(into: &bytes)
        body(&bytes)
        let length = bytes.count - start - FrameHeader.byteCount
        guard length <= Limits.bodyBytes else {
            bytes.removeLast(bytes.count - start)
            throw .oversized(length: length, stream: stream, kind: kind)
        }
        for index in 0..<4 {
            bytes[start + index] = UInt8(truncatingIfNeeded: length >> (24 - 8 * index))
        }
    }
}

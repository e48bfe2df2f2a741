// Per-stream rules that `StreamState` does not cover: numbers, flags that fit the method, the
// window, and the error for each violation.
//
// Invariant: a broken rule costs its stream, never the connection: the framing still holds. These
// are pure values; which streams are alive only the connection knows.

/// Stream numbers of one connection: odd, because a client opens them, and rising.
public struct StreamOrder: Sendable {
    public private(set) var last: UInt32 = 0

    public init() {}

    public static func isClients(_ stream: UInt32) -> Bool { !stream.isMultiple(of: 2) }

    /// Takes the number of a request frame.
    public mutating func open(_ stream: UInt32) throws(StreamViolation) {
        guard Self.isClients(stream) else { throw .evenStream }
        guard stream > last else { throw .reusedStream }
        last = stream
    }

    /// Whether a stream with that number was ever opened: data on it is then merely late, even if
    /// the stream is no longer alive.
    public func wasOpened(_ stream: UInt32) -> Bool {
        Self.isClients(stream) && stream <= last
    }
}

/// A frame that the framing allows and the rules of streams do not. It is answered with
/// INVALID_ARGUMENT on its stream, which ends it; the connection goes on.
public enum StreamViolation: Error, Sendable, Equatable {
    case evenStream
    case reusedStream
    case neverOpened
    case openAndClosed
    case dataAfterClose
    case dataDespiteNoData
    case unaryLeftOpen
    case streamingUnannounced
    case windowExceeded

    public var status: Status {
        Status(
            code: self == .windowExceeded ? .resourceExhausted : .invalidArgument, message: text)
    }

    private var text: String {
        switch self {
        case .evenStream: "a client's stream number must be odd"
        case .reusedStream: "stream numbers must rise: this one is not above the last"
        case .neverOpened: "data on a stream that was never opened"
        case .openAndClosed: "a request is either remote open or remote closed, not both"
        case .dataAfterClose: "data on a stream whose sending side is closed"
        case .dataDespiteNoData: "a frame flagged no-data has a body"
        case .unaryLeftOpen: "this method takes one message: the remote-open flag is wrong"
        case .streamingUnannounced: "a streaming method needs the remote-open or -closed flag"
        case .windowExceeded: "more than the window's messages are unanswered"
        }
    }
}

extension MethodName {
    /// Holds the flags of a request frame against the method it names.
    public func check(opening flags: FrameFlags) throws(StreamViolation) {
        let isStream = !flags.isDisjoint(with: [.remoteOpen, .remoteClosed])
        if isStreaming, !isStream { throw .streamingUnannounced }
        if !isStreaming, flags.contains(.remoteOpen) { throw .unaryLeftOpen }
    }
}

/// Flow control of one stream: how many messages were taken and not yet answered.
public struct StreamWindow: Sendable, Equatable {
    public let size: Int
    public private(set) var unanswered = 0

    public init(size: Int = Limits.streamWindow) {
        self.size = size
    }

    public mutating func receive() throws(StreamViolation) {
        guard unanswered < size else { throw .windowExceeded }
        unanswered += 1
    }

    public mutating func answer() {
        precondition(unanswered > 0, "an answer without its message")
        unanswered -= 1
    }
}

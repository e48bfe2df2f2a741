// The life of one stream as the server sees it, as a value: frames in or out move it, and what is
// not allowed is an error instead of a move.
//
//                  request [no flags, remote closed]
//      (unopened) ----------------------------------> answering ----.
//          |                                              ^         | we send a response,
//          | request [remote open]                        |         | or data [remote closed]
//          v             data [remote closed]             |         v
//        open --------------------------------------------'      finished
//          |                we send an error response               ^
//          '--------------------------------------------------------'
//
// From ttrpc 1.2: the server closes last, so on an open stream it may send data, and only an error
// may end it early. A message that is late (its stream is finished) is the caller's to drop: it
// crossed our answer on the way and is nobody's fault.

public enum StreamState: Sendable, Equatable {
    /// The client may still send data.
    case open
    /// The client has said all it will say.
    case answering
    /// A terminal frame was sent: exactly one for each stream.
    case finished

    /// The state after a request frame with these flags.
    public init(opening flags: FrameFlags) throws(StreamViolation) {
        guard !flags.isSuperset(of: [.remoteOpen, .remoteClosed]) else { throw .openAndClosed }
        self = flags.contains(.remoteOpen) ? .open : .answering
    }

    /// What a data frame of the client brings.
    public struct Arrival: Sendable, Equatable {
        /// The body is a message; otherwise the frame is there for its flags.
        public var hasMessage: Bool
        public var isLast: Bool

        public init(hasMessage: Bool, isLast: Bool) {
            self.hasMessage = hasMessage
            self.isLast = isLast
        }
    }

    /// Takes a data frame of the client. An empty body that closes is a close without a message,
    /// flagged no-data or not: ttrpc's specification does not name that flag.
    public mutating func receiveData(
        flags: FrameFlags, length: Int
    ) throws(StreamViolation) -> Arrival {
        guard self == .open else { throw .dataAfterClose }
        let isLast = flags.contains(.remoteClosed)
        guard !flags.contains(.noData) || length == 0 else { throw .dataDespiteNoData }
        if isLast { self = .answering }
        let isBare = flags.contains(.noData) || (isLast && length == 0)
        return Arrival(hasMessage: !isBare, isLast: isLast)
    }

    /// Notes a frame that we send. Sending what is not allowed is our own fault: a precondition.
    public mutating func send(_ kind: FrameKind, flags: FrameFlags = [], isError: Bool = false) {
        precondition(self != .finished, "a frame after the terminal one")
        switch kind {
        case .request: preconditionFailure("a server sends no requests")
        case .response:
            precondition(isError || self == .answering, "a good end before the client's")
            self = .finished
        case .data:
            guard flags.contains(.remoteClosed) else { return }
            precondition(self == .answering, "a good end before the client's")
            self = .finished
        }
    }
}

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

    /// Whether a stream with that number was ever opened: data on such a one, though it is no
    /// longer alive, is merely late.
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

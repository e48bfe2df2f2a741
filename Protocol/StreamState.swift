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

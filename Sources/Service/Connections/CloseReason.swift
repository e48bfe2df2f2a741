// Why a connection ends, and what the figures and the log call it.

package import TextflixProtocol

extension Connection {
    package enum CloseReason: Sendable, Equatable {
        /// The client has closed its side and has all its answers.
        case finished
        /// The client has closed both sides.
        case peerGone
        /// What it sent is not this protocol.
        case notOurs(FrameError)
        /// A frame or header took too long.
        case slowSender
        /// The client did not read for too long, or too much waited for it.
        case slowReader
        /// All connections hold too much input, this one most.
        case tooMuchInput
        /// The daemon ends.
        case stopping
    }
}

extension Connection.CloseReason {
    var name: String {
        switch self {
        case .finished: "finished"
        case .peerGone: "peer_gone"
        case .notOurs: "not_ours"
        case .slowSender: "slow_sender"
        case .slowReader: "slow_reader"
        case .tooMuchInput: "too_much_input"
        case .stopping: "stopping"
        }
    }

    /// What the log says about it; nil: nothing to say.
    var complaint: String? {
        switch self {
        case .finished, .peerGone, .stopping: nil
        case .notOurs(let error): "closed a connection: \(error)"
        case .slowSender: "closed a connection: a frame took too long to arrive"
        case .slowReader: "closed a connection: its answers were not read"
        case .tooMuchInput: "closed a connection: too much input waits in all, most of it there"
        }
    }
}

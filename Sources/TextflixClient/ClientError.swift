// Everything that can go wrong for a client, told apart by who can do something about it, and said
// so that a person knows what to do next.

public import TextflixProtocol

public enum ClientError: Error, Sendable, Equatable {
    /// No connection: start the daemon, name the right socket, join the group.
    case cannotConnect(path: String, ConnectProblem)
    /// The daemon answered with an error; the code says whose turn it is.
    case failed(Status)
    /// No answer within the time allowed.
    case timedOut(after: Duration)
    /// The connection broke and the request was not sent again, since it may have taken effect.
    case connectionLost
    /// The peer does not speak this protocol: another service's socket, or a broken daemon.
    case notThisProtocol(String)
    /// The request does not fit into one frame.
    case requestTooLarge(bytes: Int)
}

/// Why there is no connection.
public enum ConnectProblem: Error, Sendable, Equatable {
    /// No such file; the places that were looked at.
    case noSocket(candidates: [String])
    /// The file is no socket.
    case notASocket
    /// A socket that nobody listens on: its daemon ended without removing it.
    case nobodyListens
    /// The group that may connect, where that can be seen, and who we are.
    case notPermitted(group: String?, user: String?)
    /// A path of so many bytes does not fit a socket address.
    case pathTooLong(bytes: Int)
    /// More clients are waiting to connect than the daemon's backlog holds.
    case backlogFull
    case other(String)
}

extension ClientError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .cannotConnect(let path, let problem): problem.sentence(about: path)
        case .failed(let status): status.description
        case .timedOut(let time): "no answer within \(Self.shown(time))"
        case .connectionLost:
            "the connection to the daemon was lost before the answer came"
        case .notThisProtocol(let what):
            "what listens on this socket does not speak the Textflix protocol (\(what))"
        case .requestTooLarge(let bytes):
            "a request of \(bytes) bytes; one frame holds \(Limits.bodyBytes)"
        }
    }

    private static func shown(_ time: Duration) -> String {
        let (seconds, attoseconds) = time.components
        let milliseconds = attoseconds / 1_000_000_000_000_000
        if seconds == 0 { return "\(milliseconds) ms" }
        return milliseconds == 0 ? "\(seconds) s" : "\(seconds * 1000 + milliseconds) ms"
    }

    /// Whether the same request may succeed a little later. What is exhausted, and says no time to
    /// come back, is a limit that it will meet again.
    public var isTransient: Bool {
        switch self {
        case .failed(let status):
            status.code == .unavailable
                || status.code == .resourceExhausted && status.retryAfter != nil
        case .cannotConnect(_, .backlogFull), .cannotConnect(_, .nobodyListens),
            .cannotConnect(_, .noSocket):
            true
        default: false
        }
    }
}

extension ConnectProblem {
    func sentence(about path: String) -> String {
        switch self {
        case .noSocket(let candidates):
            """
            no daemon found: there is no socket at \(candidates.joined(separator: " or "))
            Start it with 'sudo systemctl restart textflixd.socket' ('textflixctl doctor' says \
            what keeps it down), or run 'textflixd' yourself; \
            --socket or $TEXTFLIX_SOCKET names another place.
            """
        case .notASocket: "\(path) is not a socket"
        case .nobodyListens:
            """
            nobody listens on \(path): the daemon that made it has ended
            Start it with 'sudo systemctl restart textflixd.socket' ('textflixctl doctor' says \
            what keeps it down), or run 'textflixd' yourself.
            """
        case .notPermitted(let group, let user): permission(path, group, user)
        case .pathTooLong(let bytes):
            "the socket's path has \(bytes) bytes; the system allows \(SocketPath.mostBytes)"
        case .backlogFull: "the daemon at \(path) has too many connections waiting; try again"
        case .other(let reason): "cannot connect to \(path): \(reason)"
        }
    }

    private func permission(_ path: String, _ group: String?, _ user: String?) -> String {
        let denied = "not permitted to connect to \(path)"
        guard let group else { return denied }
        let open = "\(denied): it is open to the group '\(group)'"
        // Membership in root's group would open far more than a socket.
        guard group != "root" else { return "\(open); its \"socket_mode\" can open it to others" }
        return """
            \(open)
            Join it with 'sudo usermod -aG \(group) \(user ?? "USER")', then log in anew.
            """
    }
}

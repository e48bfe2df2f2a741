// Why a command ends early: the status it exits with, and what it says.

import CommandLineTable
import TextflixClient
import TextflixProtocol

struct Failure: Error, Equatable {
    let status: ExitStatus
    /// For standard error, whole; empty: there is nothing to say.
    let text: String

    init(_ status: ExitStatus, _ message: String) {
        self.status = status
        text = message.isEmpty ? "" : "textflixctl: \(message)"
    }

    init(_ error: ClientError) {
        self.init(error.exitStatus, error.description)
    }

    /// Its own description names the command already.
    init(_ error: UsageError) {
        status = .usage
        text = error.description
    }
}

extension ClientError {
    var exitStatus: ExitStatus {
        switch self {
        case .cannotConnect(_, .notPermitted): .notPermitted
        case .cannotConnect(_, .backlogFull): .tryAgain
        case .cannotConnect: .unavailable
        case .failed(let status): status.code.exitStatus
        case .timedOut: .tryAgain
        case .connectionLost: .unavailable
        case .notThisProtocol: .software
        case .requestTooLarge: .data
        }
    }
}

extension StatusCode {
    var exitStatus: ExitStatus {
        switch self {
        case .ok: .success
        case .invalidArgument, .outOfRange, .failedPrecondition: .data
        // The only thing that a caller names is a model, on the command line.
        case .notFound: .usage
        case .permissionDenied, .unauthenticated: .notPermitted
        case .deadlineExceeded, .resourceExhausted, .unavailable, .aborted, .cancelled: .tryAgain
        case .unknown, .alreadyExists, .unimplemented, .internal, .dataLoss: .software
        }
    }
}

// Why a command ends early: the status it exits with, and what it says.
//
// It does not know which program it ends: that one puts its name before the words.

package import CommandLineTable
package import Syscalls
package import TextflixClient
package import TextflixProtocol

package struct Failure: Error, Equatable {
    package let status: ExitStatus
    /// Empty: there is nothing to say.
    package let message: String
    /// Whether the message names the command already.
    private let isWhole: Bool

    package init(_ status: ExitStatus, _ message: String) {
        self.status = status
        self.message = message
        isWhole = message.isEmpty
    }

    package init(_ error: ClientError) {
        self.init(error.exitStatus, error.description)
    }

    /// Its own description names the command already.
    package init(_ error: UsageError) {
        status = .usage
        message = error.description
        isWhole = true
    }

    /// For standard error, whole.
    package func text(of program: String) -> String {
        isWhole ? message : "\(program): \(message)"
    }
}

extension ClientError {
    package var exitStatus: ExitStatus {
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
    package var exitStatus: ExitStatus {
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

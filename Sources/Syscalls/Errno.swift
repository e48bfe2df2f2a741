// An error of the C library: its code, and what was being done to what.
//
// Invariant: `errno` is read right after the call that set it, in this file only, and EINTR never
// leaves this room. Two errors are equal when their codes are: the context is for people.

internal import Glibc

package struct Errno: Error, Sendable, CustomStringConvertible {
    package let code: Int32
    /// The call and its subject, as in `open /etc/textflix`; it never holds a user's text.
    package let context: String

    package init(_ code: Int32, _ context: String = "") {
        self.code = code
        self.context = context
    }

    /// `open /x: No such file or directory`
    package var description: String {
        context.isEmpty ? message : "\(context): \(message)"
    }

    /// What the C library says of the code, without the context.
    package var message: String {
        // Safe on any thread since glibc 2.32: what it formats lives in the thread.
        guard let text = strerror(code) else { return "error \(code)" }
        return String(cString: text)
    }
}

extension Errno: Equatable {
    package static func == (left: Errno, right: Errno) -> Bool { left.code == right.code }
}

// The codes that some caller tells apart, under names that need no import of the C library.
extension Errno {
    package static let notPermitted = Errno(EPERM)
    package static let noEntry = Errno(ENOENT)
    package static let notDirectory = Errno(ENOTDIR)
    package static let accessDenied = Errno(EACCES)
    package static let exists = Errno(EEXIST)
    package static let busy = Errno(EBUSY)
    package static let isDirectory = Errno(EISDIR)
    package static let invalidArgument = Errno(EINVAL)
    package static let noMemory = Errno(ENOMEM)
    package static let fileTooLarge = Errno(EFBIG)
    package static let brokenPipe = Errno(EPIPE)
    package static let wouldBlock = Errno(EAGAIN)
    package static let timedOut = Errno(ETIMEDOUT)
    package static let nameTooLong = Errno(ENAMETOOLONG)
    package static let addressInUse = Errno(EADDRINUSE)
    package static let connectionRefused = Errno(ECONNREFUSED)
    package static let processLimit = Errno(EMFILE)
    package static let systemLimit = Errno(ENFILE)
}

/// Runs a call that reports failure by -1, again while it is interrupted.
@inline(__always)
func checked<Result: SignedInteger>(
    _ context: @autoclosure () -> String, _ call: () -> Result
) throws(Errno) -> Result {
    while true {
        let result = call()
        if result != -1 { return result }
        let code = errno
        if code != EINTR { throw Errno(code, context()) }
    }
}

/// As `checked`, for calls whose result says nothing more.
@inline(__always)
func perform<Result: SignedInteger>(
    _ context: @autoclosure () -> String, _ call: () -> Result
) throws(Errno) {
    _ = try checked(context(), call)
}

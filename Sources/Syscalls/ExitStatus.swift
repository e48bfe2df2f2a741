// What a process says when it ends, by the convention of <sysexits.h>.

package enum ExitStatus: Int32, Sendable {
    case success = 0
    /// The work was done, but some of the texts failed.
    case someFailed = 1
    /// The command line is wrong.
    case usage = 64
    /// The input is wrong.
    case data = 65
    /// An input file cannot be read.
    case noInput = 66
    /// The daemon cannot be reached.
    case unavailable = 69
    /// A fault in this program or in the daemon.
    case software = 70
    case operatingSystem = 71
    /// An output file cannot be written.
    case cannotCreate = 73
    case inputOutput = 74
    /// Busy, or too late: the same command may succeed later.
    case tryAgain = 75
    case notPermitted = 77
    case configuration = 78
    /// Ended by Ctrl-C: 128 + SIGINT.
    case interrupted = 130
    /// The reader of the output has gone: 128 + SIGPIPE.
    case brokenPipe = 141
    /// Ended by a service manager or `kill`: 128 + SIGTERM.
    case terminated = 143
}

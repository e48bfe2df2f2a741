// What a program says to the person who started it.
//
// Nothing here formats or colours; output to a terminal has no control that was not meant (see
// TerminalText.swift). Output that cannot be written ends the program: quietly where the reader has
// gone, else with the reason. What is said of errors is lost where nobody listens.

internal import CLinux
internal import Glibc

package enum StandardStream: Int32, Sendable {
    case input = 0
    case output = 1
    case error = 2

    /// Holds the places of streams that are closed: the next file opened, be it the daemon's
    /// socket, would be one of them. Reading or writing such a stream fails, as before.
    package static func holdClosed() {
        for stream in [StandardStream.input, .output, .error]
        where !Descriptor.isOpen(stream.rawValue) {
            // The lowest number that is free is this one's.
            _ = open("/dev/null", stream == .input ? O_WRONLY : O_RDONLY)
        }
    }
}

package func isTerminal(_ number: Int32) -> Bool { isatty(number) == 1 }

/// Columns and rows of the terminal at that descriptor; nil where there is none. One that knows its
/// columns only has the usual 24 rows.
package func terminalSize(_ number: Int32) -> (columns: Int, rows: Int)? {
    var columns: UInt16 = 0
    var rows: UInt16 = 0
    guard linux_terminal_size(number, &columns, &rows) == 0, columns > 0 else { return nil }
    return (Int(columns), rows > 0 ? Int(rows) : 24)
}

/// - Returns: once all is written; else the program ends, as sysexits.h has it for output (74), or
///   as one that the closed pipe's signal ends (141).
package func printOutput(_ text: String) {
    let output = StandardStream.output.rawValue
    let shown = isTerminal(output) ? text.withEscapedControls : text
    do throws(Errno) {
        try writeAll(output, Array(shown.utf8))
    } catch {
        guard error != .brokenPipe else { ThisProcess.exit(ExitStatus.brokenPipe.rawValue) }
        let name = CommandLine.arguments.first?.split(separator: "/").last ?? "textflix"
        printError("\(name): writing: \(error.message)\n")
        ThisProcess.exit(ExitStatus.inputOutput.rawValue)
    }
}

/// As `printError`, for whoever must not wait: what standard error does not take now is dropped,
/// and so is what passes the bytes that a pipe takes at once.
/// - Returns: whether it was written.
package func printErrorNow(_ text: String) -> Bool {
    var entry = PollEntry(StandardStream.error.rawValue, toWrite: true)
    guard (try? waitForAny(&entry, milliseconds: 0)) != nil, entry.isWritable else { return false }
    let bytes = Array(text.utf8)
    let most = Int(PIPE_BUF)
    let line = bytes.count <= most ? bytes : bytes.prefix(most - 1) + [UInt8(ascii: "\n")]
    return (try? writeAll(StandardStream.error.rawValue, line)) != nil
}

package func printError(_ text: String) {
    try? writeAll(StandardStream.error.rawValue, Array(text.utf8))
}

// What a program says to the person who started it.
//
// Nothing here formats or colours. Output that fails (a closed pipe) ends quietly: there is nobody
// left to tell.

internal import CLinux
internal import Glibc

package enum StandardStream: Int32, Sendable {
    case input = 0
    case output = 1
    case error = 2
}

package func isTerminal(_ number: Int32) -> Bool { isatty(number) == 1 }

/// Columns and rows of the terminal at that descriptor; nil where there is none.
package func terminalSize(_ number: Int32) -> (columns: Int, rows: Int)? {
    var columns: UInt16 = 0
    var rows: UInt16 = 0
    guard linux_terminal_size(number, &columns, &rows) == 0, columns > 0 else { return nil }
    return (Int(columns), Int(rows))
}

package func printOutput(_ text: String) {
    try? writeAll(StandardStream.output.rawValue, Array(text.utf8))
}

package func printError(_ text: String) {
    try? writeAll(StandardStream.error.rawValue, Array(text.utf8))
}

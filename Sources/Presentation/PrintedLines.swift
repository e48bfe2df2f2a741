// A page on standard output, line by line.

internal import Syscalls

/// Each with its end; as `printOutput`, it returns once all is written.
package func printLines(_ lines: [String]) {
    printOutput(lines.map { "\($0)\n" }.joined())
}

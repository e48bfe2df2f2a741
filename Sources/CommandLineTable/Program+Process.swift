// The command line of this process: understood, or answered and over.
//
// Help goes to standard output with status 0, so that it can be piped; an error goes to standard
// error with EX_USAGE (64) and says where to read more.

internal import Syscalls

extension Program {
    /// This process's command line. Does not return for `--help`, `--version` and errors.
    package func invocation() -> Invocation {
        StandardStream.holdClosed()
        do throws(UsageError) {
            let words = try Arguments.words(of: name)
            switch try parse(words, width: Self.helpWidth) {
            case .run(let invocation): return invocation
            case .show(let text):
                printOutput(text)
                ThisProcess.exit(ExitStatus.success.rawValue)
            }
        } catch {
            error.report()
        }
    }

    private static var helpWidth: Int {
        terminalSize(StandardStream.output.rawValue)?.columns ?? 80
    }
}

extension UsageError {
    /// Says it on standard error and ends the process.
    package func report() -> Never {
        printMessage("\(description)\n")
        ThisProcess.exit(ExitStatus.usage.rawValue)
    }
}

// The terminal as a page: keys one by one and unseen, and back to how it was.
//
// Invariant: the mode found is restored when the owner ends. A process that is killed cannot do so;
// `reset` mends that. One that is to be stopped hears of it first.

internal import CLinux
internal import Glibc

package struct KeyMode: ~Copyable {
    private let number: Int32
    private var found = termios()

    /// - Throws: `ENOTTY` where there is no terminal.
    package init(_ number: Int32) throws(Errno) {
        self.number = number
        var mode = termios()
        try perform("tcgetattr") { tcgetattr(number, &mode) }
        found = mode
        mode.c_lflag &= ~tcflag_t(ICANON | ECHO)
        try perform("tcsetattr") { tcsetattr(number, TCSANOW, &mode) }
    }

    deinit {
        var mode = found
        _ = tcsetattr(number, TCSANOW, &mode)
    }
}

/// Ctrl-Z as a thing to read: who has the whole terminal leaves it before stopping.
package struct StopRequests: ~Copyable {
    private let descriptor: Descriptor
    package var number: Int32 { descriptor.number }

    /// Call it on the main thread before any other starts.
    package init() throws(Errno) {
        var set = Self.signals
        pthread_sigmask(SIG_BLOCK, &set, nil)
        let flags = Int32(SFD_CLOEXEC) | Int32(SFD_NONBLOCK)
        descriptor = Descriptor(adopting: try checked("signalfd") { signalfd(-1, &set, flags) })
    }

    deinit {
        var set = Self.signals
        pthread_sigmask(SIG_UNBLOCK, &set, nil)
    }

    private static var signals: sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        sigaddset(&set, SIGTSTP)
        return set
    }

    /// Stops this process until somebody continues it.
    package func obey() {
        var entry = signalfd_siginfo()
        while Glibc.read(descriptor.number, &entry, MemoryLayout<signalfd_siginfo>.size) > 0 {}
        raise(SIGSTOP)
    }
}

// The terminal as a page: keys one by one and unseen, and back to how it was.
//
// Invariant: the mode found is restored when the owner ends. A process that is killed cannot do so;
// `reset` mends that.

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

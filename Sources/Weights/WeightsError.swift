// Why a model folder cannot be used: which file, what is wrong with it, what can be done.
//
// One error type for the module. `kind` is for code that decides (an exit status, a test),
// `message` for the person who put the folder there; it names tensors and shapes, never a text.

package import Syscalls

package struct WeightsError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Kind: Sendable {
        /// The operating system would not give us the file.
        case unreadable
        /// It would not let us write the file.
        case unwritable
        /// Not the format that its name promises, or damaged.
        case malformed
        /// Well-formed, but something that we do not compute.
        case unsupported
        /// The parts do not fit together: a tensor missing, unknown, of another shape or type.
        case mismatch
        /// A weight, or what was computed with weights, is NaN, infinite or as good as that.
        case notFinite
        /// A setting in a JSON file is wrong; the message has line and column.
        case configuration
    }

    package let kind: Kind
    package let path: String
    package let message: String

    package init(_ kind: Kind, _ path: String, _ message: String) {
        self.kind = kind
        self.path = path
        self.message = message
    }

    init(_ path: String, _ errno: Errno) {
        // What reading a file of a model gives for anything else (see `openRegularFile`).
        let isOther = errno == .invalidArgument
        self.init(
            .unreadable, path,
            isOther ? "not a regular file, but a fifo or a device" : errno.message)
    }

    package init(writing path: String, _ errno: Errno) {
        self.init(.unwritable, path, errno.message)
    }

    package var description: String { "\(path): \(message)" }
}

/// Runs a call of the operating system that reads a file, with its error in our words.
func reading<Value: ~Copyable>(
    _ path: String, _ body: () throws(Errno) -> Value
) throws(WeightsError) -> Value {
    do {
        return try body()
    } catch {
        throw WeightsError(path, error)
    }
}

/// Runs one that writes a file, likewise.
package func writing<Value: ~Copyable>(
    _ path: String, _ body: () throws(Errno) -> Value
) throws(WeightsError) -> Value {
    do {
        return try body()
    } catch {
        throw WeightsError(writing: path, error)
    }
}

extension Array<Int> {
    /// A shape as people write it: `[30522, 384]`, a scalar `[]`.
    var asShape: String { "[" + map(String.init).joined(separator: ", ") + "]" }
}

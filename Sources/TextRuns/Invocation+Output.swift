// The files that options name for output.

package import CommandLineTable
package import Syscalls

extension Invocation {
    /// The file begun: whether it can be written is known before the work that fills it.
    package func output(_ option: Option) throws(Failure) -> OutputFile? {
        guard let path = text(option) else { return nil }
        guard path != "-" else {
            throw Failure(
                complaint(
                    "\(option.flag) names a file, for standard output has the page; "
                        + "./- is a file of that name"))
        }
        do throws(Errno) {
            return try OutputFile(path)
        } catch { throw Failure(.cannotCreate, "cannot write \(path): \(error.message)") }
    }
}

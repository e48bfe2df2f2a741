// A fresh directory for a test's files.
//
// Invariant: with the last reference to it the directory is gone, and all that is in it; no link
// out of it is followed. Whoever uses its path alone keeps a reference meanwhile.

internal import Glibc
internal import Syscalls

package final class TemporaryFolder: Sendable {
    package let path: String

    /// - Parameter name: what the directory's own name says of the test.
    package init(_ name: String = "test", in place: String = "/tmp") throws {
        let pattern = "\(place)/textflix-\(name)-XXXXXX"
        var template = Array(pattern.utf8CString)
        guard mkdtemp(&template) != nil else { throw Errno(errno, "make directory \(pattern)") }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { try? removeDirectoryTree(path) }

    /// The path of a file in it.
    package func callAsFunction(_ name: String) -> String { "\(path)/\(name)" }

    /// - Returns: the path of the written file.
    @discardableResult
    package func write(_ name: String, _ text: String) throws -> String {
        try writeFileAtomically(self(name), bytes: Array(text.utf8))
        return self(name)
    }
}

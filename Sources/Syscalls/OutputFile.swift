// A file that a person names for a program's output, begun before the work that fills it, so that a
// place that cannot be written is known at once.
//
//     no file, a regular file     written beside it, then renamed over it: whole or not at all
//     a link                      what it leads to, or would lead to; the link stays
//     a device, a fifo, /dev/fd   written as it is
//
// Invariant: nothing but a regular file is ever replaced, and the new one has the mode and owner of
// the old one, as far as the writer may. Who ends without `finish` has changed nothing.

internal import Glibc

package final class OutputFile {
    /// As it was named.
    package let path: String
    /// Either is there until it is written.
    private var replacement: AtomicFile?
    private var stream: Descriptor?

    package init(_ path: String) throws(Errno) {
        self.path = path
        let old = fileExists(path) ? try FileStatus(path: path) : nil
        guard old?.kind ?? .regular == .regular, let place = try Self.place(of: path) else {
            replacement = nil
            let number = try checked("open \(path)") { open(path, O_WRONLY | O_APPEND | O_CLOEXEC) }
            stream = Descriptor(adopting: number)
            return
        }
        let file = try AtomicFile(place)
        if let old { try file.resemble(old) }
        replacement = consume file
        stream = nil
    }

    /// All that there is to write, once.
    package func finish(_ bytes: [UInt8]) throws(Errno) {
        if let stream = stream.take() { try writeAll(stream.number, bytes) }
        if let file = replacement.take() {
            try file.write(bytes)
            try file.commit()
        }
    }

    /// Where a path leads through links; nil: to a descriptor that is open already.
    private static func place(of path: String) throws(Errno) -> String? {
        var path = path
        // As many as the kernel follows.
        for _ in 0..<40 {
            let folder = parentDirectory(of: path) ?? "."
            guard !realFolder(folder).hasPrefix("/proc/") else { return nil }
            guard let target = try? readLink(path) else { return path }
            path = target.hasPrefix("/") ? target : "\(folder)/\(target)"
        }
        throw Errno(ELOOP, "open \(path)")
    }
}

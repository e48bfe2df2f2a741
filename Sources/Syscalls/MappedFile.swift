// A file as read-only memory.
//
// Invariant: the pointer is valid as long as the object lives, and nothing writes through it. Pages
// are the page cache's own, so two processes that map one file share them, and a file replaced by
// rename keeps its old bytes here. A file truncated in place is the one danger: touching the lost
// pages raises SIGBUS, which the service turns into a message and an exit.

internal import CLinux
internal import Glibc

package final class MappedFile: @unchecked Sendable {
    // Safe to share: the memory is mapped PROT_READ and the fields are constants.
    package let bytes: UnsafeRawBufferPointer
    package let path: String
    package let identity: FileStatus
    /// The path as the SIGBUS handler prints it; freed with the mapping.
    private let signalName: UnsafeMutablePointer<CChar>?

    package var size: Int { bytes.count }

    /// Maps the whole of a regular file; an empty one gives an empty buffer.
    /// - Throws: as `openRegularFile`, too.
    package init(_ path: String) throws(Errno) {
        let file = try openRegularFile(path)
        let status = try FileStatus(of: file, path: path)
        self.path = path
        identity = status
        guard status.size > 0 else {
            bytes = UnsafeRawBufferPointer(start: nil, count: 0)
            signalName = nil
            return
        }
        guard
            let base = mmap(nil, status.size, PROT_READ, MAP_SHARED, file.number, 0),
            base != MAP_FAILED
        else { throw Errno(errno, "map \(path)") }
        bytes = UnsafeRawBufferPointer(start: base, count: status.size)
        signalName = strdup(path)
        linux_register_mapping(base, status.size, signalName)
    }

    deinit {
        guard let base = bytes.baseAddress else { return }
        linux_forget_mapping(base)
        free(signalName)
        munmap(UnsafeMutableRawPointer(mutating: base), bytes.count)
    }

    /// How the pages will be read; advice that the kernel refuses is only lost speed.
    /// `populate` is done when the call returns: every page is read, and in this process's tables.
    package enum Advice: Sendable {
        case willNeed, sequential, random, normal, dontNeed, hugePages, populate
    }

    package func advise(_ advice: Advice) {
        guard let base = bytes.baseAddress else { return }
        _ = madvise(UnsafeMutableRawPointer(mutating: base), bytes.count, advice.number)
    }

    /// Pins the pages in memory. Often refused (the usual limit is 8 MiB): callers go on without.
    package func lock() throws(Errno) {
        guard let base = bytes.baseAddress else { return }
        try perform("lock \(path)") { mlock(base, bytes.count) }
    }
}

extension MappedFile.Advice {
    var number: Int32 {
        switch self {
        case .normal: MADV_NORMAL
        case .random: MADV_RANDOM
        case .sequential: MADV_SEQUENTIAL
        case .willNeed: MADV_WILLNEED
        case .dontNeed: MADV_DONTNEED
        case .hugePages: MADV_HUGEPAGE
        case .populate: MADV_POPULATE_READ
        }
    }
}

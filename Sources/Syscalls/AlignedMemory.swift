// Memory for matrices: zeroed, aligned, with an owner.
//
// Invariant: `base` is aligned as asked, `byteCount` bytes are ours until the value ends. Large
// blocks come straight from the kernel, so they are given back to it at once.

internal import CLinux
internal import Glibc

package struct AlignedMemory: ~Copyable, @unchecked Sendable {
    // Safe to send: one owner; whoever shares the pointer among threads answers for it.
    package let base: UnsafeMutableRawPointer
    package let byteCount: Int

    private let mapping: UnsafeMutableRawPointer
    private let mappedBytes: Int

    private static let pageBytes = 4096
    private static let hugePageBytes = 2 << 20

    /// - Parameters:
    ///   - alignment: a power of two; 64 is a cache line and the widest vector.
    ///   - hugePages: align to 2 MiB and ask for huge pages; a kernel that has none says no in
    ///     silence.
    /// - Throws: `.noMemory`.
    package init(byteCount: Int, alignment: Int = 64, hugePages: Bool = false) throws(Errno) {
        precondition(byteCount >= 0 && alignment > 0 && alignment & (alignment - 1) == 0)
        let needed = hugePages ? max(alignment, Self.hugePageBytes) : alignment
        // A mapping is page-aligned; a greater alignment is found inside a larger mapping.
        let slack = needed > Self.pageBytes ? needed : 0
        mappedBytes = max(byteCount, 1) + slack
        guard let mapping = linux_map_anonymous(mappedBytes) else {
            throw Errno(ENOMEM, "map \(byteCount) bytes")
        }
        self.mapping = mapping
        self.byteCount = byteCount
        base = mapping.alignedUp(toMultipleOf: needed)
        if hugePages { _ = madvise(base, byteCount, MADV_HUGEPAGE) }
    }

    deinit { munmap(mapping, mappedBytes) }

    package var bytes: UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(start: base, count: byteCount)
    }
}

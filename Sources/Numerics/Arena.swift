// Scratch memory, taken from the system once and handed out as views.
//
// Invariant: every piece is aligned to a cache line and none overlap between two `rewind`s. It
// never grows: asking for more than the arena holds ends the program, because the sizes are
// arithmetic on the model's shape and a miss is our mistake. `measure` runs the same allocations
// on no memory and tells how much they need.

internal import Syscalls

package final class Arena {
    private let memory: AlignedMemory?
    private let base: UnsafeMutableRawPointer
    private let capacity: Int
    package private(set) var used = 0

    /// - Throws: when the system has no memory.
    package init(byteCount: Int) throws(OutOfMemory) {
        do {
            let memory = try AlignedMemory(
                byteCount: byteCount, alignment: 64, hugePages: byteCount >= 2 << 20)
            base = memory.base
            self.memory = consume memory
        } catch { throw OutOfMemory(byteCount: byteCount) }
        capacity = byteCount
    }

    private init(imaginary: Void) {
        memory = nil
        base = UnsafeMutableRawPointer(bitPattern: 64)!  // never touched
        capacity = .max
    }

    /// The bytes that `allocations` takes of an arena. The views it gets must not be touched.
    package static func measure(_ allocations: (Arena) -> Void) -> Int {
        let arena = Arena(imaginary: ())
        allocations(arena)
        return arena.used
    }

    /// `count` bytes, cache-line aligned, of any content.
    package func bytes(_ count: Int) -> UnsafeMutableRawPointer {
        let start = used
        used += (count + 63) & ~63
        precondition(used <= capacity, "an arena smaller than what was measured for it")
        return base + start
    }

    /// `count` values of a trivial type.
    package func values<T: BitwiseCopyable>(_ type: T.Type, _ count: Int) -> UnsafeMutablePointer<T>
    {
        bytes(count * MemoryLayout<T>.stride).bindMemory(to: type, capacity: count)
    }

    /// A matrix whose rows are an odd number of cache lines long: rows that are a power of two
    /// apart fall into the same few cache sets and throw each other out.
    package func matrix(rows: Int, columns: Int) -> MutableMatrixView {
        let stride = Self.stride(columns)
        return MutableMatrixView(
            values(Float.self, rows * stride), rows: rows, columns: columns, stride: stride)
    }

    package static func stride(_ columns: Int) -> Int { ((columns + 15) / 16 | 1) * 16 }

    /// Forgets everything handed out since `used` was `mark`.
    package func rewind(to mark: Int) {
        precondition(mark <= used)
        used = mark
    }
}

package struct OutOfMemory: Error {
    package let byteCount: Int
}

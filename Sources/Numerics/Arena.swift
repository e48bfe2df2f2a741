// Scratch memory: taken from the system once, handed out piece by piece, used over and over.
//
// `Arena` owns the memory; `Scratch` is a cursor over it, a value: a copy starts again where the
// original stood, so the same pieces are used for every block of work, and lanes that work together
// on one block get the same addresses from copies of one cursor. Invariant: pieces of one cursor
// never overlap and are aligned to a cache line. It never grows: asking for more than there is ends
// the program, because sizes are arithmetic on a model's shape and a miss is our mistake.

internal import Syscalls

package final class Arena: @unchecked Sendable {
    // Safe to share: constant; what lies in the memory is the business of who uses a piece.
    private let memory: AlignedMemory
    package let byteCount: Int

    /// - Throws: when the system has no memory.
    package init(byteCount: Int) throws(OutOfMemory) {
        do {
            memory = try AlignedMemory(
                byteCount: byteCount, alignment: 64, hugePages: byteCount >= 2 << 20)
        } catch { throw OutOfMemory(byteCount: byteCount) }
        self.byteCount = byteCount
    }

    /// All of it.
    package var scratch: Scratch { Scratch(base: memory.base, capacity: byteCount) }
}

package struct Scratch: @unchecked Sendable {
    // Safe to share: see Arena.
    private let base: UnsafeMutableRawPointer
    private let capacity: Int
    package private(set) var used = 0

    fileprivate init(base: UnsafeMutableRawPointer, capacity: Int) {
        self.base = base
        self.capacity = capacity
    }

    /// The bytes that `allocations` takes. The pieces it gets must not be touched.
    package static func measure(_ allocations: (inout Scratch) -> Void) -> Int {
        var imaginary = Scratch(base: UnsafeMutableRawPointer(bitPattern: 64)!, capacity: .max)
        allocations(&imaginary)
        return imaginary.used
    }

    /// `count` bytes, cache-line aligned, of any content.
    package mutating func bytes(_ count: Int) -> UnsafeMutableRawPointer {
        let start = used
        used += (count + 63) & ~63
        precondition(used <= capacity, "less scratch than was measured for it")
        return base + start
    }

    /// `count` values of a trivial type.
    package mutating func values<T: BitwiseCopyable>(
        _ type: T.Type, _ count: Int
    ) -> UnsafeMutablePointer<T> {
        bytes(count * MemoryLayout<T>.stride).bindMemory(to: type, capacity: count)
    }

    /// A piece with a cursor of its own.
    package mutating func piece(_ count: Int) -> Scratch {
        Scratch(base: bytes(count), capacity: (count + 63) & ~63)
    }

    /// A matrix whose rows are an odd number of cache lines long: rows that are a power of two
    /// apart fall into the same few cache sets and throw each other out.
    package mutating func matrix(rows: Int, columns: Int) -> MutableMatrixView {
        let stride = Self.stride(columns)
        return MutableMatrixView(
            values(Float.self, rows * stride), rows: rows, columns: columns, stride: stride)
    }

    package static func stride(_ columns: Int) -> Int { ((columns + 15) / 16 | 1) * 16 }
}

package struct OutOfMemory: Error {
    package let byteCount: Int
}

// A word that threads wait on: the one primitive under queues, gates and worker pools.
//
// Invariant: the word lies alone on its cache line, so waiting on one never slows another. `wait`
// may return early (as the kernel's does): callers look at the value again.

internal import CLinux
internal import Synchronization

package struct Futex: ~Copyable, Sendable {
    // Safe to share: all access goes through the atomic; freed by the single owner.
    private nonisolated(unsafe) let word: UnsafeMutablePointer<Atomic<UInt32>>

    package init(_ value: UInt32 = 0) {
        let space = UnsafeMutableRawPointer.allocate(byteCount: 64, alignment: 64)
        word = space.bindMemory(to: Atomic<UInt32>.self, capacity: 1)
        word.initialize(to: Atomic(value))
    }

    deinit {
        word.deinitialize(count: 1)
        UnsafeMutableRawPointer(word).deallocate()
    }

    package var value: UInt32 { word.pointee.load(ordering: .acquiring) }

    package func store(_ value: UInt32) { word.pointee.store(value, ordering: .releasing) }

    /// Adds, wrapping, and returns the new value.
    @discardableResult
    package func add(_ amount: UInt32) -> UInt32 {
        word.pointee.wrappingAdd(amount, ordering: .acquiringAndReleasing).newValue
    }

    /// Sleeps while the word holds `expected`, at most so long.
    package func wait(while expected: UInt32, nanoseconds: UInt64? = nil) {
        let timeout = nanoseconds.map { Int64(clamping: $0) } ?? -1
        _ = linux_futex_wait(
            UnsafeRawPointer(word).assumingMemoryBound(to: UInt32.self),
            expected, timeout)
    }

    package func wake(_ count: Int = 1) {
        _ = linux_futex_wake(
            UnsafeRawPointer(word).assumingMemoryBound(to: UInt32.self),
            Int32(clamping: count))
    }

    package func wakeAll() { wake(Int(Int32.max)) }
}

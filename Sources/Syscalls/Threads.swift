// Threads of our own: named, with a stack of known size, joined by whoever started them.
//
// Invariant: a thread's body is released on that thread when it returns; a `Thread` is joined or
// detached exactly once. There is no pool here and no scheduling policy.

internal import CLinux
internal import Glibc

package struct Thread: ~Copyable, Sendable {
    private let handle: pthread_t

    /// Carries the body across the C call that starts the thread.
    private final class Start {
        let name: String
        let body: @Sendable () -> Void
        init(name: String, body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
    }

    /// Starts a thread.
    /// - Parameters:
    ///   - name: what `top -H` shows; the kernel keeps 15 bytes.
    ///   - stackBytes: a multiple of the page size, at least 64 KiB.
    /// - Throws: `EAGAIN` when the system has no room for another thread.
    package static func spawn(
        name: String, stackBytes: Int = 1 << 20, body: @escaping @Sendable () -> Void
    ) throws(Errno) -> Thread {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setstacksize(&attributes, max(stackBytes, 64 << 10))
        let start = Unmanaged.passRetained(Start(name: name, body: body))
        var handle = pthread_t()
        let code = pthread_create(
            &handle, &attributes,
            { argument in
                let start = Unmanaged<Start>.fromOpaque(argument!).takeRetainedValue()
                linux_set_thread_name(String(start.name.utf8.prefix(15)))
                start.body()
                return nil
            }, start.toOpaque())
        guard code == 0 else {
            start.release()
            throw Errno(code, "start thread \(name)")
        }
        return Thread(handle: handle)
    }

    private init(handle: pthread_t) { self.handle = handle }

    /// Waits for the body to return.
    package consuming func join() { pthread_join(handle, nil) }

    /// Lets the thread end by itself.
    package consuming func detach() { pthread_detach(handle) }

    /// Binds the calling thread to one processor. A sandbox may forbid it: that is no error, the
    /// scheduler then decides.
    @discardableResult
    package static func pin(toProcessor processor: Int) -> Bool {
        var mask = [UInt8](repeating: 0, count: 128)  // 1024 processors, as cpu_set_t has
        guard processor >= 0, processor < mask.count * 8 else { return false }
        mask[processor / 8] = 1 << (processor % 8)
        return linux_set_affinity(&mask, mask.count) == 0
    }
}

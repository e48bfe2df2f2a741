// A shared library opened at run time: for what is worth having only when it is needed.
//
// It is never closed: functions taken from it stay valid for the life of the process.

internal import Glibc

package struct DynamicLibrary: @unchecked Sendable {
    // Safe to share: the handle is a constant, and dlsym may be called from any thread.
    private let handle: UnsafeMutableRawPointer

    /// Opens the first of the names that the loader finds; nil when it finds none.
    package init?(_ names: [String]) {
        for name in names {
            if let handle = dlopen(name, RTLD_NOW | RTLD_LOCAL) {
                self.handle = handle
                return
            }
        }
        return nil
    }

    /// The address of a function, to be cast to its `@convention(c)` type by who knows it.
    package func symbol(_ name: String) -> UnsafeMutableRawPointer? { dlsym(handle, name) }
}

// Memory that is written once, while a tokenizer is built, and only read from then on.
//
// The hot loops index it without bounds checks, so every user states why its index is in range. It
// is what lets one tokenizer be shared by threads: nothing in it changes after `init`.

final class FixedTable<Element: BitwiseCopyable & Sendable>: @unchecked Sendable {
    let base: UnsafePointer<Element>
    let count: Int

    init(_ elements: [Element]) {
        let memory = UnsafeMutablePointer<Element>.allocate(capacity: max(elements.count, 1))
        elements.withUnsafeBufferPointer { source in
            guard let first = source.baseAddress else { return }
            memory.initialize(from: first, count: source.count)
        }
        base = UnsafePointer(memory)
        count = elements.count
    }

    // Elements are bitwise copyable, so there is nothing to deinitialise.
    deinit { base.deallocate() }
}

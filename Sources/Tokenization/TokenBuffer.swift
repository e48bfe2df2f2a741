// The tokens of one text, and the scratch memory to find them with.
//
// A buffer is kept and passed in again for text after text: once it has seen the longest, filling
// it allocates nothing. `ids`, `starts` and `ends` always have the same length. An offset counts
// bytes of the original text; a special token that was added lies at 0..<0, as in the reference.

package struct TokenBuffer: Sendable {
    package internal(set) var ids: [UInt32] = []
    /// Where each token begins in the text, in bytes.
    package internal(set) var starts: [UInt32] = []
    /// Where each token ends in the text, in bytes.
    package internal(set) var ends: [UInt32] = []

    private var scratch: Scratch?

    package init() {}

    package var count: Int { ids.count }

    /// Empties the buffer, keeping its memory.
    mutating func clear() {
        ids.removeAll(keepingCapacity: true)
        starts.removeAll(keepingCapacity: true)
        ends.removeAll(keepingCapacity: true)
    }

    mutating func append(id: UInt32, start: UInt32 = 0, end: UInt32 = 0) {
        ids.append(id)
        starts.append(start)
        ends.append(end)
    }

    /// Scratch memory for words of that many scalars, shared with no other buffer: a copy of a
    /// buffer gets its own here before it is written to.
    mutating func scratch(wordScalars: Int) -> Scratch {
        if let scratch, scratch.wordScalars >= wordScalars, isKnownUniquelyReferenced(&self.scratch)
        {
            return scratch
        }
        let new = Scratch(wordScalars: wordScalars)
        scratch = new
        return new
    }
}

/// Memory that a walk over a text needs: the word underway, and pieces not yet handed on.
///
/// Only the one call that has its buffer `inout` writes to it: see `scratch(wordScalars:)`.
final class Scratch: @unchecked Sendable {
    let wordScalars: Int
    let stagedCapacity: Int
    /// The word's normalised bytes.
    let bytes: UnsafeMutablePointer<UInt8>
    /// For each byte of the word, the source range of the scalar it comes from.
    let sourceStarts: UnsafeMutablePointer<UInt32>
    let sourceEnds: UnsafeMutablePointer<UInt32>
    /// Staged pieces.
    let ids: UnsafeMutablePointer<UInt32>
    let starts: UnsafeMutablePointer<UInt32>
    let ends: UnsafeMutablePointer<UInt32>
    /// Combining marks in canonical order, with the rank of their source; one more than a word's.
    let marks: UnsafeMutablePointer<UInt32>
    let markRanks: UnsafeMutablePointer<UInt32>
    /// Marks by combining class: those in the text, and those that stay.
    let sourceCounts: UnsafeMutablePointer<UInt32>
    let keptCounts: UnsafeMutablePointer<UInt32>

    static let classCount = 256

    init(wordScalars: Int) {
        let wordBytes = 4 * wordScalars
        self.wordScalars = wordScalars
        stagedCapacity = max(wordScalars, Limits.stagedPieces)
        bytes = .allocate(capacity: wordBytes)
        sourceStarts = .allocate(capacity: wordBytes)
        sourceEnds = .allocate(capacity: wordBytes)
        ids = .allocate(capacity: stagedCapacity)
        starts = .allocate(capacity: stagedCapacity)
        ends = .allocate(capacity: stagedCapacity)
        marks = .allocate(capacity: wordScalars + 1)
        markRanks = .allocate(capacity: wordScalars + 1)
        sourceCounts = .allocate(capacity: Self.classCount)
        keptCounts = .allocate(capacity: Self.classCount)
    }

    deinit {
        bytes.deallocate()
        for memory in [sourceStarts, sourceEnds, ids, starts, ends] { memory.deallocate() }
        for memory in [marks, markRanks, sourceCounts, keptCounts] { memory.deallocate() }
    }
}

// The memory in which a batch is computed, taken once and used again.
//
// Invariant: a matrix has at least `OpenBLAS.mostPaddedRows` rows of memory behind it, so that a
// product over few rows can be padded in place (what stands in the further rows is never read as a
// result). Nothing is allocated after `reserve` has seen the largest model.
//
// The scratch of a layer is dead between two layers: that is why two walks can share it, and only
// their hidden states are their own.

internal import Numerics
internal import Syscalls

/// A block of floats that is seen as a matrix of varying shape.
struct FloatBlock: ~Copyable {
    private var memory: AlignedMemory?
    private var base: UnsafeMutablePointer<Float>?
    private(set) var count = 0

    /// Grows to that many floats; the contents are lost when it does.
    mutating func reserve(_ needed: Int) throws(EncoderError) {
        guard needed > count else { return }
        memory = nil
        count = 0
        let byteCount = needed * MemoryLayout<Float>.stride
        do {
            let block = try AlignedMemory(byteCount: byteCount, hugePages: byteCount >= 2 << 20)
            base = block.base.bindMemory(to: Float.self, capacity: needed)
            memory = consume block
        } catch {
            throw .noMemory(bytes: byteCount)
        }
        count = needed
    }

    func matrix(rows: Int, columns: Int) -> MutableMatrixView {
        guard let base, max(rows, OpenBLAS.mostPaddedRows) * columns <= count else {
            preconditionFailure("a workspace used before it was reserved")
        }
        return MutableMatrixView(base, rows: rows, columns: columns)
    }
}

/// What one layer needs beside the hidden states; letters as in BERTModel, T tokens, n tokens of
/// the longest text.
final class LayerScratch {
    /// Queries, keys and values [T, 3H]; later the feed-forward activations [T, F].
    var wide = FloatBlock()
    /// Attention's result [T, H].
    var context = FloatBlock()
    /// What is added to the residual [T, H].
    var sum = FloatBlock()
    /// Attention scores of one head, one block a thread: [threads, n · n].
    var scores = FloatBlock()

    func reserve(
        tokens: Int, hidden: Int, feedForward: Int, longest: Int, threads: Int
    ) throws(EncoderError) {
        let rows = max(tokens, OpenBLAS.mostPaddedRows)
        try wide.reserve(rows * max(3 * hidden, feedForward))
        try context.reserve(rows * hidden)
        try sum.reserve(rows * hidden)
        try scores.reserve(max(threads * longest, OpenBLAS.mostPaddedRows) * longest)
    }
}

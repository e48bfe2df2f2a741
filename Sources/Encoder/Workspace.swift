// The memory in which a batch is kept, taken once and used again.
//
// Nothing is allocated after `reserve` has seen the largest model.

internal import Numerics
internal import Syscalls

/// A block of floats that is used as a matrix of varying shape.
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
        guard let base, rows * columns <= count else {
            preconditionFailure("a workspace used before it was reserved")
        }
        return MutableMatrixView(base, rows: rows, columns: columns)
    }
}

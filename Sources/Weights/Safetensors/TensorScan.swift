// One pass over all tensor bytes: their hashes for the revision, and that no weight is NaN or
// infinite.
//
// A piece of at most 1 MiB is hashed and scanned while it is in the second-level cache, so the pass
// costs one read of memory. Pieces are handed out to a few threads by one counter; the result does
// not depend on who took which.
//
// A value is not finite exactly when all bits of its exponent are set:
//     F32  0x7F80_0000    F16  0x7C00    BF16  0x7F80

internal import Synchronization
internal import Syscalls

struct TensorScan: Sendable {
    private static let pieceBytes = 1 << 20

    private struct Piece: Sendable {
        let tensor: TensorView
        let range: Range<Int>

        var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: tensor.bytes[range]) }
    }

    /// - Returns: one hash a piece, in the order of the tensors.
    /// - Throws: `.notFinite` with the first tensor, in that order, that has such a value.
    static func run(_ tensors: [TensorView], threads: Int) throws(WeightsError) -> [UInt64] {
        let pieces = tensors.flatMap(Self.pieces)
        let findings = Findings(count: pieces.count)
        concurrently(threads: min(threads, pieces.count)) {
            while let index = findings.next() {
                let piece = pieces[index]
                let hash = ContentHash.xxh64(piece.bytes)
                findings.record(index, hash, isFinite(piece.bytes, piece.tensor.type))
            }
        }
        if let bad = findings.firstBad { throw notFinite(pieces[bad].tensor) }
        return findings.hashes
    }

    private static func pieces(_ tensor: TensorView) -> [Piece] {
        stride(from: 0, to: tensor.bytes.count, by: pieceBytes).map {
            Piece(tensor: tensor, range: $0..<min($0 + pieceBytes, tensor.bytes.count))
        }
    }

    /// Types that weights never have pass: they are refused by shape and type, or left aside.
    static func isFinite(_ bytes: UnsafeRawBufferPointer, _ type: ElementType) -> Bool {
        switch type {
        case .float32: noneHasAllBits(of: UInt32(0x7F80_0000), bytes)
        case .float16: noneHasAllBits(of: UInt16(0x7C00), bytes)
        case .bfloat16: noneHasAllBits(of: UInt16(0x7F80), bytes)
        default: true
        }
    }

    /// No early exit: the loop without a branch is several times faster, and bad values are rare.
    @inline(__always)
    private static func noneHasAllBits<Word: FixedWidthInteger & SIMDScalar>(
        of mask: Word, _ bytes: UnsafeRawBufferPointer
    ) -> Bool {
        let width = MemoryLayout<Word>.size
        var found: Word = 0
        for index in 0..<bytes.count / width {
            let word = bytes.loadUnaligned(fromByteOffset: index &* width, as: Word.self)
            found |= ~word & mask == 0 ? 1 : 0
        }
        return found == 0
    }

    private static func notFinite(_ tensor: TensorView) -> WeightsError {
        let width = tensor.type.byteCount
        let index = (0..<tensor.elementCount).first {
            let element = tensor.bytes[$0 * width..<($0 + 1) * width]
            return !isFinite(UnsafeRawBufferPointer(rebasing: element), tensor.type)
        }
        return WeightsError(
            .notFinite, tensor.file.path,
            "tensor \(tensor.name) \(tensor.shape.asShape) has a value that is NaN or infinite, "
                + "the first at element \(index ?? 0)")
    }
}

/// What the threads have found so far.
private final class Findings: @unchecked Sendable {
    // Safe to share: `next` gives each index to one thread, which alone writes that element; the
    // arrays are read after all threads were joined.
    private let nextIndex = Atomic(0)
    private let found: UnsafeMutableBufferPointer<(hash: UInt64, isFinite: Bool)>

    init(count: Int) {
        found = .allocate(capacity: count)
        found.initialize(repeating: (0, true))
    }

    deinit { found.deallocate() }

    func next() -> Int? {
        let index = nextIndex.wrappingAdd(1, ordering: .relaxed).oldValue
        return index < found.count ? index : nil
    }

    func record(_ index: Int, _ hash: UInt64, _ isFinite: Bool) { found[index] = (hash, isFinite) }

    var hashes: [UInt64] { found.map(\.hash) }
    var firstBad: Int? { found.firstIndex { !$0.isFinite } }
}

/// Runs the body on so many threads, the caller's among them; on fewer when the system has no more.
private func concurrently(threads: Int, _ body: @escaping @Sendable () -> Void) {
    guard threads > 1, let thread = try? Thread.spawn(name: "verify", body: body) else {
        return body()
    }
    concurrently(threads: threads - 1, body)
    thread.join()
}

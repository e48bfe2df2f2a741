// The memory in which a layer is computed, taken once and used by every layer of every batch.
//
// Nothing in it outlives a layer: that is why two walks can share it, and only their hidden states
// are their own. Nothing is allocated after `reserve` has seen the largest model.
//
// Letters: T tokens of a batch, H hidden, F feed-forward, n tokens of the longest text.

package import Numerics

extension BlockPlan {
    /// How a layer is cut. 4 panels of 14 rows: the widest matrix of a block, 56 x 4096 f32 =
    /// 917 KB, still fits one core's second-level cache. Measured with 98 and 42 too: within 2 % of
    /// each other, 56 best. From about three panels a lane, own blocks beat shared ones (measured).
    package static let layers = BlockPlan(rows: 56, leastRowsALane: 40)
}

final class LayerScratch {
    let plan = BlockPlan.layers
    private let kernels: Kernels
    private let lanes: Int
    private var arena: Arena?
    private var tokens = 0
    /// One cut of the same memory for every shape of model seen so far.
    private var cuts: [(shape: LayerShape, pieces: Pieces)] = []

    init(kernels: Kernels, lanes: Int) {
        self.kernels = kernels
        self.lanes = lanes
    }

    /// The pieces, for one batch of one model.
    struct Pieces {
        let q, k, v: HeadOperand  // [T, H]
        let context: MutableMatrixView  // [T, H]
        /// Scratch of one lane's own blocks, one a lane.
        let alone: [Scratch]
        /// Scratch of a block that all lanes work on.
        let together: Scratch
        /// Of attention, one a lane.
        let attention: [UnsafeMutableRawPointer]
    }

    /// Takes memory for batches of so many tokens, and keeps what it has if that suffices. Walks
    /// that are under way lose nothing: between two layers there is nothing in it.
    func reserve(tokens wanted: Int, _ shape: LayerShape) throws(EncoderError) {
        if wanted <= tokens && pieces(for: shape) != nil { return }
        let before = tokens
        tokens = max(tokens, wanted)
        let shapes = cuts.map(\.shape).filter { $0 != shape } + [shape]
        let byteCount = shapes.map { shape in Scratch.measure { _ = cut(&$0, shape) } }.max()!
        if arena.map({ $0.byteCount < byteCount }) ?? true {
            // Made before the old one goes: where there is no memory for it, the walks that are
            // under way still have theirs.
            do { arena = try Arena(byteCount: byteCount) } catch {
                tokens = before
                throw .noMemory(bytes: byteCount)
            }
        }
        cuts = []
        for shape in shapes {
            var scratch = arena!.scratch
            cuts.append((shape, cut(&scratch, shape)))
        }
    }

    /// nil when that shape was never reserved.
    func pieces(for shape: LayerShape) -> Pieces? { cuts.first { $0.shape == shape }?.pieces }

    private func cut(_ scratch: inout Scratch, _ shape: LayerShape) -> Pieces {
        func operand() -> HeadOperand {
            HeadOperand(
                tokens: tokens, hidden: shape.hidden, precision: shape.precision, in: &scratch)
        }
        let (q, k, v) = (operand(), operand(), operand())
        let context = scratch.matrix(rows: tokens, columns: shape.hidden)
        let block = Scratch.measure { _ = BlockPieces(plan.rows, shape, kernels, in: &$0) }
        let longest = min(tokens, shape.tokenLimit)
        let attention = Kernels.attentionScratchBytes(tokens: longest, headSize: shape.headSize)
        return Pieces(
            q: q, k: k, v: v, context: context,
            alone: (0..<lanes).map { _ in scratch.piece(block) }, together: scratch.piece(block),
            attention: (0..<lanes).map { _ in scratch.bytes(attention) })
    }
}

/// What one block of rows needs.
struct BlockPieces {
    let packed: PackedRows  // [rows, H]
    let wide: MutableMatrixView  // [rows, F]
    let packedWide: PackedRows  // [rows, F]

    init(_ rows: Int, _ shape: LayerShape, _ kernels: Kernels, in scratch: inout Scratch) {
        packed = PackedRows(
            rows: rows, width: shape.hidden, precision: shape.precision, kernels: kernels,
            in: &scratch)
        wide = scratch.matrix(rows: rows, columns: shape.feedForward)
        packedWide = PackedRows(
            rows: rows, width: shape.feedForward, precision: shape.precision, kernels: kernels,
            in: &scratch)
    }
}

// Attention of one head over one text, and the operands it reads.

internal import CKernels

/// Queries, keys and values [T, H] of all heads side by side, in the precision of attention: f32,
/// or bfloat16 for the bf16 and int8 models.
package struct HeadOperand: @unchecked Sendable {
    // Safe to share: threads write disjoint rows or columns, and read between barriers.
    package let base: UnsafeMutableRawPointer
    package let stride: Int
    package let isHalf: Bool

    package init(tokens: Int, hidden: Int, precision: Precision, in scratch: inout Scratch) {
        isHalf = precision != .f32
        // An odd number of cache lines, as for every matrix of scratch.
        stride = isHalf ? Scratch.stride((hidden + 1) / 2) * 2 : Scratch.stride(hidden)
        base = scratch.bytes(tokens * stride * (isHalf ? 2 : 4))
    }

    package func at(row: Int, column: Int) -> UnsafeMutableRawPointer {
        base + (row * stride + column) * (isHalf ? 2 : 4)
    }
}

extension Kernels {
    package static func attentionScratchBytes(tokens: Int, headSize: Int) -> Int {
        Int(tf_attention_scratch_bytes(Int32(tokens), Int32(headSize)))
    }

    /// y [rows of the panels, N] = x Wᵀ + bias, into rows `firstRow`... of the operand.
    package func project(
        _ x: PackedRows, _ w: PackedMatrix, bias: UnsafePointer<Float>?, into y: HeadOperand,
        firstRow: Int, panels: Range<Int>
    ) {
        let out = y.at(row: firstRow, column: 0)
        if y.isHalf {
            product(
                x, w, bias: bias, intoHalf: out.assumingMemoryBound(to: UInt16.self),
                stride: y.stride, panels: panels)
        } else {
            let view = MutableMatrixView(
                out.assumingMemoryBound(to: Float.self), rows: x.rows, columns: w.columns,
                stride: y.stride)
            product(x, w, bias: bias, .store, into: view, panels: panels)
        }
    }

    /// context [queries, D] = softmax(q kᵀ / √D + bias) v of one head of one text.
    /// - Parameter scratch: `attentionScratchBytes` of it, aligned to a cache line.
    package func attend(_ task: AttentionTask, scratch: UnsafeMutableRawPointer) {
        let column = task.head * task.headSize
        var request = tf_attention()
        request.q = UnsafeRawPointer(task.q.at(row: task.queryRow, column: column))
        request.k = UnsafeRawPointer(task.k.at(row: task.text.lowerBound, column: column))
        request.v = UnsafeRawPointer(task.v.at(row: task.text.lowerBound, column: column))
        request.q_stride = Int64(task.q.stride)
        request.k_stride = Int64(task.k.stride)
        request.v_stride = Int64(task.v.stride)
        request.out = task.context.base + task.queryRow * task.context.stride + column
        request.out_stride = Int64(task.context.stride)
        request.scratch = scratch
        request.bias = task.bias
        request.factor = 1 / Float(task.headSize).squareRoot()
        request.tokens = Int32(task.text.count)
        request.head_size = Int32(task.headSize)
        request.first_query = 0
        request.end_query = Int32(task.queryCount)
        let functions = table.pointee.attention
        if task.q.isHalf { functions.1(&request) } else { functions.0(&request) }
    }
}

/// One head of one text. The queries are rows `queryRow..<queryRow + queryCount` of `q`, and of
/// `context` too; keys and values are rows `text` of `k` and `v`.
package struct AttentionTask {
    package let q, k, v: HeadOperand
    package let context: MutableMatrixView
    package let text: Range<Int>
    package let queryRow: Int
    package let queryCount: Int
    package let head: Int
    package let headSize: Int
    /// Of the first query and the first key, or nil: that of query i and key j stands at i - j (see
    /// `RelativeBias`).
    package let bias: UnsafePointer<Float>?

    package init(
        q: HeadOperand, k: HeadOperand, v: HeadOperand, context: MutableMatrixView,
        text: Range<Int>, queryRow: Int, queryCount: Int, head: Int, headSize: Int,
        bias: UnsafePointer<Float>? = nil
    ) {
        self.q = q
        self.k = k
        self.v = v
        self.context = context
        self.text = text
        self.queryRow = queryRow
        self.queryCount = queryCount
        self.head = head
        self.headSize = headSize
        self.bias = bias
    }
}

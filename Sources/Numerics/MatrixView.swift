// Matrices of f32 as the encoder sees them: a pointer, a shape, a stride. Row-major.
//
// Invariant: `stride >= columns`, and rows `0..<rows` of `stride` floats belong to whoever made the
// view and outlive it: views own nothing. Bounds are checked where a view is cut from another one,
// not where its elements are touched.

package struct MatrixView: @unchecked Sendable {
    // Safe to share: nothing is written through it; its maker keeps the memory and its writers
    // apart.
    package let base: UnsafePointer<Float>
    package let rows: Int
    package let columns: Int
    /// Floats from one row to the next.
    package let stride: Int

    package init(_ base: UnsafePointer<Float>, rows: Int, columns: Int, stride: Int? = nil) {
        precondition(rows >= 0 && columns >= 0 && (stride ?? columns) >= columns)
        self.base = base
        self.rows = rows
        self.columns = columns
        self.stride = stride ?? columns
    }

    /// One row, `columns` floats.
    package subscript(row: Int) -> UnsafeBufferPointer<Float> {
        UnsafeBufferPointer(start: base + row * stride, count: columns)
    }

    package func rows(_ range: Range<Int>) -> MatrixView {
        precondition(range.lowerBound >= 0 && range.upperBound <= rows)
        return MatrixView(
            base + range.lowerBound * stride, rows: range.count, columns: columns, stride: stride)
    }

    package func columns(_ range: Range<Int>) -> MatrixView {
        precondition(range.lowerBound >= 0 && range.upperBound <= columns)
        return MatrixView(
            base + range.lowerBound, rows: rows, columns: range.count, stride: stride)
    }
}

package struct MutableMatrixView: @unchecked Sendable {
    // Safe to share: threads that write through it are given disjoint rows or columns.
    package let base: UnsafeMutablePointer<Float>
    package let rows: Int
    package let columns: Int
    package let stride: Int

    package init(
        _ base: UnsafeMutablePointer<Float>, rows: Int, columns: Int, stride: Int? = nil
    ) {
        precondition(rows >= 0 && columns >= 0 && (stride ?? columns) >= columns)
        self.base = base
        self.rows = rows
        self.columns = columns
        self.stride = stride ?? columns
    }

    package subscript(row: Int) -> UnsafeMutableBufferPointer<Float> {
        UnsafeMutableBufferPointer(start: base + row * stride, count: columns)
    }

    package func rows(_ range: Range<Int>) -> MutableMatrixView {
        precondition(range.lowerBound >= 0 && range.upperBound <= rows)
        return MutableMatrixView(
            base + range.lowerBound * stride, rows: range.count, columns: columns, stride: stride)
    }

    package func columns(_ range: Range<Int>) -> MutableMatrixView {
        precondition(range.lowerBound >= 0 && range.upperBound <= columns)
        return MutableMatrixView(
            base + range.lowerBound, rows: rows, columns: range.count, stride: stride)
    }

    package var readOnly: MatrixView {
        MatrixView(base, rows: rows, columns: columns, stride: stride)
    }
}

// A sparse matrix by rows: [texts, features], each row its columns and their values.
//
// Invariant: `offsets` has one entry more than there are rows and ascends; a column stands at most
// once in a row. Columns count from 0 in the order in which features were first seen, which puts
// the frequent ones together and in the cache.

package struct SparseRows: Sendable {
    package private(set) var offsets: [Int] = [0]
    package private(set) var columns: [UInt32] = []
    package var values: [Float] = []
    package internal(set) var columnCount = 0

    package init() {}

    package var rowCount: Int { offsets.count - 1 }

    package subscript(row: Int) -> Range<Int> { offsets[row]..<offsets[row + 1] }

    mutating func append(column: UInt32) { columns.append(column) }

    mutating func endRow() { offsets.append(columns.count) }

    /// The chosen rows, in that order, over the same columns.
    package func rows(_ chosen: [Int]) -> SparseRows {
        var subset = SparseRows()
        subset.columnCount = columnCount
        for row in chosen {
            subset.columns.append(contentsOf: columns[self[row]])
            if !values.isEmpty { subset.values.append(contentsOf: values[self[row]]) }
            subset.endRow()
        }
        return subset
    }
}

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

    /// The mean and the deviation of every column, for rows that hold all columns; a column that
    /// does not vary has deviation 1.
    package func columnMoments() -> (means: [Double], deviations: [Double]) {
        var means = Array(repeating: 0.0, count: columnCount)
        var squares = means
        for (column, value) in zip(columns, values) {
            means[Int(column)] += Double(value)
            squares[Int(column)] += Double(value) * Double(value)
        }
        let count = Double(max(1, rowCount))
        for column in means.indices { means[column] /= count }
        let deviations = means.indices.map { column in
            let variance = squares[column] / count - means[column] * means[column]
            return variance > 1e-12 ? variance.squareRoot() : 1
        }
        return (means, deviations)
    }

    /// Each value less its column's mean, by its column's deviation.
    package func standardised(means: [Double], deviations: [Double]) -> SparseRows {
        var rows = self
        for (index, column) in columns.enumerated() {
            let place = Int(column)
            rows.values[index] = Float((Double(values[index]) - means[place]) / deviations[place])
        }
        return rows
    }
}

// Symmetric positive definite systems, small and dense, in Double.
//
// Cholesky without pivoting: the systems here are normal equations with a ridge on their diagonal.
// A pivot that is not positive means the caller's matrix was not definite: nil, never a NaN.

package struct SymmetricMatrix {
    package let order: Int
    /// Row-major [order, order]; only the lower triangle is read.
    package var elements: [Double]

    package init(order: Int) {
        self.order = order
        elements = Array(repeating: 0, count: order * order)
    }

    package subscript(row: Int, column: Int) -> Double {
        get { elements[row * order + column] }
        set { elements[row * order + column] = newValue }
    }

    /// x with self · x = b.
    package func solve(_ b: [Double]) -> [Double]? {
        guard let lower = choleskyFactor() else { return nil }
        var x = b
        for row in 0..<order {
            for column in 0..<row { x[row] -= lower[row, column] * x[column] }
            x[row] /= lower[row, row]
        }
        for row in (0..<order).reversed() {
            for below in (row + 1)..<max(order, row + 1) { x[row] -= lower[below, row] * x[below] }
            x[row] /= lower[row, row]
        }
        return x
    }

    private func choleskyFactor() -> SymmetricMatrix? {
        var lower = SymmetricMatrix(order: order)
        for row in 0..<order {
            for column in 0...row {
                var sum = self[row, column]
                for inner in 0..<column { sum -= lower[row, inner] * lower[column, inner] }
                if row == column {
                    guard sum > 0 else { return nil }
                    lower[row, row] = sum.squareRoot()
                } else {
                    lower[row, column] = sum / lower[column, column]
                }
            }
        }
        return lower
    }
}

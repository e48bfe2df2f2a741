// Symmetric positive definite systems, small and dense, in Double.
//
// Cholesky without pivoting: the systems here are normal equations with a ridge on their diagonal.
// A pivot that is not positive means the caller's matrix was not definite: nil, never a NaN.

package struct SymmetricMatrix: Sendable {
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
        var factor = CholeskyFactor(of: self)
        while !factor.isDone {
            guard factor.step() else { return nil }
        }
        return factor.solve(b)
    }

    /// Adds to the elements whose row and column are both among the indices, which ascend.
    mutating func add(_ value: Double, to indices: [Int]) {
        elements.withUnsafeMutableBufferPointer { elements in
            for (place, row) in indices.enumerated() {
                let start = row * order
                for column in indices[...place] { elements[start + column] += value }
            }
        }
    }
}

/// L with L · Lᵀ = the matrix, made row by row: all of a thousand take a good part of a second.
struct CholeskyFactor: Sendable {
    /// L in the rows that are done, the matrix in the others.
    private var lower: SymmetricMatrix
    private var row = 0

    init(of matrix: SymmetricMatrix) { lower = matrix }

    var isDone: Bool { row == lower.order }

    /// Makes the next row.
    /// - Returns: false where the matrix is not definite.
    mutating func step() -> Bool {
        defer { row += 1 }
        let (row, order) = (row, lower.order)
        return lower.elements.withUnsafeMutableBufferPointer { elements in
            let own = row * order
            for column in 0..<row {
                let other = column * order
                var sum = elements[own + column]
                for inner in 0..<column { sum -= elements[own + inner] * elements[other + inner] }
                elements[own + column] = sum / elements[other + column]
            }
            var sum = elements[own + row]
            for inner in 0..<row { sum -= elements[own + inner] * elements[own + inner] }
            guard sum > 0 else { return false }
            elements[own + row] = sum.squareRoot()
            return true
        }
    }

    /// x with L · Lᵀ · x = b, once it is done.
    func solve(_ b: [Double]) -> [Double] {
        let order = lower.order
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
}

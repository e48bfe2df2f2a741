// A corpus as a sparse matrix of n-grams: what the linear baselines train on.
//
// Invariant: a column stands for one n-gram, and `rows` hold the columns of each text, without
// values: those depend on which texts are trained on.

internal import func Glibc.log

package struct NGramCorpus: Sendable {
    package let recipe: NGramRecipe
    package private(set) var rows = SparseRows()
    /// [features]: each n-gram's name.
    package private(set) var names: [UInt64] = []

    package init(recipe: NGramRecipe, texts: some Sequence<[UInt8]>) {
        self.recipe = recipe
        let reader = NGramReader(recipe: recipe)
        var index = FeatureIndex()
        var found: [UInt64] = []
        for text in texts {
            found.removeAll(keepingCapacity: true)
            text.withUnsafeBufferPointer { reader.read($0, into: &found) }
            for name in found { rows.append(column: index.insert(name)) }
            rows.endRow()
        }
        names = index.namesByColumn()
        rows.columnCount = index.count
    }

    /// [features]: 1, or the smoothed inverse text frequency over the chosen texts; 0 for an n-gram
    /// that none of them holds: whoever trains on them does not know it.
    package func frequencies(of texts: [Int]) -> [Float] {
        var counts = Array(repeating: UInt32(0), count: names.count)
        for text in texts { for column in rows.columns[rows[text]] { counts[Int(column)] += 1 } }
        guard recipe.weighting == .inverseFrequency else { return counts.map { $0 > 0 ? 1 : 0 } }
        let total = Double(1 + texts.count)
        return counts.map { $0 > 0 ? Float(log(total / Double(1 + $0)) + 1) : 0 }
    }

    /// The chosen texts' rows with the recipe's values: 1, or frequencies scaled to length 1.
    package func weighed(_ texts: [Int], frequencies: [Float]) -> SparseRows {
        var chosen = rows.rows(texts)
        chosen.values = chosen.columns.map { frequencies[Int($0)] }
        guard recipe.weighting == .inverseFrequency else { return chosen }
        for row in 0..<chosen.rowCount {
            let range = chosen[row]
            let square = chosen.values[range].reduce(0.0) { $0 + Double($1) * Double($1) }
            let scale = square > 0 ? Float(1 / square.squareRoot()) : 0
            for index in range { chosen.values[index] *= scale }
        }
        return chosen
    }
}

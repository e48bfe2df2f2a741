// A classifier on the mean of a text's word vectors: logistic regression or an SVM on D numbers.
//
// Since it is linear, w · mean(v) = mean(w · v): what is served is one coefficient a word, and the
// vectors themselves are not needed again. Words without a vector count for nothing.

package enum AveragedVectors {
    /// What a text's words are: lower-cased, any length, marks too, as GloVe was trained.
    package static let recipe = NGramRecipe(
        minimumWordLength: 1, keepsMarks: true, removesStopWords: false, stems: false, order: 1,
        weighting: .mean)

    /// [texts, D]; a text without a known word is a row of zeros.
    package static func rows(
        _ texts: some Sequence<[UInt8]>, _ vectors: WordVectors
    ) -> SparseRows {
        let reader = NGramReader(recipe: recipe)
        var rows = SparseRows()
        rows.columnCount = vectors.dimension
        var names: [UInt64] = []
        var sum = Array(repeating: Float(0), count: vectors.dimension)
        for text in texts {
            names.removeAll(keepingCapacity: true)
            text.withUnsafeBufferPointer { reader.read($0, into: &names) }
            let known = names.compactMap(vectors.row)
            for index in sum.indices { sum[index] = 0 }
            for row in known {
                let start = row * vectors.dimension
                for index in sum.indices { sum[index] += vectors.elements[start + index] }
            }
            for (column, value) in sum.enumerated() {
                rows.append(column: UInt32(column))
                rows.values.append(known.isEmpty ? 0 : value / Float(known.count))
            }
            rows.endRow()
        }
        return rows
    }

    /// [V]: w · v of each word.
    package static func coefficients(_ weights: [Float], _ vectors: WordVectors) -> [Float] {
        (0..<vectors.count).map { row in
            let start = row * vectors.dimension
            return weights.indices.reduce(Float(0)) {
                $0 + weights[$1] * vectors.elements[start + $1]
            }
        }
    }
}

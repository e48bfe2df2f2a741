// Words, positions and types to the first hidden states, and back.
//
//     embedded = word[id] + type[0] + position[i]          x0 = drop(norm(embedded))
//
// Backwards each lane takes columns, not tokens: a word that stands in many places gets its
// gradients added in the order of the batch, on any number of lanes.

internal import Encoder
internal import Numerics

struct EmbeddingTables {
    let words, positions: MutableMatrixView  // [V, H], [P, H]
    /// [types, H]; nil: the architecture has none.
    let types: MutableMatrixView?
    let wordGradients, positionGradients, typeGradients: MutableMatrixView?
    let norm: Norm
    /// The row of a text's first position.
    let firstPosition: Int

    init(_ parameters: ParameterSet, _ places: ParameterPlaces, firstPosition: Int) {
        let (words, positions, types) = (
            "embeddings.word_embeddings.weight", "embeddings.position_embeddings.weight",
            "embeddings.token_type_embeddings.weight"
        )
        self.words = parameters.matrix(words)
        self.positions = parameters.matrix(positions)
        let hasTypes = parameters.entry(types) != nil
        self.types = hasTypes ? parameters.matrix(types) : nil
        wordGradients = parameters.gradientMatrix(words)
        positionGradients = parameters.gradientMatrix(positions)
        typeGradients = hasTypes ? parameters.gradientMatrix(types) : nil
        norm = places.norm("embeddings.LayerNorm")
        self.firstPosition = firstPosition
    }
}

struct EmbeddingPass {
    let tables: EmbeddingTables
    let runner: DenseRunner
    let dropout: Dropout
    let batch: RaggedBatch

    private var kernels: Kernels { runner.multiplier.kernels }
    private var pool: WorkerPool { runner.multiplier.pool }

    func forward(_ embedded: MutableMatrixView, into x: MutableMatrixView) {
        let mask = dropout.mask(.embeddings)
        pool.run { lane in
            for text in lane.share(of: batch.textCount) {
                let rows = batch.range(ofText: text)
                for row in rows { embed(row, row - rows.lowerBound, into: embedded[row]) }
                for row in rows { _ = x[row].update(from: embedded[row]) }
                kernels.layerNorm(x.rows(rows), tables.norm.row)
                kernels.drop(mask, x, rows: rows)
            }
        }
    }

    private func embed(
        _ row: Int, _ position: Int, into sum: UnsafeMutableBufferPointer<Float>
    ) {
        let place = tables.firstPosition + position
        _ = sum.update(from: tables.words[Int(batch.ids[row])])
        if let types = tables.types { add(types[0], to: sum) }
        add(tables.positions[place], to: sum)
    }

    private func add(
        _ x: UnsafeMutableBufferPointer<Float>, to sum: UnsafeMutableBufferPointer<Float>
    ) {
        kernels.accumulate(x.baseAddress!, count: x.count, into: sum.baseAddress!)
    }

    /// - Parameters:
    ///   - d: the gradient of x0; overwritten.
    ///   - e: scratch of the same shape.
    func backward(
        _ embedded: MutableMatrixView, _ d: MutableMatrixView, _ e: MutableMatrixView,
        _ statistics: RowStatistics
    ) {
        let mask = dropout.mask(.embeddings)
        pool.run { lane in kernels.drop(mask, d, rows: lane.share(of: d.rows)) }
        runner.normBackward(embedded.readOnly, tables.norm, d.readOnly, into: e, statistics)
        pool.run { lane in scatter(e, lane.columns(of: e.columns)) }
    }

    private func scatter(_ e: MutableMatrixView, _ columns: Range<Int>) {
        guard !columns.isEmpty else { return }
        let cut = e.columns(columns)
        func add(_ row: Int, to table: MutableMatrixView?, _ place: Int) {
            guard let table else { return }
            let sum = table.columns(columns)[place].baseAddress!
            kernels.accumulate(cut[row].baseAddress!, count: columns.count, into: sum)
        }
        for text in 0..<batch.textCount {
            let rows = batch.range(ofText: text)
            for row in rows {
                add(row, to: tables.wordGradients, Int(batch.ids[row]))
                add(row, to: tables.positionGradients, tables.firstPosition + row - rows.lowerBound)
                add(row, to: tables.typeGradients, 0)
            }
        }
    }
}

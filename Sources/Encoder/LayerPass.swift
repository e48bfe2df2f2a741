// One layer over a batch: what every lane of the pool does, in order.
//
//     x  = norm(x)                      the norm that the previous step left to do
//     q, k, v = x Wq, x Wk, x Wv        blocks of rows
//     context = softmax(q kᵀ / √D) v    one task a text and head; MPNet adds a bias to the scores
//     x += context Wo                   blocks of rows, from here to the end of the layer
//     h  = gelu(norm(x) W1)
//     x  = norm(x) + h W2               its norm is left to the step after
//
// Every norm is left to whoever reads the rows next, because packing rows for a product reads them
// anyway. Invariant: between layers, x [T, H] is a sum that the previous norm has not yet touched.
// Rows meet only in attention, and no element depends on how the work was cut.
//
// Letters: T tokens, H hidden, A heads, D = H / A, F feed-forward.

internal import Numerics

struct LayerPass {
    let kernels: Kernels
    let pool: WorkerPool
    let shape: LayerShape
    let plan: BlockPlan
    let pieces: LayerScratch.Pieces
    /// MPNet's, nil for BERT.
    let relativeBias: RelativeBias?

    /// x [T, H] becomes the layer's output, its last norm still to be done.
    func layer(
        _ layer: PackedLayer, after norm: RowNorm, _ batch: RaggedBatch, _ x: MutableMatrixView
    ) {
        pool.run(LayerWork(pass: self, layer: layer, norm: norm, batch: batch, x: x, first: nil))
    }

    /// The last layer for the first token of each text alone: its keys and values come from all
    /// tokens, everything else from `first` [texts, H], which becomes the output.
    func lastLayer(
        _ layer: PackedLayer, after norm: RowNorm, _ batch: RaggedBatch, _ x: MutableMatrixView,
        into first: MutableMatrixView
    ) {
        pool.run(LayerWork(pass: self, layer: layer, norm: norm, batch: batch, x: x, first: first))
    }

    /// What one lane does of a layer.
    private struct LayerWork: LaneWork {
        let pass: LayerPass
        let layer: PackedLayer
        let norm: RowNorm
        let batch: RaggedBatch
        let x: MutableMatrixView
        let first: MutableMatrixView?

        func run(on lane: Lane) {
            if let first {
                pass.runLast(lane, layer, norm, batch, x, first)
            } else {
                pass.run(lane, layer, norm, batch, x)
            }
        }
    }

    private func run(
        _ lane: Lane, _ layer: PackedLayer, _ norm: RowNorm, _ batch: RaggedBatch,
        _ x: MutableMatrixView
    ) {
        eachBlock(lane, x.rows) { team, block in
            let rows = pack(team, x.rows(block), norm)
            project(team, rows, layer.query, into: pieces.q, block)
            project(team, rows, layer.key, into: pieces.k, block)
            project(team, rows, layer.value, into: pieces.v, block)
        }
        lane.forEach(batch.textCount * shape.heads) { task in
            let text = batch.range(ofText: task / shape.heads)
            attend(lane, text, head: task % shape.heads, text.lowerBound, text.count)
        }
        finish(lane, layer, x)
    }

    private func runLast(
        _ lane: Lane, _ layer: PackedLayer, _ norm: RowNorm, _ batch: RaggedBatch,
        _ x: MutableMatrixView, _ first: MutableMatrixView
    ) {
        eachBlock(lane, x.rows) { team, block in
            let rows = pack(team, x.rows(block), norm)
            project(team, rows, layer.key, into: pieces.k, block)
            project(team, rows, layer.value, into: pieces.v, block)
        }
        for text in lane.share(of: batch.textCount) {
            _ = first[text].update(from: x[batch.starts[text]])
        }
        lane.barrier()
        eachBlock(lane, first.rows) { team, block in
            let rows = pack(team, first.rows(block), nil)
            project(team, rows, layer.query, into: pieces.q, block)
        }
        lane.forEach(batch.textCount * shape.heads) { task in
            let text = task / shape.heads
            attend(lane, batch.range(ofText: text), head: task % shape.heads, text, 1)
        }
        finish(lane, layer, first)
    }

    private func eachBlock(_ lane: Lane, _ rows: Int, _ body: (Team, Range<Int>) -> Void) {
        lane.eachBlock(
            of: rows, plan, alone: pieces.alone[lane.index], together: pieces.together, body)
    }

    /// Normalises and packs a block of rows.
    private func pack(_ team: Team, _ x: MutableMatrixView, _ norm: RowNorm?) -> PackedRows {
        var scratch = team.scratch
        let rows = BlockPieces(x.rows, shape, kernels, in: &scratch).packed
        kernels.pack(x, norm: norm, into: rows, panels: team.share(of: rows.panelCount))
        team.barrier()
        return rows
    }

    private func project(
        _ team: Team, _ rows: PackedRows, _ dense: PackedDense, into y: HeadOperand,
        _ block: Range<Int>
    ) {
        kernels.project(
            rows, dense.weight, bias: dense.bias, into: y, firstRow: block.lowerBound,
            panels: team.share(of: dense.weight.panelCount))
    }

    private func attend(
        _ lane: Lane, _ text: Range<Int>, head: Int, _ queryRow: Int, _ queryCount: Int
    ) {
        let task = AttentionTask(
            q: pieces.q, k: pieces.k, v: pieces.v, context: pieces.context, text: text,
            queryRow: queryRow, queryCount: queryCount, head: head, headSize: shape.headSize,
            bias: relativeBias?.head(head))
        kernels.attend(task, scratch: pieces.attention[lane.index])
    }

    /// From attention's result to the end of the layer, on all rows of x.
    private func finish(_ lane: Lane, _ layer: PackedLayer, _ x: MutableMatrixView) {
        eachBlock(lane, x.rows) { team, block in
            var scratch = team.scratch
            let own = BlockPieces(block.count, shape, kernels, in: &scratch)
            let (x, context) = (x.rows(block), pieces.context.rows(block))
            step(team, context, nil, own.packed, layer.attentionOutput, .add, into: x)
            step(
                team, x, layer.attentionNorm, own.packed, layer.intermediate, shape.activation,
                into: own.wide)
            step(team, own.wide, nil, own.packedWide, layer.output, .add, into: x)
        }
    }

    /// y = epilogue(norm(x) Wᵀ + b), x normalised in place.
    private func step(
        _ team: Team, _ x: MutableMatrixView, _ norm: RowNorm?, _ rows: PackedRows,
        _ dense: PackedDense, _ epilogue: Epilogue, into y: MutableMatrixView
    ) {
        kernels.pack(x, norm: norm, into: rows, panels: team.share(of: rows.panelCount))
        team.barrier()
        kernels.product(
            rows, dense.weight, bias: dense.bias, epilogue, into: y,
            panels: team.share(of: dense.weight.panelCount))
        team.barrier()
    }
}

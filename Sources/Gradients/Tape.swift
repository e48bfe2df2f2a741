// What a forward pass leaves behind for the backward pass, and the scratch of both.
//
//     embedded   words + positions + types, before their norm              [T, H]
//     states     0: the embeddings after norm and dropout; l: layer l's output   L + 1 of [T, H]
//     a layer    q (scaled by 1/√D), k, v, context, sum (before the first norm), middle (after it),
//                wide (before the activation), sum (before the second norm)
//
// What is cheap to compute again is not kept: attention weights, the activation, dropout's masks,
// means and deviations. That is 8 H + F floats a token and layer: 37 KB for H 768, F 3072. Layers
// that are not trained share one record, and their states take turns in two places.
//
// Letters: T tokens, H hidden, F feed-forward, n tokens of the longest text, L layers.

internal import Numerics

struct LayerRecord {
    let q, k, v: MutableMatrixView  // [T, H]
    let context: MutableMatrixView  // [T, H]
    let attentionSum: MutableMatrixView  // [T, H]
    let middle: MutableMatrixView  // [T, H]
    let wide: MutableMatrixView  // [T, F]
    let outputSum: MutableMatrixView  // [T, H]

    init(_ shape: TapeShape, in scratch: inout Scratch) {
        func narrow() -> MutableMatrixView {
            scratch.matrix(rows: shape.tokens, columns: shape.hidden)
        }
        (q, k, v) = (narrow(), narrow(), narrow())
        context = narrow()
        attentionSum = narrow()
        middle = narrow()
        wide = scratch.matrix(rows: shape.tokens, columns: shape.feedForward)
        outputSum = narrow()
    }
}

/// Used by every layer in turn.
struct PassScratch {
    let d, e: MutableMatrixView  // [T, H]
    let dq, dk, dv: MutableMatrixView  // [T, H]
    let active: MutableMatrixView  // [T, F], the activation's output
    let dWide: MutableMatrixView  // [T, F]
    let statistics: RowStatistics
    let thin: ThinScratch?
    /// Of attention, one a lane.
    let lanes: [Scratch]
    /// The bias of relative positions, [heads, 2 n - 1], and what it gets back, a row a text and
    /// head; without such a bias empty.
    let bias: MutableMatrixView
    let biasGradients: MutableMatrixView

    init(_ shape: TapeShape, in scratch: inout Scratch) {
        func matrix(_ columns: Int) -> MutableMatrixView {
            scratch.matrix(rows: shape.tokens, columns: columns)
        }
        (d, e) = (matrix(shape.hidden), matrix(shape.hidden))
        (dq, dk, dv) = (matrix(shape.hidden), matrix(shape.hidden), matrix(shape.hidden))
        active = matrix(shape.feedForward)
        dWide = matrix(shape.feedForward)
        statistics = RowStatistics(rows: shape.tokens, in: &scratch)
        thin =
            shape.rank == 0
            ? nil : ThinScratch(inner: matrix(shape.rank), back: matrix(shape.rank))
        lanes = (0..<shape.lanes).map { _ in scratch.piece(shape.attentionBytes) }
        let offsets = shape.hasRelativeBias ? 2 * shape.longest - 1 : 0
        bias = scratch.matrix(rows: shape.heads, columns: offsets)
        biasGradients = scratch.matrix(rows: shape.texts * shape.heads, columns: offsets)
    }
}

struct TapeShape: Equatable {
    var tokens: Int
    var texts: Int
    var longest: Int
    let hidden: Int
    let feedForward: Int
    let heads: Int
    let layers: Int
    let rank: Int
    let lanes: Int
    let hasRelativeBias: Bool
    /// Layers below are not kept: their backward pass never comes.
    var firstKept: Int
    var attentionBytes: Int
}

struct Tape {
    let shape: TapeShape
    let embedded: MutableMatrixView
    private let states: [MutableMatrixView]
    private let records: [LayerRecord]
    private let passing: LayerRecord
    let scratch: PassScratch

    init(_ shape: TapeShape, in memory: inout Scratch) {
        self.shape = shape
        func narrow() -> MutableMatrixView {
            memory.matrix(rows: shape.tokens, columns: shape.hidden)
        }
        embedded = narrow()
        let turns = [narrow(), narrow()]
        states = (0...shape.layers).map { $0 < shape.firstKept ? turns[$0 % 2] : narrow() }
        passing = LayerRecord(shape, in: &memory)
        records = (shape.firstKept..<max(shape.firstKept, shape.layers)).map { _ in
            LayerRecord(shape, in: &memory)
        }
        scratch = PassScratch(shape, in: &memory)
    }

    /// What goes into the layer.
    func state(_ layer: Int) -> MutableMatrixView { states[layer] }

    func record(_ layer: Int) -> LayerRecord {
        layer < shape.firstKept ? passing : records[layer - shape.firstKept]
    }

    /// The last layer's output [T, H].
    var last: MutableMatrixView { states[shape.layers] }
}

// Masked words: logits over the vocabulary for some rows, by the word embeddings themselves.
//
//     logits [M, V] = rows [M, H] · wordsᵀ [H, V] + bias [V]
//
// The reference puts a dense layer with a norm between; encoders without a head for masked words
// (as sentence encoders are shipped) have none, and a fresh one would have to be learned first.
//
// Letters: M masked tokens, V vocabulary, H hidden.

internal import Encoder
internal import Numerics

struct MaskedHead {
    let words: MatrixView  // [V, H]
    let wordGradients: MutableMatrixView?
    let bias: UnsafePointer<Float>
    let biasGradient: UnsafeMutablePointer<Float>?
    let runner: DenseRunner

    struct Record {
        let rows, dRows: MutableMatrixView  // [M, H]
        let logits: MutableMatrixView  // [M, V]

        init(masked: Int, hidden: Int, vocabulary: Int, in scratch: inout Scratch) {
            rows = scratch.matrix(rows: masked, columns: hidden)
            dRows = scratch.matrix(rows: masked, columns: hidden)
            logits = scratch.matrix(rows: masked, columns: vocabulary)
        }
    }

    /// The loss of the masked tokens; `d` [T, H] becomes the gradient of the last hidden states.
    func learn(
        _ x: MutableMatrixView, _ masked: [MaskedToken], scale: Float, _ record: Record,
        into d: MutableMatrixView
    ) throws(OutOfMemory) -> Loss {
        for (at, token) in masked.enumerated() {
            _ = record.rows[at].update(from: x[token.row])
        }
        let dense = Dense(
            weight: words, bias: bias, weightGradient: wordGradients, biasGradient: biasGradient,
            adapter: nil)
        try runner.forward(record.rows.readOnly, dense, into: record.logits)
        var loss = Loss()
        for (at, token) in masked.enumerated() {
            loss += CrossEntropy.replace(
                record.logits[at], right: Int(token.id), scale: scale, runner.multiplier.kernels)
        }
        try runner.learn(record.logits.readOnly, record.rows.readOnly, dense, thin: nil)
        try runner.backward(record.logits.readOnly, dense, .store, into: record.dRows)
        for row in 0..<d.rows { d[row].update(repeating: 0) }
        for (at, token) in masked.enumerated() {
            _ = d[token.row].update(from: record.dRows[at])
        }
        return loss
    }
}

/// A token of a batch that was hidden, and what it was.
package struct MaskedToken: Sendable, Equatable {
    /// Its row in the batch.
    package let row: Int
    package let id: UInt32

    package init(row: Int, id: UInt32) {
        self.row = row
        self.id = id
    }
}

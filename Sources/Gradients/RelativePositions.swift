// MPNet's relative position bias in training: from the learnt buckets to one row a head, and back.
//
// The table [32, A] of all layers is spread for each batch to [A, 2 n - 1], the bias of key j and
// query i at j - i + n - 1, n tokens of the longest text. Backwards, attention leaves a row of sums
// over j - i for each text and head; they are added to the buckets text by text, head by head, so
// the order of the sum is that of the batch on any number of lanes.

internal import Encoder
internal import Numerics

struct RelativePositionTable {
    let buckets: MutableMatrixView  // [32, A]
    let gradient: MutableMatrixView?

    /// nil where the architecture has none.
    init?(_ parameters: ParameterSet) {
        let name = "encoder.relative_attention_bias.weight"
        guard parameters.entry(name) != nil else { return nil }
        buckets = parameters.matrix(name)
        gradient = parameters.gradientMatrix(name)
    }

    /// The bucket of a slot, of a text of n tokens.
    private func bucket(_ slot: Int, _ n: Int) -> Int {
        RelativePositions.bucket(distance: n - 1 - slot)
    }

    /// - Parameter spread: [A, 2 n - 1].
    func spread(into spread: MutableMatrixView) {
        let n = (spread.columns + 1) / 2
        for slot in 0..<spread.columns {
            let row = buckets[bucket(slot, n)]
            for head in 0..<spread.rows { spread[head][slot] = row[head] }
        }
    }

    /// Adds the sums of one layer's tasks, [texts · A, 2 n - 1 of more].
    func learn(_ sums: MutableMatrixView, _ batch: RaggedBatch) {
        guard let gradient else { return }
        let heads = buckets.columns
        for text in 0..<batch.textCount {
            let n = batch.range(ofText: text).count
            for slot in 0..<2 * n - 1 {
                let row = gradient[bucket(slot, n)]
                for head in 0..<heads { row[head] += sums[text * heads + head][slot] }
            }
        }
    }
}

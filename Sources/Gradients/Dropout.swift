// Where a network drops, and the masks there: a mask is a function of the draw of the micro-batch,
// the site and the text and head alone. No mask is kept: the backward pass computes it again.

internal import Numerics
internal import Randomness

struct Dropout {
    /// nil: nothing is dropped.
    private let draw: UInt64?
    private let probability: Float

    enum Site: UInt64 { case embeddings, attention, attentionOutput, output, head }

    init(_ probability: Float, draw: UInt64?) {
        self.draw = probability > 0 ? draw : nil
        self.probability = probability
    }

    func mask(_ site: Site, layer: Int = 0, task: Int = 0) -> DropoutMask {
        guard let draw else { return DropoutMask(probability: 0, key: 0) }
        let place = site.rawValue << 56 | UInt64(layer) << 40 | UInt64(task)
        var source = RandomSource(seed: draw)
        var mixed = RandomSource(seed: source.next() ^ place)
        return DropoutMask(probability: probability, key: mixed.next())
    }
}

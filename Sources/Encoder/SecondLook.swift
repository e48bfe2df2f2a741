// Texts whose logits in int8 are too close to call are computed again in bf16.
//
//     margin   |logit| next to the decision: of the best label over the next one; of labels that
//              are judged each on its own, the one nearest to 0
//     doubt    margin < below
//
// What rounding to 8 bits does to a logit is noise of a size that a check on real texts measures
// (textflixlab pack --check); it can only change the label of a text whose margin is not much
// larger. Those are few, so asking about them again costs little and gives them the label that f32
// gives. `below` comes from that check; without one, or where int8 alone passed it, nothing is
// asked twice. Invariant: whether a text is in doubt depends on its own logits alone, so its result
// does not depend on its company.

internal import Numerics
internal import Weights

struct SecondLook: Sendable {
    /// Margins under it are in doubt.
    let below: Float
    /// The same weights in bf16.
    let model: BERTModel

    /// - Parameter logits: of one text.
    func isInDoubt(_ logits: UnsafeBufferPointer<Float>, _ rule: ModelFolder.ScoreRule) -> Bool {
        Self.margin(logits, rule) < below
    }

    static func margin(
        _ logits: UnsafeBufferPointer<Float>, _ rule: ModelFolder.ScoreRule
    ) -> Float {
        if rule == .sigmoid { return logits.lazy.map(\.magnitude).min() ?? .infinity }
        var (best, next) = (-Float.infinity, -Float.infinity)
        for logit in logits {
            if logit > best {
                (best, next) = (logit, best)
            } else if logit > next {
                next = logit
            }
        }
        return best - next
    }
}

/// The texts of a batch that are computed again, and what the others' logits were.
struct Review {
    /// Rows of the first result, in order.
    private(set) var rows: [Int] = []
    private(set) var batch = RaggedBatch()

    mutating func reserve(tokens: Int) {
        rows.reserveCapacity(tokens)
        batch.reserve(tokens: tokens, texts: tokens)
    }

    mutating func removeAll() {
        rows.removeAll(keepingCapacity: true)
        batch.removeAll()
    }

    /// Takes the texts of `all` whose logits [texts, C] are in doubt.
    mutating func take(
        _ all: RaggedBatch, _ logits: MatrixView, _ look: SecondLook, _ model: BERTModel
    ) {
        removeAll()
        for text in 0..<all.textCount where look.isInDoubt(logits[text], model.scoreRule) {
            rows.append(text)
            batch.append(all.ids[all.range(ofText: text)])
        }
    }
}

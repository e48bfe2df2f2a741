// Linear models behind the engine's seam: a batch of texts, scored on all threads of the pool.
//
// One step computes the whole batch: 256 reviews take a few milliseconds, less than a layer of an
// encoder. A text's cost in the queue is counted so that a batch of that many fits the budget of
// tokens. What is used on a lane (reader, names) belongs to it alone and is kept between batches,
// unless a large text has made it large.

internal import Baselines
internal import Numerics
internal import TextflixProtocol

final class LinearEngine {
    /// A lane's scratch.
    private struct Desk {
        let reader: NGramReader
        var names: [UInt64] = []
        /// Of the largest text that it has had.
        var byteCount = 0
    }

    /// A desk that had a larger text is not kept. With one of this, each byte a token and n-grams
    /// of up to five, it has grown to 2^20 slots of 12 bytes, and 5 MB beside them.
    private static let keptBytes = 64 << 10

    private let pool: WorkerPool
    /// By the number of the model.
    private var desks: [UInt32: [Desk]] = [:]

    init(pool: WorkerPool) { self.pool = pool }

    /// In tokens of the batch's budget: a kilobyte is worth four.
    static func cost(of text: Text) -> Int { 1 + text.utf8.count / 256 }

    static func item(
        _ text: Text, request: RequestID, index: Int, model: ServedModel
    ) -> WorkItem<TokenisedText> {
        WorkItem(
            request: request, index: index, tokenCount: cost(of: text),
            byteCount: text.utf8.count,
            payload: TokenisedText(
                model: model, ids: [], total: nil, isTruncated: false, nanoseconds: 0, places: nil,
                text: text))
    }

    func begin(
        _ model: LinearTextModel, number: UInt32, _ texts: [WorkItem<TokenisedText>]
    ) -> LinearWalk {
        // Models come and go with reloads; a handful stays.
        if desks[number] == nil, desks.count >= 8 { desks = [:] }
        return LinearWalk(count: texts.count) { [self] rows in
            score(model, number: number, texts, into: rows)
        }
    }

    private func score(
        _ model: LinearTextModel, number: UInt32, _ texts: [WorkItem<TokenisedText>],
        into rows: LinearRows
    ) {
        var desks =
            desks.removeValue(forKey: number)
            ?? (0..<pool.count).map { _ in
                Desk(reader: NGramReader(recipe: model.recipe))
            }
        desks.withUnsafeMutableBufferPointer { desks in
            // Each lane has a desk of its own, and each text a row of its own.
            let desks = UnsafeMutableBufferPointer(rebasing: desks[...])
            pool.run { lane in
                lane.forEach(texts.count) { index in
                    guard let text = texts[index].payload.text else { return }
                    let score = text.utf8.withUnsafeBufferPointer {
                        model.score($0, desks[lane.index].reader, &desks[lane.index].names)
                    }
                    desks[lane.index].byteCount = max(
                        desks[lane.index].byteCount, text.utf8.count)
                    rows.set(index, logit: Float(score.logit), count: score.total)
                }
            }
        }
        for place in desks.indices where desks[place].byteCount > Self.keptBytes {
            desks[place] = Desk(reader: NGramReader(recipe: model.recipe))
        }
        self.desks[number] = desks
    }
}

/// What a batch of a linear model comes to: [texts, 2] logits, and the n-grams of each text.
struct LinearRows: @unchecked Sendable {
    // Safe to share: each text's row is written by the one lane that scores it.
    fileprivate let logits: UnsafeMutableBufferPointer<Float>
    fileprivate let counts: UnsafeMutableBufferPointer<Int>

    func set(_ index: Int, logit: Float, count: Int) {
        logits[2 * index] = 0
        logits[2 * index + 1] = logit
        counts[index] = count
    }
}

final class LinearWalk: ComputeWalk {
    private let rows: LinearRows
    private let compute: (LinearRows) -> Void

    init(count: Int, compute: @escaping (LinearRows) -> Void) {
        rows = LinearRows(
            logits: .allocate(capacity: 2 * count), counts: .allocate(capacity: count))
        rows.logits.initialize(repeating: 0)
        rows.counts.initialize(repeating: 0)
        self.compute = compute
    }

    func step() -> Bool {
        compute(rows)
        return false
    }

    func row(_ index: Int) -> UnsafeBufferPointer<Float> {
        UnsafeBufferPointer(rebasing: rows.logits[(2 * index)..<(2 * index + 2)])
    }

    func readCount(_ index: Int) -> Int? { rows.counts[index] }

    func end() {}

    deinit {
        rows.logits.deallocate()
        rows.counts.deallocate()
    }
}

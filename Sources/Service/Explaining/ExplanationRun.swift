// One explanation under way: which variants are to be scored, which have been, and the answer.
//
//     plan ──> next wave ──> queue, engine ──> scores ──┐
//               ^                                       │ some are left: next wave
//               └───────────────────────────────────────┤
//                               all there, or time is up └──> answer
//
// A value on the explanation thread: no thread, no lock, no clock in it. Invariant: each variant is
// handed out once and scored once; the last of them is the one that ends the request's place in the
// queue.

internal import Insight
internal import Syscalls
internal import TextflixProtocol
internal import Tokenization

struct ExplanationRun: Sendable {
    /// A variant of one part.
    struct Variant: Sendable {
        let part: Int
        let mask: Mask
    }

    let task: ExplanationTask
    let claim: Claim
    let text: ExplainedText
    /// One a part; nil: the answer follows from the model itself, which scores the text alone.
    private(set) var plans: [ExplanationPlan]?
    /// When it settles for the variants that are scored.
    private let patience: Instant
    private var variants: [Variant]
    private var next = 0
    private var outcomes: [TextOutcome?]
    private var missing: Int
    /// Variants that may wait or be computed at a time.
    private(set) var wave = Self.largestWave

    /// Some of the largest batches of short texts, a sixteenth of a user's share of the queue.
    private static let largestWave = 256

    /// - Parameter affordable: variants that can be scored in time; nil: any number.
    init(
        _ task: ExplanationTask, _ claim: Claim, _ text: ExplainedText, affordable: Int?,
        now: Instant
    ) throws(Status) {
        self.task = task
        self.claim = claim
        self.text = text
        // The plan leaves a quarter of the time in reserve; half of that is for this.
        patience =
            task.deadline == .distantFuture
            ? .distantFuture : now.advanced(by: task.deadline.since(now) / 8 * 7)
        plans = try Self.plans(task, text, affordable: affordable)
        if let plans {
            variants = plans.enumerated().flatMap { part, plan in
                plan.masks.map { Variant(part: part, mask: $0) }
            }
        } else {
            let count = text.parts[0].features.count
            variants = [Variant(part: 0, mask: Mask(count: count, keeping: true))]
        }
        outcomes = Array(repeating: nil, count: variants.count)
        missing = variants.count
    }

    private static func plans(
        _ task: ExplanationTask, _ text: ExplainedText, affordable: Int?
    ) throws(Status) -> [ExplanationPlan]? {
        let order = task.order
        let most = text.parts.map(\.features.count).max() ?? 0
        let wanted = order.samples == 0 ? ExplainOrder.usualSamples : order.samples
        var samples = wanted / text.parts.count
        let method: ExplanationMethod
        switch order.way {
        case .linear: return nil
        case .automatic where task.model.linear != nil: return nil
        case .automatic:
            let variants = min(affordable ?? .max, ExplainOrder.automaticVariants)
            let share = variants / text.parts.count
            method = ExplanationPlan.automatic(featureCount: most, affordable: share)
            samples = min(samples, share)
        case .fixed(let fixed):
            method = fixed
            guard method != .exactLime || most <= ExplanationPlan.exactFeatureLimit else {
                throw .invalid(
                    "EXACT_LIME is for at most \(ExplanationPlan.exactFeatureLimit) features,"
                        + " the text has \(most)")
            }
        }
        return text.parts.indices.map { part in
            ExplanationPlan(
                method: method, featureCount: text.parts[part].features.count, samples: samples,
                seed: order.seed &+ UInt64(part))
        }
    }

    // MARK: Scoring

    /// How many variants have not been handed out.
    var left: Int { variants.count - next }
    /// How many were handed out and are not scored.
    var outstanding: Int { missing - left }
    var isDone: Bool { missing == 0 }

    /// The next variants, not yet handed out.
    func upcoming(_ count: Int) -> Range<Int> { next..<next + count }

    /// Hands out the next variants.
    mutating func take(_ count: Int) -> Range<Int> {
        defer { next += count }
        return upcoming(count)
    }

    /// The queue had no room for so many more: what is under way did fit, or else half of them may.
    mutating func noteRefusal(of count: Int) {
        wave = outstanding > 0 ? outstanding : max(1, count / 2)
    }

    /// The queue had room for a wave: for twice as many another time.
    mutating func noteRoom() { wave = min(2 * wave, Self.largestWave) }

    /// What the variant counts in the queue; the last stands in the place of the text itself.
    func byteCount(of variant: Int) -> Int {
        if isLast(variant) { return task.text.utf8.count }
        return text.parts[variants[variant].part].features
            .byteCount(keeping: variants[variant].mask)
    }

    func bytes(of variant: Int) -> [UInt8] {
        text.parts[variants[variant].part].features.text(keeping: variants[variant].mask)
    }

    /// Whether it is the text itself, which is read as Classify reads it.
    func isWholeText(_ variant: Int) -> Bool { variant == 0 && text.parts.count == 1 }

    func isLast(_ variant: Int) -> Bool { variant == variants.count - 1 }

    /// - Throws: what went wrong with one of them, and so with the explanation.
    mutating func note(_ outcome: TextOutcome) throws(Status) {
        if case .failure(let code, let message) = outcome.result {
            throw Status(code: code, message: message)
        }
        guard outcomes[outcome.index] == nil else { return }
        outcomes[outcome.index] = outcome
        missing -= 1
    }

    /// Where the method is ours to choose and time runs out, what is scored must do.
    /// - Returns: whether the answer follows from it; if not, nothing has changed.
    mutating func settles(now: Instant) -> Bool {
        guard now >= patience, case .automatic = task.order.way, let plans else { return false }
        let scored = outcomes.map { $0 != nil }
        var reduced: [ExplanationPlan] = []
        for (plan, start) in zip(plans, partStarts) {
            let own = scored[start..<start + plan.masks.count]
            guard let part = plan.reduced(to: Array(own)) else { return false }
            reduced.append(part)
        }
        self.plans = reduced
        variants = zip(variants, scored).filter(\.1).map(\.0)
        outcomes = outcomes.filter { $0 != nil }
        (next, missing) = (variants.count, 0)
        return true
    }

    // MARK: The answer

    /// Each variant's probabilities, [C].
    func probabilities(of variant: Int) -> [Float] {
        guard case .scores(_, let probabilities) = outcomes[variant]?.result else { return [] }
        return probabilities
    }

    /// Where each part's variants begin; its first is the whole part.
    var partStarts: [Int] {
        var starts = [0]
        for plan in plans ?? [] { starts.append(starts[starts.count - 1] + plan.masks.count) }
        return Array(starts.dropLast(plans == nil ? 0 : 1))
    }

    /// What the model says of the whole text, as Classify would.
    var whole: TextOutcome {
        var whole = TextOutcome(of: partStarts.compactMap { outcomes[$0] })
        whole.totalTokens = text.reading.totalTokens
        whole.isTruncated = text.reading.isTruncated
        return whole
    }
}

// One explanation under way: which variants are to be scored, which have been, and the answer.
//
//     plan ──> next wave ──> queue, engine ──> scores ──┐
//               ^                                       │ some are left: next wave
//               └───────────────────────────────────────┤
//                               all there, or time is up └──> answer
//
// The parts as they are go first: what the model says of the whole text follows from them, and with
// it the label, where the request names none.
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
    /// Each part as it is, then the others, a part's in the order of its plan's masks.
    private var variants: [Variant]
    private var next = 0
    private(set) var scores: ExplanationScores
    private var missing: Int
    /// What the model says of each part as it is, until all of them are there.
    private var wholeParts: [TextOutcome?]
    /// What the model says of the whole text, as Classify would; nil while a part of it is missing.
    private(set) var classification: Classification?
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
        variants = Self.variants(plans, text)
        missing = variants.count
        let label = task.order.label
        scores = ExplanationScores(
            count: variants.count, label: label.isEmpty ? nil : task.model.place(of: label))
        wholeParts = Array(repeating: nil, count: plans?.count ?? 1)
    }

    private static func variants(
        _ plans: [ExplanationPlan]?, _ text: ExplainedText
    ) -> [Variant] {
        guard let plans else {
            let count = text.parts[0].features.count
            return [Variant(part: 0, mask: Mask(count: count, keeping: true))]
        }
        let whole = plans.enumerated().map { Variant(part: $0, mask: $1.masks[0]) }
        return whole
            + plans.enumerated().flatMap { part, plan in
                plan.masks.dropFirst().map { Variant(part: part, mask: $0) }
            }
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
        switch outcome.result {
        case .scores(_, let probabilities):
            guard !scores.has(outcome.index) else { return }
            scores.note(outcome.index, probabilities)
            missing -= 1
            if outcome.index < wholeParts.count { note(wholePart: outcome) }
        case .failure(let code, let message): throw Status(code: code, message: message)
        default: preconditionFailure("not what a variant is scored with")
        }
    }

    private mutating func note(wholePart outcome: TextOutcome) {
        wholeParts[outcome.index] = outcome
        let known = wholeParts.compactMap(\.self)
        guard known.count == wholeParts.count else { return }
        wholeParts = []
        var whole = TextOutcome(of: known)
        whole.totalTokens = text.reading.totalTokens
        whole.isTruncated = text.reading.isTruncated
        let classification = Classification(whole, task.model)
        self.classification = classification
        if scores.label == nil { scores.decide(task.model.place(of: classification.label)) }
    }

    /// Where the method is ours to choose and time runs out, what is scored must do.
    /// - Returns: whether the answer follows from it; if not, nothing has changed.
    mutating func settles(now: Instant) -> Bool {
        guard now >= patience, case .automatic = task.order.way, let plans else { return false }
        var reduced: [ExplanationPlan] = []
        for (part, plan) in plans.enumerated() {
            guard let less = plan.reduced(to: places(of: part).map(scores.has)) else {
                return false
            }
            reduced.append(less)
        }
        self.plans = reduced
        variants = variants.indices.filter(scores.has).map { variants[$0] }
        scores.dropMissing()
        (next, missing) = (variants.count, 0)
        return true
    }

    // MARK: The answer

    /// Which label is explained, once that is known.
    var label: Int? { scores.label }

    /// The label's probability for each mask of a part's plan, in their order.
    func scores(of part: Int) -> [Double] { places(of: part).map { Double(scores[$0]) } }

    /// The part's variants, in the order of its plan's masks.
    private func places(of part: Int) -> [Int] {
        variants.indices.filter { variants[$0].part == part }
    }
}

extension ServedModel {
    /// Which of its labels that is; a request that names another was refused.
    fileprivate func place(of label: String) -> Int { labels.firstIndex(of: label) ?? 0 }
}

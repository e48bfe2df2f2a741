// A request that was accepted and is not answered yet, and how its texts become one answer.
//
// Lives on the I/O thread. Texts come back one by one, in any order; the last makes the answer.

internal import Syscalls
internal import TextflixProtocol
internal import Weights

struct PendingRequest: Sendable {
    let address: StreamAddress
    let method: MethodName
    let kind: WorkOrder.Kind
    let workClass: WorkClass
    let truncation: ModelSettings.Truncation
    let model: ServedModel
    let arrival: Instant
    /// Only for the answer cache; else the texts are let go as soon as they are tokens.
    private let texts: [Text]
    private(set) var outcomes: [TextOutcome?]
    /// Of texts that are read in windows, while some are missing: by text, then by window.
    private var windows: [Int: [TextOutcome?]] = [:]
    private(set) var missing: Int
    private(set) var timing = Timing()
    private(set) var hasBatch = false

    init(
        address: StreamAddress, method: MethodName, order: WorkOrder, model: ServedModel,
        arrival: Instant, keepsTexts: Bool
    ) {
        self.address = address
        self.method = method
        kind = order.kind
        workClass = order.workClass
        truncation = order.truncation ?? model.truncation
        texts = keepsTexts && order.kind == .classify ? order.texts : []
        self.model = model
        self.arrival = arrival
        outcomes = Array(repeating: nil, count: order.texts.count)
        missing = order.texts.count
    }

    /// What the cache knows a text of this request by.
    func cacheKey(_ index: Int) -> AnswerCache.Key {
        AnswerCache.Key(model: model.number, truncation: truncation, text: texts[index])
    }

    /// - Returns: what is now known of a whole text; nil while windows of it are missing.
    @discardableResult
    mutating func take(_ outcome: TextOutcome) -> TextOutcome? {
        guard outcomes[outcome.index] == nil, let whole = whole(outcome) else { return nil }
        outcomes[outcome.index] = whole
        missing -= 1
        return whole
    }

    private mutating func whole(_ outcome: TextOutcome) -> TextOutcome? {
        guard let window = outcome.window else { return outcome }
        windows[outcome.index, default: Array(repeating: nil, count: window.count)][window.number] =
            outcome
        let known = windows[outcome.index]!.compactMap(\.self)
        guard known.count == window.count else { return nil }
        windows[outcome.index] = nil
        return TextOutcome(of: known)
    }

    /// Notes a batch that had texts of this request; several add up.
    mutating func note(_ batch: BatchReport) {
        if !hasBatch { timing.queuedNs = batch.started.since(arrival) }
        hasBatch = true
        timing.computeNs += batch.computed
        timing.batchTexts = max(timing.batchTexts, UInt32(batch.textCount))
        timing.batchTokens = max(timing.batchTokens, UInt32(batch.tokenCount))
    }
}

/// The kinds of answer.
enum Answer: Sendable {
    case classify(ClassifyResponse)
    case embed(EmbedResponse)
    case tag(TagResponse)
    case tokenize(TokenizeResponse)
    case explain(ExplainResponse)
    /// Something that is told of the whole request, not of one of its texts.
    case failure(Status)
}

extension PendingRequest {
    /// The answer, once nothing is missing.
    var answer: Answer {
        let (name, revision) = (model.name, model.revision)
        switch kind {
        case .classify:
            let results = outcomes.map { Classification($0!, model) }
            return .classify(
                ClassifyResponse(
                    results: results, model: name, revision: revision, timing: timing))
        case .embed(_, let normalize):
            let embeddings = outcomes.map { Embedding($0!, normalize: normalize) }
            return .embed(
                EmbedResponse(
                    embeddings: embeddings, model: name, revision: revision, timing: timing))
        case .tag:
            return .tag(
                TagResponse(
                    results: outcomes.map { Tags($0!) }, model: name, revision: revision,
                    timing: timing))
        case .tokenize:
            if let refusal { return .failure(refusal) }
            return .tokenize(
                TokenizeResponse(
                    results: outcomes.map { Tokens($0!) }, model: name, revision: revision))
        case .explain: return explanation
        }
    }
}

extension PendingRequest {
    private var refusal: Status? {
        for case .refused(let status)? in outcomes.lazy.map({ $0?.result }) { return status }
        return nil
    }

    private var explanation: Answer {
        switch outcomes[0]!.result {
        case .explained(var response):
            response.timing = timing
            return .explain(response)
        case .refused(let status): return .failure(status)
        default: preconditionFailure("not what an explanation is made of")
        }
    }
}

extension Classification {
    init(_ outcome: TextOutcome, _ model: ServedModel) {
        self.init()
        tokens = UInt32(outcome.tokenCount)
        tokensTotal = UInt32(clamping: outcome.totalTokens ?? 0)
        truncated = outcome.isTruncated
        windows = UInt32(outcome.windowCount)
        switch outcome.result {
        case .scores(let logits, let probabilities):
            let best = probabilities.indices.max { probabilities[$0] < probabilities[$1] } ?? 0
            label = model.labels[best]
            probability = probabilities[best]
            abstained = probability < model.abstainBelow
            labelSet = Self.labelSet(probabilities, best, model)
            scores = model.labels.indices.map {
                Score(label: model.labels[$0], probability: probabilities[$0], logit: logits[$0])
            }
        case .failure(let status, let message): (code, error) = (status.rawValue, message)
        default: preconditionFailure("not what a classification is made of")
        }
    }
}

extension Classification {
    /// The label that won, and every other that reaches the model's threshold.
    private static func labelSet(
        _ probabilities: [Float], _ best: Int, _ model: ServedModel
    ) -> [String] {
        guard let threshold = model.labelSetThreshold else { return [] }
        return model.labels.indices
            .filter { $0 == best || probabilities[$0] >= threshold }.map { model.labels[$0] }
    }
}

extension Embedding {
    init(_ outcome: TextOutcome, normalize: Bool) {
        self.init()
        tokens = UInt32(outcome.tokenCount)
        tokensTotal = UInt32(clamping: outcome.totalTokens ?? 0)
        truncated = outcome.isTruncated
        switch outcome.result {
        case .vector(let vector): values = normalize ? Self.unit(vector) : vector
        case .failure(let status, let message): (code, error) = (status.rawValue, message)
        default: preconditionFailure("not what an embedding is made of")
        }
    }

    /// The vector with length 1; zero stays zero. Summed in double precision.
    private static func unit(_ vector: [Float]) -> [Float] {
        let length = vector.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
        return length > 0 ? vector.map { Float(Double($0) / length) } : vector
    }
}

extension Tags {
    init(_ outcome: TextOutcome) {
        self.init()
        tokens = UInt32(outcome.tokenCount)
        tokensTotal = UInt32(clamping: outcome.totalTokens ?? 0)
        truncated = outcome.isTruncated
        switch outcome.result {
        case .spans(let found): spans = found
        case .failure(let status, let message): (code, error) = (status.rawValue, message)
        default: preconditionFailure("not what tags are made of")
        }
    }
}

extension Tokens {
    init(_ outcome: TextOutcome) {
        self.init()
        switch outcome.result {
        case .tokens(let ids, let starts, let ends):
            (self.ids, self.starts, self.ends) = (ids, starts, ends)
        case .failure(let status, let message): (code, error) = (status.rawValue, message)
        default: preconditionFailure("not what tokens are made of")
        }
    }
}

// Answers to texts that were asked before: same text, same model, same options, same answer.
//
// Off unless it is given bytes. It is two generations of entries: what is found in the older one
// moves to the younger; when the younger fills its half of the bytes, the older is dropped and the
// younger takes its place. So it is bounded, what is asked often stays, and nothing is searched.
//
// An answer depends on the model's revision and on nothing that happens around it, so a cached one
// is bit for bit the one that would be computed. Only good answers are kept.

internal import TextflixProtocol
internal import Weights

struct AnswerCache: Sendable {
    struct Key: Hashable, Sendable {
        /// The load of the model, which no other load shares.
        let model: UInt32
        let truncation: ModelSettings.Truncation
        let text: Text
    }

    /// A text's answer without its place in a request.
    struct Answer: Sendable {
        let logits: [Float]
        let probabilities: [Float]
        let tokenCount: Int
        let totalTokens: Int?
        let isTruncated: Bool
        var windowCount = 0
    }

    private let bytesOfGeneration: Int
    private var young: [Key: Answer] = [:]
    private var old: [Key: Answer] = [:]
    private var youngBytes = 0

    /// - Parameter bytes: of both generations; 0: nothing is ever kept.
    init(bytes: Int) { bytesOfGeneration = bytes / 2 }

    var isOn: Bool { bytesOfGeneration > 0 }
    var entryCount: Int { young.count + old.count }

    mutating func find(_ key: Key) -> Answer? {
        if let answer = young[key] { return answer }
        guard let answer = old.removeValue(forKey: key) else { return nil }
        store(answer, for: key)
        return answer
    }

    mutating func store(_ answer: Answer, for key: Key) {
        // Hash table, array headers and the two keys' bookkeeping: about 200 bytes an entry.
        let cost = key.text.utf8.count + 8 * answer.logits.count + 200
        guard cost <= bytesOfGeneration else { return }
        if youngBytes + cost > bytesOfGeneration {
            old = young
            young = [:]
            youngBytes = 0
        }
        if young.updateValue(answer, forKey: key) == nil { youngBytes += cost }
    }
}

extension AnswerCache.Answer {
    /// nil: not an answer to keep.
    init?(_ outcome: TextOutcome) {
        guard case .scores(let logits, let probabilities) = outcome.result else { return nil }
        self.init(
            logits: logits, probabilities: probabilities, tokenCount: outcome.tokenCount,
            totalTokens: outcome.totalTokens, isTruncated: outcome.isTruncated,
            windowCount: outcome.windowCount)
    }

    func outcome(_ request: RequestID, _ index: Int) -> TextOutcome {
        var outcome = TextOutcome(
            request: request, index: index,
            result: .scores(logits: logits, probabilities: probabilities),
            tokenCount: tokenCount, totalTokens: totalTokens, isTruncated: isTruncated)
        outcome.windowCount = windowCount
        return outcome
    }
}

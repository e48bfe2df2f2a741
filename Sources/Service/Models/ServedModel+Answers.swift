// What a model's answers take, known before anything is computed.
//
// A request whose answer no frame has room for is refused at once: computed first, it would cost
// memory and time for nothing. Each text is counted as one that gets its answer, with every number
// in it as long as it can be, so what is accepted fits. But for label sets: where it is they that
// are too long, that is said when the answer is written.

internal import TextflixProtocol

extension ServedModel {
    /// Of an answer, what stands there once: the model's name, its revision, the timing.
    private static let bytesAround = 1 << 10

    /// Refuses an order whose answer would be too large.
    func checkAnswer(to order: WorkOrder) throws(Status) {
        guard let (bytes, reason) = answer(order.kind) else { return }
        let room = (Limits.bodyBytes - Self.bytesAround) / bytes
        guard order.texts.count > room else { return }
        let count = order.texts.count == 1 ? "1 text" : "\(order.texts.count) texts"
        let advice = room == 0 ? "not even one fits" : "send at most \(room) at once"
        throw Status(
            code: .resourceExhausted,
            message: "the answer to \(count) would exceed \(Limits.bodyBytes) bytes: model"
                + " \(name) needs \(bytes) a text (\(reason)); \(advice)")
    }

    /// Bytes of one text's answer, and what they come from; nil: that depends on the text.
    private func answer(_ kind: WorkOrder.Kind) -> (bytes: Int, reason: String)? {
        switch kind {
        case .classify, .explain: (scoreBytes, "\(labels.count) labels")
        case .embed: (vectorBytes, "hidden size \(status.hiddenSize)")
        case .tag, .tokenize: nil
        }
    }

    static func scoreBytes(_ labels: [String]) -> Int {
        let longest = labels.max { $0.utf8.count < $1.utf8.count }
        let result = Classification(
            label: longest ?? "", probability: 1,
            scores: labels.map { Score(label: $0, probability: 1, logit: 1) }, tokens: .max,
            truncated: true, abstained: true, tokensTotal: .max, windows: .max)
        return ClassifyResponse(results: [result]).encoded.count
    }

    static func vectorBytes(_ hiddenSize: Int) -> Int {
        let embedding = Embedding(
            values: Array(repeating: 1, count: hiddenSize), tokens: .max, truncated: true,
            tokensTotal: .max)
        return EmbedResponse(embeddings: [embedding]).encoded.count
    }
}

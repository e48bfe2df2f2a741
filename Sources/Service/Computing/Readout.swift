// What the rows of a finished batch say about its texts.
//
// A row with anything in it that is not a finite number is that text's error, never an answer.

internal import TextflixProtocol

struct Readout {
    let batch: Batch<TokenisedText>
    let walk: any ComputeWalk

    func outcomes() -> [TextOutcome] {
        var firstToken = 0
        return batch.items.enumerated().map { place, item in
            defer { firstToken += item.tokenCount }
            let text = item.payload
            return TextOutcome(
                request: item.request, index: item.index,
                result: result(place, item, firstToken: firstToken),
                tokenCount: walk.readCount(place) ?? item.tokenCount, totalTokens: text.total,
                isTruncated: text.isTruncated, readNanoseconds: text.nanoseconds,
                window: item.window)
        }
    }

    private func result(
        _ place: Int, _ item: WorkItem<TokenisedText>, firstToken: Int
    ) -> TextOutcome.Result {
        let model = item.payload.model
        switch batch.batchKey.output {
        case .logits:
            let logits = walk.row(place)  // [C]
            guard logits.allSatisfy(\.isFinite) else { return Self.notFinite }
            return .scores(logits: Array(logits), probabilities: model.probabilities(logits))
        case .embedding:
            let vector = walk.row(place)  // [H]
            guard vector.allSatisfy(\.isFinite) else { return Self.notFinite }
            return .vector(Array(vector))
        case .tokenLogits:
            let rows = (0..<item.tokenCount).map { walk.row(firstToken + $0) }  // T x [C]
            guard rows.allSatisfy({ $0.allSatisfy(\.isFinite) }) else { return Self.notFinite }
            return .spans(Tagging(model: model).spans(rows, item.payload))
        case .tokens:
            preconditionFailure("tokens alone are never computed")
        }
    }

    private static let notFinite = TextOutcome.Result.failure(
        .internal, "the model's output for this text is not finite")
}

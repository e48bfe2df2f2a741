// The answers to the windows of one text become the answer to the text.
//
// Scores and vectors are means over the windows, each counted alike; spans follow each other. A
// window that failed is the text's failure: what is said of a part is never told of the whole.

internal import TextflixProtocol

extension TextOutcome {
    /// - Parameter windows: all windows of a text, in their order; a single one stays as it is.
    init(of windows: [TextOutcome]) {
        guard windows.count > 1 else {
            self = windows[0]
            return
        }
        self.init(
            request: windows[0].request, index: windows[0].index, result: Result(of: windows),
            tokenCount: windows.reduce(0) { $0 + $1.tokenCount },
            totalTokens: windows[0].totalTokens)
        windowCount = windows.count
    }
}

extension TextOutcome.Result {
    fileprivate init(of windows: [TextOutcome]) {
        var (logits, probabilities, vectors) = ([[Float]](), [[Float]](), [[Float]]())
        var spans: [Tags.Span] = []
        for window in windows {
            switch window.result {
            case .scores(let some, let chances):
                logits.append(some)
                probabilities.append(chances)
            case .vector(let vector): vectors.append(vector)
            case .spans(let some): spans += some
            case .failure:
                self = window.result
                return
            case .tokens, .explained, .refused: preconditionFailure("not read in windows")
            }
        }
        if !logits.isEmpty {
            self = .scores(logits: mean(logits), probabilities: mean(probabilities))
        } else {
            self = vectors.isEmpty ? .spans(spans) : .vector(mean(vectors))
        }
    }
}

/// - Parameter rows: of one length each.
private func mean(_ rows: [[Float]]) -> [Float] {
    rows[0].indices.map { column in
        rows.reduce(0) { $0 + $1[column] / Float(rows.count) }
    }
}

// An accepted Explain request, on its way to the thread that explains.

package import TextflixProtocol

package struct ExplanationTask: Sendable {
    package let request: RequestID
    package let model: ServedModel
    package let order: ExplainOrder
    package let text: Text
    package let truncation: TextTruncation
    /// `distantFuture`: none.
    package let deadline: Instant

    package init(
        request: RequestID, model: ServedModel, order: ExplainOrder, text: Text,
        truncation: TextTruncation, deadline: Instant
    ) {
        self.request = request
        self.model = model
        self.order = order
        self.text = text
        self.truncation = truncation
        self.deadline = deadline
    }
}

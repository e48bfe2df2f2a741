// An accepted Explain request, on its way to the thread that explains.

package import TextflixProtocol
package import Weights

package struct ExplanationTask: Sendable {
    package let request: RequestID
    package let model: ServedModel
    package let order: ExplainOrder
    package let text: Text
    package let truncation: ModelSettings.Truncation
    /// `distantFuture`: none.
    package let deadline: Instant

    package init(
        request: RequestID, model: ServedModel, order: ExplainOrder, text: Text,
        truncation: ModelSettings.Truncation, deadline: Instant
    ) {
        self.request = request
        self.model = model
        self.order = order
        self.text = text
        self.truncation = truncation
        self.deadline = deadline
    }
}

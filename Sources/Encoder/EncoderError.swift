// Why a batch cannot be computed, sorted by who can do something about it.

package import Weights

package enum EncoderError: Error, Sendable, Equatable, CustomStringConvertible {
    // The caller's.
    /// More tokens in one text than the model has positions.
    case textTooLong(text: Int, tokens: Int, limit: Int)
    case idOutOfRange(text: Int, id: UInt32, vocabulary: Int)
    /// More tokens in a batch than the engine was sized for.
    case batchTooLarge(tokens: Int, limit: Int)
    case emptyBatch
    /// The model cannot give this output: it has no such head.
    case noSuchOutput(String)
    // The operator's.
    case weights(WeightsError)
    case noMemory(bytes: Int)
    case unavailable(String)

    package var description: String {
        switch self {
        case .textTooLong(let text, let tokens, let limit):
            "text \(text) has \(tokens) tokens, the model has \(limit) positions"
        case .idOutOfRange(let text, let id, let vocabulary):
            "text \(text) has token id \(id), the model has \(vocabulary) word embeddings"
        case .batchTooLarge(let tokens, let limit):
            "\(tokens) tokens in one batch, the engine was made for \(limit)"
        case .emptyBatch: "a batch without a text"
        case .noSuchOutput(let output): output
        case .weights(let error): error.description
        case .noMemory(let bytes): "no memory for \(bytes) bytes of workspace"
        case .unavailable(let what): what
        }
    }
}

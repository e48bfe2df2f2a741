// A model as the service sees it: a name, what its head says, and something that reads texts and
// computes.
//
// Invariant: constant. A reload makes a new one with a new number; requests keep the one that they
// were accepted with, so no answer is ever made of two revisions.

package import Baselines
package import Encoder
package import TextflixProtocol
package import Tokenization
package import Weights

package final class ServedModel: Sendable {
    package enum Head: Sendable, Equatable { case sequence, token, none }

    /// What reads a text and computes its answer.
    package enum Computation: Sendable {
        /// No network: in tests of the service, whose engine needs no weights.
        case network(BERTModel?, WordPiece)
        /// Reads bytes, and has no longest text.
        case linear(LinearTextModel)
    }

    /// Tells this load from every other of this process: what batches are made by.
    package let number: UInt32
    package let head: Head
    package let labels: [String]
    /// One probability a label, from its logits.
    package let probabilities: @Sendable (UnsafeBufferPointer<Float>) -> [Float]
    package let abstainBelow: Float
    /// From which probability on a label is in the label set; nil: the model promises none.
    package let labelSetThreshold: Float?
    package let truncation: ModelSettings.Truncation
    package let maxTokens: Int
    package let layerCount: Int
    package let computation: Computation
    /// What Status shows; its name is the model's.
    package let status: ModelStatus
    /// What one text takes of an answer: of Classify, and of Embed.
    let scoreBytes: Int
    let vectorBytes: Int

    package var name: String { status.name }
    package var revision: String { status.revision }

    package init(
        number: UInt32, head: Head, labels: [String],
        probabilities: @escaping @Sendable (UnsafeBufferPointer<Float>) -> [Float],
        abstainBelow: Float, labelSetThreshold: Float? = nil,
        truncation: ModelSettings.Truncation, maxTokens: Int, layerCount: Int,
        computation: Computation, status: ModelStatus
    ) {
        self.number = number
        self.head = head
        self.labels = labels
        self.probabilities = probabilities
        self.abstainBelow = abstainBelow
        self.labelSetThreshold = labelSetThreshold
        self.truncation = truncation
        self.maxTokens = maxTokens
        self.layerCount = layerCount
        self.computation = computation
        self.status = status
        scoreBytes = ServedModel.scoreBytes(labels)
        vectorBytes = ServedModel.vectorBytes(Int(status.hiddenSize))
    }

    package var linear: LinearTextModel? {
        if case .linear(let model) = computation { model } else { nil }
    }

    /// How the tokenizer is to cut a text that is too long.
    package func policy(_ truncation: ModelSettings.Truncation) -> TruncationPolicy {
        switch truncation {
        case .head: .head
        case .headAndTail: .headAndTail(ofMax: maxTokens)
        case .refuse: .refuse
        // Each window by itself, of which nothing is left to cut.
        case .windows: .head
        }
    }
}

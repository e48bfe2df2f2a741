// A model as it lies on disk, in the form that Hugging Face ships: read, checked, mapped.
//
//     config.json                      what it is                         required
//     model.safetensors                its weights: one file ...          required, one of the two
//     model.safetensors.index.json     ... or several, with an index
//     vocab.txt, tokenizer.json        its words                          at least one
//     tokenizer_config.json            how text is split                  optional
//     1_Pooling/config.json            sentence-transformers: pooling     optional
//     sentence_bert_config.json        sentence-transformers: length      optional
//     textflix.json                    ours: see ModelSettings            optional
//
// A folder whose textflix.json names a `base` has only that file and its head or adapters: all the
// rest is the base's.
//
// Invariant of a folder that was opened: configuration, settings and tensors agree with each other,
// every weight is finite, and `revision` names all bytes that can change an answer. Nothing is
// copied: the tensors are views into mapped files. It reads no text and computes nothing.

internal import Syscalls

package struct ModelFolder: Sendable {
    /// Where the tokenizer's files are; nil: that file does not exist.
    package struct TokenizerFiles: Sendable, Equatable {
        package let vocabulary: String?
        package let tokenizer: String?
        package let configuration: String?
        package let addedTokens: String?
    }

    /// What turns hidden states into an answer.
    package enum Head: Sendable, Equatable {
        case none
        /// tanh(dense([CLS])), then the classifier.
        case pooler
        /// The classifier on every token.
        case token
        /// `head.weight` over pooled hidden states.
        case linear(ModelSettings.Pooling, normalize: Bool)
    }

    /// How logits become probabilities.
    package enum ScoreRule: Sendable, Equatable {
        /// One of the labels is right.
        case softmax
        /// Each label has its own probability: several labels may be right, or there is only one.
        case sigmoid
    }

    package let path: String
    /// The folder that the encoder comes from: `path`, or its base.
    package let encoderPath: String
    package let configuration: BERTConfiguration
    package let settings: ModelSettings
    package let tokenizerFiles: TokenizerFiles
    package let tensors: CheckpointTensors
    /// A head that did not come with the encoder: `head.weight` and `head.bias`, or what adapters
    /// have brought along.
    package let headTensors: CheckpointTensors?
    /// What is added to the encoder's weights.
    package let adapter: LowRankAdapter?
    package let head: Head
    package let labels: [String]
    package let scoreRule: ScoreRule
    /// How texts become one vector when no head asks for its own way.
    package let pooling: ModelSettings.Pooling
    /// With [CLS] and [SEP].
    package let maxTokens: Int
    package let revision: Revision
    /// The files that the revision was made of, and their state at that time.
    package let source: SourceFingerprint
    package let mappedBytes: Int

    /// - Parameters:
    ///   - path: the folder.
    ///   - threads: how many may read the weights at once.
    ///   - known: the revision of a source that was verified before; its weights are then neither
    ///     hashed nor searched for NaN again (see `SourceFingerprint`).
    /// - Throws: the first thing that is wrong with the folder.
    package static func open(
        _ path: String, threads: Int = ThisProcess.processorCount,
        known: (SourceFingerprint) -> Revision? = { _ in nil }
    ) throws(WeightsError) -> ModelFolder {
        try ModelFolder(path, threads: threads, known: known)
    }
}

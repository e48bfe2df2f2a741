// From a folder to a served model, on the loader's thread.
//
// Everything that can be wrong is found here, before a single request sees the model: the folder
// opens and agrees with itself, the weights are finite, the vocabulary fits the embeddings, and the
// engine's budget takes the longest text. Whether its labels have room is `LabelRoom`'s to say.

internal import Baselines
package import Encoder
internal import Numerics
internal import Syscalls
internal import TextflixProtocol
internal import Tokenization
package import Weights

/// Which models to load, and how.
package struct ModelSource: Sendable, Equatable {
    package let name: String
    package let path: String
    package let precision: PrecisionChoice

    package init(name: String, path: String, precision: PrecisionChoice = .auto) {
        self.name = name
        self.path = path
        self.precision = precision
    }
}

package enum PrecisionChoice: String, Sendable, CaseIterable { case auto, f32, bf16, int8 }

package struct ModelLoader: Sendable {
    package let batchTokens: Int
    /// Where packed weights are kept; nil: in memory only.
    package let cache: PackCache?
    /// Pin mapped weights in memory.
    package let lock: Bool

    package init(batchTokens: Int, cache: PackCache? = nil, lock: Bool = false) {
        self.batchTokens = batchTokens
        self.cache = cache
        self.lock = lock
    }

    /// - Parameters:
    ///   - number: what tells this load from every other.
    ///   - notice: called on this thread with what is worth telling, progress included.
    package func load(
        _ source: ModelSource, number: UInt32, notice: (LoadNotice) -> Void = { _ in }
    ) throws(LoadFailure) -> ServedModel {
        do {
            if LinearTextModel.isFolder(source.path) {
                return ServedModel(
                    source, try LinearTextModel(folder: source.path), number: number)
            }
            let folder = try ModelFolder.open(source.path) { fingerprint in
                cache?.revision(of: fingerprint, folder: source.path)
            }
            cache?.remember(folder)
            // Before weights are packed: what can be refused is refused in milliseconds.
            let tokenizer = try Self.tokenizer(folder)
            try folder.checkModules()
            try folder.checkVocabulary(count: tokenizer.vocabularyCount)
            try check(folder)
            let wanted = Precision(rawValue: source.precision.rawValue)
            let chosen = ChosenPrecision(wanted, for: folder, cache: cache)
            let network = try BERTModel.load(
                folder: folder, precision: chosen.precision, cache: cache,
                doubtBelow: chosen.doubtBelow, lock: lock, notice: notice)
            network.warm()
            return Self.serve(source, chosen.reason, network, tokenizer, number)
        } catch let failure as LoadFailure {
            throw failure
        } catch {
            throw LoadFailure("\(error)")
        }
    }

    private static func tokenizer(_ folder: ModelFolder) throws -> WordPiece {
        let files = try folder.tokenizerFiles.contents()
        do throws(TokenizationError) {
            return try WordPiece(
                tokenizerJSON: files.tokenizer, vocabulary: files.vocabulary,
                tokenizerConfig: files.configuration, addedTokens: files.addedTokens,
                modelType: folder.configuration.family.rawValue)
        } catch { throw LoadFailure("\(folder.encoderPath): \(error)") }
    }

    private func check(_ folder: ModelFolder) throws(LoadFailure) {
        guard folder.maxTokens <= batchTokens else {
            throw LoadFailure(
                "its texts have up to \(folder.maxTokens) tokens, a batch takes \(batchTokens):"
                    + " raise batch_tokens, or lower max_tokens in textflix.json")
        }
    }

    private static func serve(
        _ source: ModelSource, _ precisionReason: String, _ network: BERTModel,
        _ tokenizer: WordPiece, _ number: UInt32
    ) -> ServedModel {
        let configuration = network.configuration
        let status = ModelStatus(
            name: source.name, architecture: configuration.architecture,
            precision: network.precision.rawValue, labels: network.head.labels,
            revision: network.revision.short, mappedBytes: UInt64(network.mappedBytes),
            maxTokens: UInt32(network.maxTokens), hiddenSize: UInt32(configuration.hiddenSize),
            layers: UInt32(configuration.layerCount),
            precisionReason: precisionReason,
            state: .ready, temperature: Float(network.settings.temperature),
            abstainBelow: Float(network.settings.abstainBelow))
        return ServedModel(
            number: number, head: head(network.head), labels: network.head.labels,
            probabilities: { network.probabilities(of: $0) },
            abstainBelow: Float(network.settings.abstainBelow),
            labelSetThreshold: network.settings.conformal.map { Float($0.threshold) },
            truncation: network.settings.truncation, maxTokens: network.maxTokens,
            layerCount: configuration.layerCount, computation: .network(network, tokenizer),
            status: status)
    }

    private static func head(_ head: BERTModel.Head) -> ServedModel.Head {
        switch head {
        case .sequence: .sequence
        case .token: .token
        case .none: .none
        }
    }
}

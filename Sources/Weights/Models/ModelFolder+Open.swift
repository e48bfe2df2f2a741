// Opening a model folder: each file read once, in the order in which a person would look.

internal import JSONText
internal import Syscalls

extension ModelFolder {
    init(
        _ path: String, threads: Int, known: (SourceFingerprint) -> Revision?
    ) throws(WeightsError) {
        let files = try FolderFiles(path)
        self.path = path
        encoderPath = files.encoderPath
        configuration = files.configuration
        settings = files.settings
        let head = Self.head(configuration, settings, files.pooling, files.adapter)
        self.head = head
        pooling = settings.pooling ?? files.pooling.pooling ?? (head == .pooler ? .cls : .mean)
        tokenizerFiles = try TokenizerFiles(encoderPath, configuration)
        tensors = try CheckpointTensors(
            files.weights, configuration: configuration, path: encoderPath)
        adapter = files.adapter
        labels = try Self.labels(configuration, settings, files.settingsFile, files.hasOwnHead)
        let parts = try HeadParts(files.headWeights, adapter, configuration, labels.count, path)
        headTensors = parts?.tensors
        if head == .pooler { try parts?.checkPooler(tensors, path) }
        scoreRule = try Self.scoreRule(
            configuration, settings, labels.count, files.hasOwnHead, files.configurationFile)
        maxTokens = try Self.maxTokens(configuration, settings, files.settingsFile, encoderPath)
        let sets = files.sets
        mappedBytes = sets.reduce(0) { $0 + $1.byteCount }
        let contents = try files.contents(tokenizerFiles)
        source = SourceFingerprint(
            weights: sets.flatMap(\.files).map(\.mapping.identity), contents: contents)
        if let known = known(source) {
            revision = known
        } else {
            revision = try Self.revision(sets, files: contents, threads: threads)
        }
    }

    /// What a folder and its base hold, each file of it read once.
    private struct FolderFiles {
        let settingsFile: JSONSource?
        let settings: ModelSettings
        let encoderPath: String
        let configurationFile: JSONSource
        let configuration: BERTConfiguration
        let weights: ShardedTensors
        let pooling: PoolingFolder
        let adapter: LowRankAdapter?
        let headWeights: ShardedTensors?

        init(_ path: String) throws(WeightsError) {
            settingsFile = try ModelFolder.settingsFile(path)
            settings = try settingsFile.map(ModelSettings.init) ?? ModelSettings()
            encoderPath = try ModelFolder.encoderPath(path, settings)
            configurationFile = try JSONSource(encoderPath + "/config.json")
            let configuration = try BERTConfiguration(configurationFile)
            self.configuration = configuration
            weights = try ModelFolder.weights(encoderPath)
            pooling = try PoolingFolder(encoderPath)
            adapter = try settings.adapter.map { file throws(WeightsError) in
                try LowRankAdapter(ModelFolder.join(path, file), configuration)
            }
            headWeights = try settings.head.map { file throws(WeightsError) in
                try ShardedTensors(file: ModelFolder.join(path, file))
            }
        }

        /// It does not come with the encoder.
        var hasOwnHead: Bool {
            headWeights != nil || adapter?.saved["classifier.weight"] != nil
        }

        /// All weights.
        var sets: [ShardedTensors] {
            [weights] + [headWeights, adapter?.tensors].compactMap(\.self)
        }

        /// What the revision is made of beside the weights, in a fixed order.
        func contents(_ tokenizerFiles: TokenizerFiles) throws(WeightsError) -> [[UInt8]] {
            let words = try tokenizerFiles.contents()
            return try [
                configurationFile.bytes, settingsFile?.bytes ?? [], words.vocabulary,
                words.tokenizer, words.configuration,
            ] + (tokenizerFiles.addedTokens == nil ? [] : [words.addedTokens])
                + (adapter.map { [$0.bytes] } ?? [])
                + ModelFolder.sentenceFiles(encoderPath, settings)
        }
    }

    /// Of a sentence-transformers folder, where textflix.json does not overrule them.
    private static func sentenceFiles(
        _ encoderPath: String, _ settings: ModelSettings
    ) throws(WeightsError) -> [[UInt8]] {
        var files: [[UInt8]] = []
        for (name, isOverruled) in [
            (PoolingFolder.file, settings.pooling != nil),
            (lengthFile, settings.maxTokens != nil),
        ] where !isOverruled {
            let file = encoderPath + "/" + name
            if try isThere(file) { files.append(try JSONSource(file).bytes) }
        }
        return files
    }

    private static let lengthFile = "sentence_bert_config.json"

    private static func settingsFile(_ path: String) throws(WeightsError) -> JSONSource? {
        do throws(Errno) {
            _ = try FileStatus(path: path)
        } catch {
            throw error == .noEntry
                ? WeightsError(.unreadable, path, "no such folder") : WeightsError(path, error)
        }
        let file = path + "/textflix.json"
        return try isThere(file) ? try JSONSource(file, dialect: .json5) : nil
    }

    /// A file that cannot be examined, or is a broken link, is not absent: without it the model
    /// would answer differently.
    package static func isThere(_ path: String) throws(WeightsError) -> Bool {
        try reading(path) { () throws(Errno) in try isPresent(path) }
    }

    private static func encoderPath(
        _ path: String, _ settings: ModelSettings
    ) throws(WeightsError) -> String {
        guard let folder = settings.base else {
            try requireConfiguration(path)
            return path
        }
        let base = join(path, folder)
        do throws(Errno) {
            _ = try FileStatus(path: base)
        } catch {
            let why = error == .noEntry ? " does not exist" : ": \(error.message)"
            throw WeightsError(
                .unreadable, path, "its base folder \(base) (textflix.json, base)\(why)")
        }
        // A folder whose head stands on its own encoder is a base like any other.
        if let own = try settingsFile(base)?.node("base"), own.string != "." {
            throw WeightsError(
                .unsupported, path, "its base \(base) has a base itself: name that one instead")
        }
        try requireConfiguration(base)
        return base
    }

    private static func requireConfiguration(_ path: String) throws(WeightsError) {
        guard try isThere(path + "/config.json") else {
            throw WeightsError(
                .unreadable, path, "no config.json in it: is this a model folder?")
        }
    }

    /// A path as written in a file of the folder.
    static func join(_ folder: String, _ path: String) -> String {
        path.hasPrefix("/") ? path : folder + "/" + path
    }

    private static func weights(_ path: String) throws(WeightsError) -> ShardedTensors {
        let single = path + "/model.safetensors"
        if try isThere(single) { return try ShardedTensors(file: single) }
        let index = path + "/model.safetensors.index.json"
        if try isThere(index) { return try ShardedTensors(index: index) }
        for pickle in ["pytorch_model.bin", "pytorch_model.bin.index.json", "model.bin"]
        where fileExists(path + "/" + pickle) {
            throw WeightsError(
                .unsupported, path + "/" + pickle,
                "a pickle can run any code when it is read, so it is refused; convert it where you "
                    + "trust it: python3 -c \"from transformers import AutoModel as M; "
                    + "M.from_pretrained('IN').save_pretrained('OUT')\" writes model.safetensors "
                    + "(use AutoModelForSequenceClassification to keep a classifier)")
        }
        throw WeightsError(
            .unreadable, path, "neither model.safetensors nor model.safetensors.index.json in it")
    }

    private static func head(
        _ configuration: BERTConfiguration, _ settings: ModelSettings, _ folder: PoolingFolder,
        _ adapter: LowRankAdapter?
    ) -> Head {
        if settings.head != nil {
            return .linear(
                settings.pooling ?? folder.pooling ?? .mean, normalize: settings.normalize ?? false)
        }
        var kind = configuration.head
        if let adapter, adapter.saved["classifier.weight"] != nil {
            kind = adapter.task ?? (kind == .none ? .sequence : kind)
        }
        return switch kind {
        case .none: .none
        case .sequence: .pooler
        case .token: .token
        }
    }

    private static func labels(
        _ configuration: BERTConfiguration, _ settings: ModelSettings, _ file: JSONSource?,
        _ hasOwnHead: Bool
    ) throws(WeightsError) -> [String] {
        if configuration.head == .none && !hasOwnHead { return [] }
        guard let labels = settings.labels, let file else {
            if hasOwnHead, let file {
                throw file.error("labels is missing: a head of its own needs them", file.root)
            }
            return configuration.labels
        }
        if !hasOwnHead && labels.count != configuration.labels.count {
            throw file.error(
                "\(labels.count) labels, but the classifier has \(configuration.labels.count)",
                file.node("labels") ?? file.root)
        }
        return labels
    }

    private static func scoreRule(
        _ configuration: BERTConfiguration, _ settings: ModelSettings, _ labelCount: Int,
        _ hasOwnHead: Bool, _ file: JSONSource
    ) throws(WeightsError) -> ScoreRule {
        let isRegression = configuration.problemType == .regression && configuration.head != .none
        if isRegression, !hasOwnHead, settings.multiLabel == nil {
            throw WeightsError(
                .unsupported, file.path,
                "problem_type regression: its outputs are numbers, not labels (\"multi_label\" in "
                    + "textflix.json says to read them as probabilities)")
        }
        if labelCount == 1 { return .sigmoid }
        if let several = settings.multiLabel { return several ? .sigmoid : .softmax }
        guard !hasOwnHead else { return .softmax }
        return switch configuration.problemType {
        case .multiLabel, .regression: .sigmoid
        case .singleLabel, nil: .softmax
        }
    }

    private static func maxTokens(
        _ configuration: BERTConfiguration, _ settings: ModelSettings, _ file: JSONSource?,
        _ encoderPath: String
    ) throws(WeightsError) -> Int {
        let positions = configuration.tokenLimit
        if let stated = settings.maxTokens, let file {
            guard stated <= positions else {
                throw file.error(
                    "max_tokens \(stated) is more than the model's \(positions) positions",
                    file.node("max_tokens") ?? file.root)
            }
            return stated
        }
        let path = encoderPath + "/" + lengthFile
        guard try isThere(path) else { return positions }
        let stated = try JSONSource(path).natural("max_seq_length", in: 3...Limits.positions)
        return min(stated ?? positions, positions)
    }

    /// Weights piece by piece, then the small files in a fixed order.
    private static func revision(
        _ sets: [ShardedTensors], files: [[UInt8]], threads: Int
    ) throws(WeightsError) -> Revision {
        var pieces = try TensorScan.run(sets.flatMap(\.all), threads: threads)
        for file in sets.flatMap(\.files) {
            let header = file.mapping.bytes[..<file.header.dataStart]
            pieces.append(ContentHash.xxh64(UnsafeRawBufferPointer(rebasing: header)))
        }
        pieces += files.map { $0.withUnsafeBytes { ContentHash.xxh64($0) } }
        return Revision(pieces: pieces)
    }
}

extension ModelFolder.TokenizerFiles {
    /// Finds the files, and checks that every line of a vocabulary has an embedding.
    init(_ path: String, _ configuration: BERTConfiguration) throws(WeightsError) {
        func existing(_ name: String) throws(WeightsError) -> String? {
            try ModelFolder.isThere(path + "/" + name) ? path + "/" + name : nil
        }
        vocabulary = try existing("vocab.txt")
        tokenizer = try existing("tokenizer.json")
        self.configuration = try existing("tokenizer_config.json")
        // Of a vocab.txt only: a tokenizer.json has its own.
        addedTokens = tokenizer == nil ? try existing("added_tokens.json") : nil
        guard vocabulary != nil || tokenizer != nil else {
            throw WeightsError(.unreadable, path, "neither vocab.txt nor tokenizer.json in it")
        }
    }

    /// Of each file; empty where there is none.
    package func contents() throws(WeightsError) -> (
        vocabulary: [UInt8], tokenizer: [UInt8], configuration: [UInt8], addedTokens: [UInt8]
    ) {
        func content(_ file: String?) throws(WeightsError) -> [UInt8] {
            guard let file else { return [] }
            return try reading(file) { () throws(Errno) in
                try readRegularFile(file, limit: Limits.vocabularyBytes)
            }
        }
        return (
            try content(vocabulary), try content(tokenizer), try content(configuration),
            try content(addedTokens)
        )
    }
}

extension ModelFolder {
    /// To be called once the tokenizer is made: more words than embeddings would read past the end.
    /// Fewer is fine: tables are often padded.
    package func checkVocabulary(count: Int) throws(WeightsError) {
        guard count <= configuration.vocabularySize else {
            throw WeightsError(
                .mismatch, encoderPath,
                "the vocabulary has \(count) words, but there are only "
                    + "\(configuration.vocabularySize) word embeddings (config.json, vocab_size)")
        }
    }
}

extension ModelFolder {
    /// To be called where the folder's own vectors are the answer: a sentence-transformers folder
    /// may have layers after pooling, and without them its vectors would differ.
    package func checkModules() throws(WeightsError) {
        let file = encoderPath + "/modules.json"
        guard head == .none, try Self.isThere(file) else { return }
        let known = ["Transformer", "Pooling", "Normalize"]
        for module in try JSONSource.document(file).root.array ?? [] {
            let type = module["type"]?.string ?? ""
            guard let name = type.split(separator: ".").last, !known.contains(String(name)) else {
                continue
            }
            throw WeightsError(
                .unsupported, file,
                "its vectors pass through a module of the type \(type), which is not supported")
        }
    }
}

/// What a sentence-transformers folder says of pooling.
private struct PoolingFolder {
    static let file = "1_Pooling/config.json"

    let pooling: ModelSettings.Pooling?

    init(_ path: String) throws(WeightsError) {
        let file = path + "/" + Self.file
        guard try ModelFolder.isThere(file) else {
            pooling = nil
            return
        }
        let source = try JSONSource(file)
        // As versions from 5.4 on have it.
        if source.node("pooling_mode")?.string != nil {
            pooling = try source.choice("pooling_mode", ModelSettings.Pooling.self)
            return
        }
        let isCLS = try source.flag("pooling_mode_cls_token") ?? false
        let isMean = try source.flag("pooling_mode_mean_tokens") ?? false
        var others = 0
        for mode in ["max_tokens", "mean_sqrt_len_tokens", "weightedmean_tokens", "lasttoken"]
        where try source.flag("pooling_mode_" + mode) == true {
            others += 1
        }
        guard others == 0, isCLS != isMean else {
            throw WeightsError(
                .unsupported, file, "pooling must be by the CLS token or by the mean of all tokens")
        }
        pooling = isCLS ? .cls : .mean
    }
}

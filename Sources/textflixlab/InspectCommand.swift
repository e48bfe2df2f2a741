// textflixlab inspect: what a model folder or a file of packed weights is, or the first thing that
// is wrong with it.

import Baselines
import CommandLineTable
import Syscalls
import Tokenization
import Training
import Weights

enum InspectCommand {
    private static let tensors = Option("tensors", "list every tensor too")

    static let command = Command(
        "inspect", "show what a model folder is, or what is wrong with it",
        details: "Reads and checks all that the daemon would read: the exit status is 0 when it "
            + "would serve the folder, 65 when something in it is wrong, 66 when a file is "
            + "missing, 78 when a setting is wrong. Of packed weights (FILE.packed) every byte is "
            + "compared with its checksum.",
        options: [tensors],
        operands: [Operand("DIR", "the model's folder, or a packed file", kind: .file("DIR"))],
        examples: [Example("textflixlab inspect --tensors /tmp/bert-large")])

    static func run(_ call: Invocation) throws -> ExitStatus {
        if call.operands[0].hasSuffix(".packed") { return try inspectPacked(call) }
        if LinearTextModel.isFolder(call.operands[0]) { return try inspectLinear(call) }
        let started = MonotonicClock.now
        let folder = try ModelFolder.open(call.operands[0])
        let milliseconds = MonotonicClock.now.since(started) / 1_000_000
        let words = try vocabularyCount(folder)
        try folder.checkVocabulary(count: words)
        try folder.checkModules()
        var lines = summary(folder) + [("vocabulary", "\(words) words")]
        lines.append(("checked in", "\(milliseconds) ms"))
        show(lines)
        if call.has(tensors) { list(folder) }
        return .success
    }

    /// Of a folder that may be anybody's.
    private static func show(_ lines: [(String, String)]) {
        for (name, value) in lines {
            let gap = String(repeating: " ", count: 14 - name.count)
            printOutput("\(name)\(gap)\(value.asVisibleLine)\n")
        }
    }

    private static func inspectPacked(_ call: Invocation) throws -> ExitStatus {
        let started = MonotonicClock.now
        let file = try PackedFile(call.operands[0])
        try file.verifyBlobs()
        show([
            ("packed", file.geometry.text),
            ("revision", file.revision.description),
            ("weights", "\(file.entries.count) blobs, \(file.byteCount) bytes"),
            ("checked in", "\(MonotonicClock.now.since(started) / 1_000_000) ms"),
        ])
        for entry in file.entries where call.has(tensors) {
            let blob = entry.blob
            let name = blob.name.asVisibleLine
            printOutput("\(blob.kind)  \(name)  \(blob.rows) x \(blob.columns)\n")
        }
        return .success
    }

    private static func inspectLinear(_ call: Invocation) throws -> ExitStatus {
        let started = MonotonicClock.now
        let model = try LinearTextModel(folder: call.operands[0])
        let recipe = model.recipe
        show([
            ("architecture", LinearTextModel.modelType),
            (
                "recipe",
                recipe.weighting == .mean
                    ? "mean of word vectors"
                    : "n-grams of up to \(recipe.order) tokens, \(recipe.weighting.rawValue)"
            ),
            ("weights", "\(model.mappedBytes) bytes mapped"),
            ("head", "text classification, \(model.labels.joined(separator: ", "))"),
            ("revision", model.revision.description),
            ("checked in", "\(MonotonicClock.now.since(started) / 1_000_000) ms"),
        ])
        return .success
    }

    private static func summary(_ folder: ModelFolder) -> [(String, String)] {
        let shape = folder.configuration
        var lines = [
            ("architecture", shape.architecture),
            (
                "shape",
                "\(shape.layerCount) layers, hidden \(shape.hiddenSize), "
                    + "\(shape.attentionHeads) heads, feed-forward \(shape.feedForwardSize), "
                    + "\(shape.tokenLimit) positions, \(shape.activation.rawValue)"
            ),
            ("parameters", "\(parameterCount(folder))"),
            ("weights", "\(folder.mappedBytes) bytes mapped, \(types(folder))"),
            ("head", headText(folder)),
            ("pooling", folder.pooling.rawValue),
            ("tokens", "\(folder.maxTokens) at most, truncation \(folder.settings.truncation)"),
            ("revision", folder.revision.description),
        ]
        if folder.encoderPath != folder.path { lines.append(("base", folder.encoderPath)) }
        if let adapter = folder.adapter {
            let count = adapter.targets.count
            lines.append(("adapter", "rank \(adapter.rank) on \(count) dense layers"))
        }
        if !folder.tensors.ignored.isEmpty {
            lines.append(("ignored", folder.tensors.ignored.joined(separator: ", ")))
        }
        return lines
    }

    private static func headText(_ folder: ModelFolder) -> String {
        let labels = folder.labels.joined(separator: ", ")
        return switch folder.head {
        case .none: "none: embeddings"
        case .pooler: "text classification, \(folder.scoreRule): \(labels)"
        case .token: "token classification: \(labels)"
        case .linear(let pooling, let normalize):
            "linear over \(normalize ? "normalised " : "")\(pooling) pooling, "
                + "\(folder.scoreRule): \(labels)"
        }
    }

    private static func views(_ folder: ModelFolder) -> [TensorView] {
        folder.configuration.tensorShapes.compactMap { folder.tensors[$0.name] }
            + ["head.weight", "head.bias"].compactMap { folder.headTensors?[$0] }
    }

    private static func parameterCount(_ folder: ModelFolder) -> Int {
        views(folder).reduce(0) { $0 + $1.elementCount }
    }

    private static func types(_ folder: ModelFolder) -> String {
        Set(views(folder).map(\.type.rawValue)).sorted().joined(separator: " and ")
    }

    private static func list(_ folder: ModelFolder) {
        for view in views(folder) {
            let shape = view.shape.map(String.init).joined(separator: " x ")
            printOutput("\(view.type.rawValue)  \(view.name.asVisibleLine)  \(shape)\n")
        }
    }

    /// By the tokenizer itself, so that what it refuses is told here too.
    private static func vocabularyCount(_ folder: ModelFolder) throws -> Int {
        let files = folder.tokenizerFiles
        do {
            return try WordPiece(of: folder).vocabularyCount
        } catch let error as TokenizationError {
            throw WeightsError(
                .malformed, files.tokenizer ?? files.vocabulary ?? folder.path, "\(error)")
        }
    }
}

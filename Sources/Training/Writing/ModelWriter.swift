// Writes what was trained as a model folder that the daemon serves and the reference loads.
//
//     encoder         model.safetensors, config.json, the tokenizer's files
//     whole model     model.safetensors, config.json, the tokenizer's files, textflix.json
//                     linear head: head.safetensors over the folder's own encoder ("base": ".")
//                     pooler: ...ForSequenceClassification with id2label
//     head alone      head.safetensors, textflix.json with the base's path
//     adapters        PEFT's adapter_config.json and adapter_model.safetensors, head, textflix.json
//
// Invariant: each file appears whole or not at all; textflix.json (of an encoder config.json) comes
// last, so that a folder with it is complete. Tensors that were not trained are the base's, copied.

internal import JSONText
internal import Syscalls
package import Weights

package struct ModelWriter {
    /// What textflix.json says beside the files.
    package struct Settings {
        package var labels: [String]
        package var pooling: ModelSettings.Pooling
        package var temperature: Double
        package var promise: CoveragePromise?
        package var truncation: ModelSettings.Truncation
        package var maxTokens: Int
        /// Where it comes from.
        package var provenance: [(key: String, value: String)]
    }

    /// How the base of a head or of adapters is named.
    private static let ownBase = "."
    private static let headFile = "head.safetensors"
    private static let adapterFile = "adapter_model.safetensors"

    let folder: String
    let base: ModelFolder
    let settings: Settings

    /// - Parameter tensors: those that a student has; the rest is the base's.
    func writeWhole(
        _ tensors: [WrittenTensor], head: EncoderExperiment.HeadKind, as type: ElementType
    ) throws(WeightsError) {
        let labels = head == .pooler ? settings.labels : nil
        try writeFiles(tensors, labels: labels, as: type)
        if head == .linear { try writeHead(tensors) }
        try writeSettings(base: head == .linear ? Self.ownBase : nil, adapter: nil)
    }

    /// An encoder without a head, for the next step, or another experiment, to start from. It has
    /// no textflix.json: one that is there belongs to a classifier of an earlier experiment.
    func writeEncoder(
        _ tensors: [WrittenTensor], as type: ElementType
    ) throws(WeightsError) {
        try remove("textflix.json")
        try writeFiles(tensors, labels: nil, as: type)
    }

    /// - Parameter labels: of a classifier on top; nil: the encoder alone.
    private func writeFiles(
        _ tensors: [WrittenTensor], labels: [String]?, as type: ElementType
    ) throws(WeightsError) {
        try begin()
        try copyTokenizer()
        let names = FileNames(base.configuration, isClassifier: labels != nil)
        let trained = tensors.filter {
            !$0.name.hasPrefix("head.") && !$0.name.hasPrefix("cls.")
        }
        var all = trained.map { (names.name($0.name), $0) }
        let known = Set(trained.map(\.name))
        for shape in base.configuration.tensorShapes
        where !known.contains(shape.name) && !names.isOfHead(shape.name) {
            guard let view = base.tensors[shape.name] else { continue }
            let tensor = WrittenTensor(name: shape.name, shape: shape.shape, values: .view(view))
            all.append((names.name(shape.name), tensor))
        }
        try SafetensorsWriter.write(all, as: type, to: folder + "/model.safetensors")
        try write("config.json", ModelConfiguration(base).json(labels: labels))
    }

    /// A head over the base's encoder, whose path the folder then needs.
    func writeHeadAlone(_ tensors: [WrittenTensor]) throws(WeightsError) {
        try begin()
        try writeHead(tensors)
        try writeSettings(base: basePath, adapter: nil)
    }

    /// Low-rank adapters and a head over the base's encoder.
    func writeAdapters(
        _ tensors: [WrittenTensor], _ adapter: FitSettings.Adapter
    ) throws(WeightsError) {
        try begin()
        let names = FileNames(base.configuration, isClassifier: false)
        let parts = tensors.filter { $0.name.contains(".lora_") }
        let named = parts.map { ("base_model.model." + names.name($0.name), $0) }
        try SafetensorsWriter.write(named, as: .float32, to: folder + "/" + Self.adapterFile)
        let modules = parts.filter { $0.name.hasSuffix(".lora_A.weight") }.map {
            String(names.name($0.name).dropLast(".lora_A.weight".count))
        }
        try write(
            "adapter_config.json",
            AdapterConfiguration(base: basePath, modules: modules, adapter: adapter).json)
        try writeHead(tensors)
        try writeSettings(base: basePath, adapter: Self.adapterFile)
    }

    private func begin() throws(WeightsError) {
        try writing(folder) { () throws(Errno) in try makeDirectories(folder) }
    }

    private func write(_ name: String, _ bytes: [UInt8]) throws(WeightsError) {
        let path = folder + "/" + name
        try writing(path) { () throws(Errno) in try writeFileAtomically(path, bytes: bytes) }
    }

    private static let tokenizerFiles = [
        "vocab.txt", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json",
        "added_tokens.json",
    ]

    /// As the base has them: a file that it lacks, left by an earlier run with another base, would
    /// make texts be cut in another way than in training.
    private func copyTokenizer() throws(WeightsError) {
        for name in Self.tokenizerFiles {
            let path = base.encoderPath + "/" + name
            guard fileExists(path) else {
                try remove(name)
                continue
            }
            let bytes: [UInt8]
            do throws(Errno) { bytes = try readFile(path, limit: 64 << 20) } catch {
                throw WeightsError(.unreadable, path, error.message)
            }
            try write(name, bytes)
        }
    }

    private func remove(_ name: String) throws(WeightsError) {
        let path = folder + "/" + name
        guard fileExists(path) else { return }
        try writing(path) { () throws(Errno) in try removeFile(path) }
    }

    private func writeHead(_ tensors: [WrittenTensor]) throws(WeightsError) {
        let head = tensors.filter { $0.name.hasPrefix("head.") }.map { ($0.name, $0) }
        try SafetensorsWriter.write(head, as: .float32, to: folder + "/" + Self.headFile)
    }

    /// From the folder where the base is inside it or a neighbour, else from the root. `..` is
    /// where the folder really is, whatever link leads to it; a base that is a link stays one.
    private var basePath: String {
        let own = realFolder(folder)
        let named = absolutePath(base.encoderPath)
        guard let parent = parentDirectory(of: named), let name = named.split(separator: "/").last
        else { return named }
        let neighbours = realFolder(parent)
        let other = neighbours == "/" ? "/\(name)" : "\(neighbours)/\(name)"
        if other.hasPrefix(own + "/") { return String(other.dropFirst(own.count + 1)) }
        return neighbours == parentDirectory(of: own) ? "../\(name)" : other
    }

    private func writeSettings(base: String?, adapter: String?) throws(WeightsError) {
        var json = JSONWriter(pretty: true)
        json.beginObject()
        if let base {
            json.member("base", base)
            if let adapter { json.member("adapter", adapter) }
            json.member("head", Self.headFile)
            json.member("pooling", settings.pooling.rawValue)
        }
        json.member("labels", settings.labels)
        json.member("temperature", settings.temperature)
        settings.promise?.append(to: &json)
        json.member("truncation", settings.truncation.rawValue)
        json.member("max_tokens", settings.maxTokens)
        json.key("provenance")
        json.beginObject()
        for (key, value) in settings.provenance { json.member(key, value) }
        json.endObject()
        json.endObject()
        try write("textflix.json", json.bytes)
    }
}

/// Without `.` and doubled or trailing slashes; links are left as they are.
func absolutePath(_ path: String) -> String {
    let whole = path.hasPrefix("/") ? path : ((try? readLink("/proc/self/cwd")) ?? "") + "/" + path
    var parts: [Substring] = []
    for part in whole.split(separator: "/") where part != "." {
        if part == "..", !parts.isEmpty { parts.removeLast() } else { parts.append(part) }
    }
    return "/" + parts.joined(separator: "/")
}

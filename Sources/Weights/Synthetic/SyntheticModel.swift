// A model folder of made-up weights, in exactly the form of a real one: for tests and measurements
// where no real weights of a shape are available.
//
// Every value is a function of the tensor's canonical name, the element's index and the seed, so
// the golden files' script makes the same model without a file passing between the two:
//
//     u(name, i) = top 24 bits of splitmix64(fnv1a64(name) + seed + i), as a number in [-1, 1)
//     matrix [N, K]        u · √(3/K)      uniform, variance 1/K: a row keeps its input's variance,
//                                          which is also about what trained BERTs have
//     embedding tables     u · √3 / 16
//     relative bias        u · 2, so that it matters beside scores
//     bias                 u / 16
//     layer norm           weight 1 + u/8, bias u / 16
//
// All products are single f32 multiplications. With `outliers`, a few hidden dimensions get the
// large magnitudes that trained BERTs have and random ones lack (see `outlierScale`): the shape
// that breaks careless quantisation.

internal import JSONText
internal import Syscalls

package struct SyntheticModel: Sendable {
    package var configuration: BERTConfiguration
    package var seed: UInt64 = 0
    package var type = ElementType.float32
    /// `bert.` or `mpnet.` before the encoder's names, as checkpoints with a head have it.
    package var hasPrefix = true
    /// TensorFlow's names of the layer norm's two vectors.
    package var usesGammaBeta = false
    package var shards = 1
    package var outliers = false
    /// The whole text of vocab.txt, one word a line; nil: made up.
    package var vocabulary: [UInt8]?

    package init(_ configuration: BERTConfiguration) { self.configuration = configuration }

    private static let mark = "textflix_seed"

    /// Whether a folder holds a model that was made here, or none at all. A model trained on top of
    /// one has settings beside it.
    package static func mayWrite(to folder: String) -> Bool {
        if fileExists(folder + "/textflix.json") { return false }
        let isModel = ["/config.json", "/model.safetensors"].contains { fileExists(folder + $0) }
        return !isModel || (try? JSONSource(folder + "/config.json"))?.node(mark) != nil
    }

    /// Makes the folder and all its files; existing files of those names are replaced.
    package func write(to folder: String) throws(WeightsError) {
        try writing(folder) { () throws(Errno) in try makeDirectories(folder) }
        try write(configurationText, to: folder + "/config.json")
        try write(tokenizerText, to: folder + "/tokenizer_config.json")
        let words = SyntheticVocabulary.text(
            count: configuration.vocabularySize, configuration.family)
        try write(vocabulary ?? words, to: folder + "/vocab.txt")
        let shapes = configuration.tensorShapes.filter { !$0.isOptional }
        if shards == 1 {
            try write(shapes, to: folder + "/model.safetensors")
        } else {
            try writeShards(shapes, folder)
        }
    }

    private func write(_ bytes: [UInt8], to path: String) throws(WeightsError) {
        try writing(path) { () throws(Errno) in try writeFileAtomically(path, bytes: bytes) }
    }

    private func writeShards(_ shapes: [TensorShape], _ folder: String) throws(WeightsError) {
        let share = (shapes.count + shards - 1) / shards
        var index = JSONWriter(pretty: true)
        index.beginObject()
        index.key("weight_map")
        index.beginObject()
        for shard in 0..<shards {
            let part = Array(shapes.dropFirst(shard * share).prefix(share))
            let name = "model-\(Self.digits(shard + 1))-of-\(Self.digits(shards)).safetensors"
            try write(part, to: folder + "/" + name)
            for tensor in part { index.member(fileName(tensor.name), name) }
        }
        index.endObject()
        index.endObject()
        try write(index.bytes, to: folder + "/model.safetensors.index.json")
    }

    private static func digits(_ number: Int) -> String {
        String(repeating: "0", count: 5 - String(number).count) + String(number)
    }

    private func write(_ shapes: [TensorShape], to path: String) throws(WeightsError) {
        let tensors = shapes.map {
            SafetensorsWriter.Tensor(fileName($0.name), type, $0.shape)
        }
        try SafetensorsWriter(tensors).write(path) { index, bytes in fill(bytes, shapes[index]) }
    }

    /// The name in the file of a tensor with that canonical name.
    package func fileName(_ canonical: String) -> String {
        var name = canonical
        if usesGammaBeta, name.contains("LayerNorm") {
            name =
                name.hasSuffix("weight")
                ? name.dropLast(6) + "gamma" : name.dropLast(4) + "beta"
        }
        return configuration.family.referenceName(
            name, head: configuration.head, hasPrefix: hasPrefix)
    }
}

// MARK: - Values

extension SyntheticModel {
    private func fill(_ bytes: UnsafeMutableRawBufferPointer, _ tensor: TensorShape) {
        let start = Self.fnv1a(tensor.name) &+ seed
        let columns = tensor.shape.last ?? 1
        let (scale, shift) = Self.scaleAndShift(tensor)
        for index in 0..<bytes.count / type.byteCount {
            let random = Self.splitmix(start &+ UInt64(index)) >> 40
            let unit = Float(Int(random) - 1 << 23) * 0x1p-23
            var value = unit * scale + shift
            if outliers {
                value *= outlierScale(tensor.name, row: index / columns, index: index)
            }
            store(value, bytes, index)
        }
    }

    private static func scaleAndShift(_ tensor: TensorShape) -> (scale: Float, shift: Float) {
        let name = tensor.name
        if name.hasSuffix("bias") { return (0x1p-4, 0) }
        if name.contains("LayerNorm") { return (0x1p-3, 1) }
        if name.contains("relative_attention_bias") { return (2, 0) }
        if name.contains("_embeddings") { return (Float(3.0.squareRoot() / 16), 0) }
        return (Float((3.0 / Double(tensor.shape[1])).squareRoot()), 0)
    }

    /// In each layer three hidden dimensions leave the feed-forward 8 times, and its layer norm 6
    /// times, as large as the others; two of its inner units are 6 times as large.
    private func outlierScale(_ name: String, row: Int, index: Int) -> Float {
        let hidden = configuration.hiddenSize
        let dimensions = [hidden / 7, hidden / 3, 4 * hidden / 5]
        if name.hasSuffix("output.LayerNorm.weight"), !name.contains("attention") {
            return dimensions.contains(index) ? 6 : 1
        }
        if name.hasSuffix("output.dense.weight"), !name.contains("attention") {
            return dimensions.contains(row) ? 8 : 1
        }
        if name.hasSuffix("intermediate.dense.weight") {
            let units = [configuration.feedForwardSize / 9, configuration.feedForwardSize / 2]
            return units.contains(row) ? 6 : 1
        }
        return 1
    }

    private func store(_ value: Float, _ bytes: UnsafeMutableRawBufferPointer, _ index: Int) {
        switch type {
        case .float16:
            bytes.storeBytes(
                of: Float16(value).bitPattern.littleEndian, toByteOffset: 2 * index,
                as: UInt16.self)
        case .bfloat16:
            bytes.storeBytes(
                of: Self.bfloat16(value).littleEndian, toByteOffset: 2 * index, as: UInt16.self)
        default:
            bytes.storeBytes(
                of: value.bitPattern.littleEndian, toByteOffset: 4 * index, as: UInt32.self)
        }
    }

    /// The upper half of the f32, rounded to nearest, ties to even. Finite values only.
    static func bfloat16(_ value: Float) -> UInt16 {
        let bits = value.bitPattern
        return UInt16(truncatingIfNeeded: (bits + 0x7FFF + bits >> 16 & 1) >> 16)
    }

    package static func fnv1a(_ name: String) -> UInt64 {
        name.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }

    package static func splitmix(_ state: UInt64) -> UInt64 {
        var mixed = state &+ 0x9E37_79B9_7F4A_7C15
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}

// MARK: - The files beside the weights

extension SyntheticModel {
    private var configurationText: [UInt8] {
        var json = JSONWriter(pretty: true)
        json.beginObject()
        json.member("architectures", [configuration.architecture])
        json.member("hidden_size", configuration.hiddenSize)
        json.member("num_attention_heads", configuration.attentionHeads)
        json.member("intermediate_size", configuration.feedForwardSize)
        json.member("num_hidden_layers", configuration.layerCount)
        json.member("max_position_embeddings", configuration.positionCount)
        if configuration.family.hasTokenTypes {
            json.member("type_vocab_size", configuration.tokenTypeCount)
        } else {
            json.member("relative_attention_num_buckets", BERTConfiguration.relativeBucketCount)
        }
        json.member("vocab_size", configuration.vocabularySize)
        json.member("layer_norm_eps", configuration.layerNormEpsilon)
        json.member("hidden_act", configuration.activation.rawValue)
        json.member("model_type", configuration.family.rawValue)
        if let problem = configuration.problemType { json.member("problem_type", problem.rawValue) }
        if configuration.head != .none { writeLabels(&json) }
        json.member(Self.mark, seed)
        json.endObject()
        return json.bytes
    }

    private func writeLabels(_ json: inout JSONWriter) {
        json.key("id2label")
        json.beginObject()
        for (id, label) in configuration.labels.enumerated() { json.member(String(id), label) }
        json.endObject()
        json.key("label2id")
        json.beginObject()
        for (id, label) in configuration.labels.enumerated() { json.member(label, id) }
        json.endObject()
    }

    private var tokenizerText: [UInt8] {
        var json = JSONWriter(pretty: true)
        json.beginObject()
        let isMPNet = configuration.family == .mpnet
        json.member("tokenizer_class", isMPNet ? "MPNetTokenizer" : "BertTokenizer")
        json.member("do_lower_case", true)
        json.member("model_max_length", configuration.tokenLimit)
        json.endObject()
        return json.bytes
    }
}

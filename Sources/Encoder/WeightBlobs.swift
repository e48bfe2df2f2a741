// Where a model's weights lie: in a mapped file, or in memory of this process.
//
// Invariant: every blob of the plan is there, of its stated size, aligned to a cache line where it
// is packed, and its memory lives as long as this does.

internal import Numerics
internal import Syscalls
internal import Weights

final class WeightBlobs: @unchecked Sendable {
    // Safe to share: written only while it is made.
    private var places: [String: UnsafeRawBufferPointer] = [:]
    private let file: PackedFile?
    private let folder: ModelFolder?
    private let block: AlignedMemory?

    let mappedBytes: Int
    let privateBytes: Int

    /// - Returns: nil when the file lacks a blob of the plan.
    init?(_ file: PackedFile, _ plan: WeightPlan) {
        self.file = file
        folder = nil
        block = nil
        mappedBytes = file.byteCount
        privateBytes = 0
        for blob in plan.blobs {
            guard let bytes = file.bytes(blob) else { return nil }
            places[blob.name] = bytes
        }
    }

    /// Packs into memory of our own; rows of f32 stay where they are mapped.
    init(_ plan: WeightPlan, _ packer: WeightPacker) throws(EncoderError) {
        let copied = plan.blobs.filter { packer.inPlace($0) == nil }
        let byteCount = copied.reduce(0) { $0 + Self.room($1) }
        let block = try WeightPacker.memory(byteCount)
        var next = block.base
        for blob in copied {
            let bytes = UnsafeMutableRawBufferPointer(start: next, count: blob.byteCount)
            try packer.fill(blob, bytes)
            places[blob.name] = UnsafeRawBufferPointer(bytes)
            next += Self.room(blob)
        }
        for blob in plan.blobs { if let bytes = packer.inPlace(blob) { places[blob.name] = bytes } }
        file = nil
        folder = packer.folder
        mappedBytes = packer.folder.mappedBytes
        privateBytes = byteCount
        self.block = consume block
    }

    /// Bytes in the block: a multiple of a cache line.
    private static func room(_ blob: PackedBlob) -> Int { (blob.byteCount + 63) / 64 * 64 }

    /// Every page will be read, soon, over and over.
    func advise() {
        file?.mapping.advise(.hugePages)
        file?.mapping.advise(.willNeed)
    }

    /// Reads every page now. Kernels before 5.14 do not know how, and read them when needed.
    func warm() { file?.mapping.advise(.populate) }

    func lock() throws(Errno) { try file?.mapping.lock() }

    subscript(name: String) -> UnsafeRawBufferPointer {
        guard let bytes = places[name] else { preconditionFailure("\(name) is not in the plan") }
        return bytes
    }
}

/// From blobs by name to views by place.
struct WeightViews {
    private let folder: ModelFolder
    private let precision: Precision
    private let blobs: WeightBlobs

    private var hidden: Int { folder.configuration.hiddenSize }

    init(_ folder: ModelFolder, _ precision: Precision, _ blobs: WeightBlobs) {
        self.folder = folder
        self.precision = precision
        self.blobs = blobs
    }

    func embeddings() -> EmbeddingTables {
        let family = folder.configuration.family
        let positions = table("embeddings.position_embeddings.weight")
        return EmbeddingTables(
            words: table("embeddings.word_embeddings.weight"),
            positions: positions.rows(family.positionOffset..<positions.rows),
            type: family.hasTokenTypes
                ? table("embeddings.token_type_embeddings.weight").rows(0..<1) : nil,
            norm: norm("embeddings.LayerNorm"))
    }

    /// The table [32, A] spread out for attention.
    func relativeBias() throws(EncoderError) -> RelativeBias? {
        guard folder.configuration.family.hasRelativeBias else { return nil }
        let floats = floats("encoder.relative_attention_bias.weight")
        let heads = folder.configuration.attentionHeads
        let buckets = MatrixView(
            floats.baseAddress!, rows: floats.count / heads, columns: heads)
        do {
            return try RelativeBias(buckets, tokens: folder.configuration.tokenLimit)
        } catch {
            throw .noMemory(bytes: error.byteCount)
        }
    }

    func layer(_ index: Int) -> PackedLayer {
        let prefix = "encoder.layer.\(index)."
        let wide = folder.configuration.feedForwardSize
        return PackedLayer(
            query: dense(prefix + "attention.self.query", precision),
            key: dense(prefix + "attention.self.key", precision),
            value: dense(prefix + "attention.self.value", precision),
            attentionOutput: dense(prefix + "attention.output.dense", precision),
            attentionNorm: norm(prefix + "attention.output.LayerNorm"),
            intermediate: dense(prefix + "intermediate.dense", precision),
            output: dense(prefix + "output.dense", precision, columns: wide),
            outputNorm: norm(prefix + "output.LayerNorm"))
    }

    func head() -> HeadLayers {
        switch folder.head {
        case .none: .none
        case .pooler:
            .pooler(dense: dense("pooler.dense", .f32), classifier: dense("classifier", .f32))
        case .token: .token(dense("classifier", .f32))
        case .linear(let pooling, let normalize):
            .linear(dense("head", .f32), pooling, normalize: normalize)
        }
    }

    private func dense(
        _ name: String, _ precision: Precision, columns: Int? = nil
    ) -> PackedDense {
        let bias = floats(name + ".bias")
        // [N, K]: one output channel a bias.
        let weight = PackedMatrix(
            viewing: blobs[name + ".weight"], columns: bias.count, width: columns ?? hidden,
            precision: precision)
        guard let weight else { preconditionFailure("\(name) is not as the plan has it") }
        return PackedDense(weight: weight, bias: bias.baseAddress!)
    }

    private func norm(_ name: String) -> RowNorm {
        RowNorm(
            gamma: floats(name + ".weight").baseAddress!, beta: floats(name + ".bias").baseAddress!,
            epsilon: Float(folder.configuration.layerNormEpsilon))
    }

    private func table(_ name: String) -> MatrixView {
        let floats = floats(name)
        return MatrixView(floats.baseAddress!, rows: floats.count / hidden, columns: hidden)
    }

    private func floats(_ name: String) -> UnsafeBufferPointer<Float> {
        blobs[name].bindMemory(to: Float.self)
    }
}

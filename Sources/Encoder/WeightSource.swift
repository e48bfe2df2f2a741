// From tensors by name to views by place.
//
// The folder has checked names, shapes and types; what is left here is to find each tensor, and to
// give those that are no aligned f32 a widened copy in one block of memory.

internal import Numerics
internal import Syscalls
internal import Weights

/// The memory behind a model's views: the folder's mappings, and the widened copies.
final class WeightStorage: @unchecked Sendable {
    // Safe to share: written only while it is made.
    private let folder: ModelFolder
    private let block: AlignedMemory
    private var widened: [String: UnsafeBufferPointer<Float>] = [:]

    var byteCount: Int { block.byteCount }

    init(_ folder: ModelFolder) throws(EncoderError) {
        self.folder = folder
        let tensors = Self.usedTensors(folder).filter { $0.view.floatsInPlace == nil }
        let byteCount = tensors.reduce(0) { $0 + Self.room($1.view) }
        do {
            block = try AlignedMemory(byteCount: byteCount, hugePages: byteCount >= 4 << 20)
        } catch {
            throw .noMemory(bytes: byteCount)
        }
        var next = block.base
        for (name, view) in tensors {
            let floats = UnsafeMutableBufferPointer(
                start: next.bindMemory(to: Float.self, capacity: view.elementCount),
                count: view.elementCount)
            view.widen(into: floats)
            widened[name] = UnsafeBufferPointer(floats)
            next += Self.room(view)
        }
    }

    /// The tensor's elements; the folder has checked that it is there.
    func floats(_ name: String) -> UnsafeBufferPointer<Float> {
        if let floats = widened[name] { return floats }
        guard let floats = view(name)?.floatsInPlace else {
            preconditionFailure("\(name) passed the folder's checks but is not there")
        }
        return floats
    }

    func has(_ name: String) -> Bool { view(name) != nil }

    private func view(_ name: String) -> TensorView? {
        folder.headTensors?[name] ?? folder.tensors[name]
    }

    private static func usedTensors(_ folder: ModelFolder) -> [(name: String, view: TensorView)] {
        let names = folder.configuration.tensorShapes.map(\.name) + ["head.weight", "head.bias"]
        return names.compactMap { name in
            (folder.headTensors?[name] ?? folder.tensors[name]).map { (name, $0) }
        }
    }

    /// Bytes in the block: a multiple of a cache line.
    private static func room(_ view: TensorView) -> Int {
        (view.elementCount * MemoryLayout<Float>.size + 63) / 64 * 64
    }
}

struct WeightSource {
    let storage: WeightStorage
    let folder: ModelFolder
    let precision: Precision
    let kernels: Kernels
    let pool: WorkerPool

    private var hidden: Int { folder.configuration.hiddenSize }

    func embeddings() -> EmbeddingTables {
        let types = table("embeddings.token_type_embeddings.weight")
        return EmbeddingTables(
            words: table("embeddings.word_embeddings.weight"),
            positions: table("embeddings.position_embeddings.weight"),
            type: types.rows(0..<1), norm: norm("embeddings.LayerNorm"))
    }

    func layer(_ index: Int) throws -> PackedLayer {
        let prefix = "encoder.layer.\(index)."
        let wide = folder.configuration.feedForwardSize
        return PackedLayer(
            query: try dense(prefix + "attention.self.query", precision),
            key: try dense(prefix + "attention.self.key", precision),
            value: try dense(prefix + "attention.self.value", precision),
            attentionOutput: try dense(prefix + "attention.output.dense", precision),
            attentionNorm: norm(prefix + "attention.output.LayerNorm"),
            intermediate: try dense(prefix + "intermediate.dense", precision),
            output: try dense(prefix + "output.dense", precision, columns: wide),
            outputNorm: norm(prefix + "output.LayerNorm"))
    }

    /// Heads are small and their results are what people see: always f32.
    func head() throws -> HeadLayers {
        switch folder.head {
        case .none: .none
        case .pooler:
            .pooler(
                dense: try dense("pooler.dense", .f32), classifier: try dense("classifier", .f32))
        case .token: .token(try dense("classifier", .f32))
        case .linear(let pooling, let normalize):
            .linear(try dense("head", .f32), pooling, normalize: normalize)
        }
    }

    private func dense(
        _ name: String, _ precision: Precision, columns: Int? = nil
    ) throws -> PackedDense {
        let bias = storage.floats(name + ".bias")
        let weight = MatrixView(
            storage.floats(name + ".weight").baseAddress!, rows: bias.count,
            columns: columns ?? hidden)
        let packed = try PackedMatrix(weight, precision: precision, kernels: kernels, pool: pool)
        return PackedDense(weight: packed, bias: bias.baseAddress!)
    }

    private func norm(_ name: String) -> RowNorm {
        RowNorm(
            gamma: storage.floats(name + ".weight").baseAddress!,
            beta: storage.floats(name + ".bias").baseAddress!,
            epsilon: Float(folder.configuration.layerNormEpsilon))
    }

    private func table(_ name: String) -> MatrixView {
        let floats = storage.floats(name)
        return MatrixView(
            floats.baseAddress!, rows: floats.count / hidden, columns: hidden)
    }
}

// Which weights a model needs in memory, in the order of the forward pass, and in which form.
//
// Matrices of the encoder are packed in the model's precision; heads are small and their results
// are what people see, so theirs are always packed as f32; embedding tables, biases and norms are
// rows of f32.
//
// Invariant: the plan depends on the folder's configuration and the precision alone, never on the
// processor: so does the packed file that is written by it.

package import Numerics
package import Weights

struct WeightPlan {
    private(set) var blobs: [PackedBlob] = []
    private let folder: ModelFolder
    private let precision: Precision

    init(_ folder: ModelFolder, _ precision: Precision) {
        self.folder = folder
        self.precision = precision
        let family = folder.configuration.family
        addFloats("embeddings.word_embeddings.weight")
        addFloats("embeddings.position_embeddings.weight")
        if family.hasTokenTypes { addFloats("embeddings.token_type_embeddings.weight") }
        addNorm("embeddings.LayerNorm")
        if family.hasRelativeBias { addFloats("encoder.relative_attention_bias.weight") }
        for layer in 0..<folder.configuration.layerCount { addLayer("encoder.layer.\(layer).") }
        addHead()
    }

    private mutating func addLayer(_ prefix: String) {
        for part in ["query", "key", "value"] { addDense(prefix + "attention.self." + part) }
        addDense(prefix + "attention.output.dense")
        addNorm(prefix + "attention.output.LayerNorm")
        addDense(prefix + "intermediate.dense")
        addDense(prefix + "output.dense")
        addNorm(prefix + "output.LayerNorm")
    }

    private mutating func addHead() {
        switch folder.head {
        case .none: break
        case .pooler:
            addDense("pooler.dense", as: .f32)
            addDense("classifier", as: .f32)
        case .token: addDense("classifier", as: .f32)
        case .linear: addDense("head", as: .f32)
        }
    }

    private mutating func addNorm(_ name: String) {
        addFloats(name + ".weight")
        addFloats(name + ".bias")
    }

    private mutating func addDense(_ name: String, as exact: Precision? = nil) {
        blobs.append(Self.matrix(folder.weight(name + ".weight"), exact ?? precision, name))
        addFloats(name + ".bias")
    }

    private mutating func addFloats(_ name: String) {
        let view = folder.weight(name)
        let columns = view.shape.last ?? 1
        blobs.append(
            PackedBlob(
                name: name, kind: .floats, rows: view.elementCount / max(columns, 1),
                columns: columns, byteCount: view.elementCount * MemoryLayout<Float>.size))
    }

    private static func matrix(
        _ view: TensorView, _ precision: Precision, _ name: String
    ) -> PackedBlob {
        let (rows, columns) = (view.shape[0], view.shape[1])
        return PackedBlob(
            name: name + ".weight", kind: precision.blobKind, rows: rows, columns: columns,
            byteCount: PackedMatrix.byteCount(
                columns: rows, width: columns, precision: precision))
    }
}

extension ModelFolder {
    /// A tensor by its canonical name; the folder has checked that it is there.
    func weight(_ name: String) -> TensorView {
        guard let view = headTensors?[name] ?? tensors[name] else {
            preconditionFailure("\(name) passed the folder's checks but is not there")
        }
        return view
    }
}

extension Precision {
    var blobKind: PackedBlob.Kind {
        switch self {
        case .f32: .packedF32
        case .bf16: .packedBF16
        case .int8: .packedInt8
        }
    }

    /// The form that this program's kernels read.
    package var geometry: PackedGeometry {
        let name: PackedGeometry.Precision =
            switch self {
            case .f32: .f32
            case .bf16: .bf16
            case .int8: .int8
            }
        return PackedGeometry(
            precision: name, layoutVersion: PackedMatrix.layoutVersion,
            panelColumns: UInt32(PackedMatrix.panelColumns), unitBytes: 4)
    }
}

extension PackedBlob.Kind {
    /// nil: not packed.
    var precision: Precision? {
        switch self {
        case .floats: nil
        case .packedF32: .f32
        case .packedBF16: .bf16
        case .packedInt8: .int8
        }
    }
}

// One encoder layer's parameters and their gradients, as pointers into the parameter set.
//
// Invariant: the places outlive the layer: the network keeps both.

internal import Numerics
internal import Syscalls
internal import Weights

struct Norm {
    let row: RowNorm
    let gammaGradient: UnsafeMutablePointer<Float>?
    let betaGradient: UnsafeMutablePointer<Float>?
}

struct EncoderLayer {
    let query, key, value, attentionOutput: Dense  // [H, H]
    let attentionNorm: Norm
    let intermediate: Dense  // [F, H]
    let output: Dense  // [H, F]
    let outputNorm: Norm

    var denses: [Dense] { [query, key, value, attentionOutput, intermediate, output] }

    init(_ index: Int, _ places: ParameterPlaces) throws(NetworkError) {
        let prefix = "encoder.layer.\(index)."
        query = try places.dense(prefix + "attention.self.query")
        key = try places.dense(prefix + "attention.self.key")
        value = try places.dense(prefix + "attention.self.value")
        attentionOutput = try places.dense(prefix + "attention.output.dense")
        attentionNorm = places.norm(prefix + "attention.output.LayerNorm")
        intermediate = try places.dense(prefix + "intermediate.dense")
        output = try places.dense(prefix + "output.dense")
        outputNorm = places.norm(prefix + "output.LayerNorm")
    }
}

/// From names to places; keeps the sums of weights and adapters.
final class ParameterPlaces {
    private let parameters: ParameterSet
    private let epsilon: Float
    private let adapterScale: Float
    private var merged: [MatrixMemory] = []

    init(_ parameters: ParameterSet, epsilon: Double, adapters: NetworkPlan.Adapters?) {
        self.parameters = parameters
        self.epsilon = Float(epsilon)
        adapterScale = adapters?.scale ?? 1
    }

    func norm(_ name: String) -> Norm {
        Norm(
            row: RowNorm(
                gamma: parameters.vector(name + ".weight"),
                beta: parameters.vector(name + ".bias"), epsilon: epsilon),
            gammaGradient: parameters.gradientVector(name + ".weight"),
            betaGradient: parameters.gradientVector(name + ".bias"))
    }

    func dense(_ name: String) throws(NetworkError) -> Dense {
        let weight = parameters.matrix(name + ".weight").readOnly
        let adapter = try adapter(name, weight)
        return Dense(
            weight: adapter?.effective.readOnly ?? weight,
            bias: parameters.vector(name + ".bias"),
            weightGradient: parameters.gradientMatrix(name + ".weight"),
            biasGradient: parameters.gradientVector(name + ".bias"), adapter: adapter)
    }

    private func adapter(_ name: String, _ base: MatrixView) throws(NetworkError) -> Dense.Adapter?
    {
        let (down, up) = (name + ".lora_A.weight", name + ".lora_B.weight")
        guard parameters.entry(down) != nil, let downGradient = parameters.gradientMatrix(down),
            let upGradient = parameters.gradientMatrix(up)
        else { return nil }
        let memory = try MatrixMemory(rows: base.rows, columns: base.columns)
        merged.append(memory)
        return Dense.Adapter(
            base: base, effective: memory.view, down: parameters.matrix(down).readOnly,
            up: parameters.matrix(up).readOnly, downGradient: downGradient, upGradient: upGradient,
            scale: adapterScale)
    }
}

/// A matrix that owns its memory.
private final class MatrixMemory {
    private let memory: AlignedMemory
    private let rows: Int
    private let columns: Int

    init(rows: Int, columns: Int) throws(NetworkError) {
        let byteCount = rows * columns * MemoryLayout<Float>.stride
        do { memory = try AlignedMemory(byteCount: byteCount) } catch {
            throw .noMemory(bytes: byteCount)
        }
        self.rows = rows
        self.columns = columns
    }

    var view: MutableMatrixView {
        MutableMatrixView(
            memory.base.assumingMemoryBound(to: Float.self), rows: rows, columns: columns)
    }
}

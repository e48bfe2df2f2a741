// The network that learns, as the loop sees it.

package import Encoder
package import Gradients
internal import Numerics
package import Weights

package final class NetworkStudent: Student {
    private let network: Network
    private let optimiser: AdamW

    package convenience init(_ folder: ModelFolder, _ plan: StudentPlan) throws {
        try self.init(folder, plan, pool: WorkerPool())
    }

    /// - Parameter pool: the threads that it computes on.
    init(_ folder: ModelFolder, _ plan: StudentPlan, pool: WorkerPool) throws {
        let kernels = Kernels.best()
        network = try Network(
            folder, Self.networkPlan(plan, kernels), kernels: kernels, pool: pool)
        optimiser = try AdamW(
            network.parameters, decay: Float(plan.settings.weightDecay), kernels: kernels,
            pool: pool)
    }

    private static func networkPlan(_ plan: StudentPlan, _ kernels: Kernels) -> NetworkPlan {
        let settings = plan.settings
        var network: NetworkPlan
        switch plan.task {
        case .labels(.linear, let pooling, let count):
            network = NetworkPlan(head: .linear(pooling), labelCount: count)
        case .labels(.pooler, _, let count): network = NetworkPlan(head: .pooler, labelCount: count)
        case .masked: network = NetworkPlan(head: .masked, labelCount: 0)
        }
        network.labels = plan.labels
        network.precision = plan.precision.learned(by: kernels)
        network.dropout = Float(settings.dropout)
        network.headDropout = Float(settings.headDropout)
        network.freshLayers = settings.freshLayers
        network.adapters = settings.adapter.map {
            NetworkPlan.Adapters(
                rank: $0.rank, alpha: Float($0.alpha), targets: Set($0.targets))
        }
        network.seed = plan.seed
        return network
    }

    package var labelCount: Int { network.plan.labelCount }
    package var depthCount: Int { network.layerCount + 2 }
    package var lowestTrained: Int {
        get { network.lowestTrained }
        set { network.lowestTrained = newValue }
    }

    package func learn(
        _ batch: RaggedBatch, _ targets: LessonTargets, scale: Float, draw: UInt64
    ) throws -> Loss {
        switch targets {
        case .labels(let rows):
            try network.learn(batch, targets: rows, scale: scale, draw: draw)
        case .pieces(let masked):
            try network.learnMasked(batch, masked, scale: scale, draw: draw)
        }
    }

    package func update(rates: [Float?], clip: Float?) -> Float {
        optimiser.step(rates: rates, clip: clip)
    }

    package func logits(_ batch: RaggedBatch) throws -> [Float] { try network.logits(batch) }

    package var buffers: [LearnerBuffer] {
        let parameters = network.parameters
        let weights = parameters.entries.filter(\.isTrained).map {
            LearnerBuffer(name: $0.name, floats: parameters.values($0), isWeight: true)
        }
        return weights
            + [LearnerBuffer(name: "moments", floats: optimiser.moments, isWeight: false)]
    }

    package var updateCounts: [Int] {
        get { optimiser.steps }
        set { optimiser.steps = newValue }
    }

    package func buffersChanged() { network.parameters.markChanged() }

    package var tensors: [WrittenTensor] {
        let parameters = network.parameters
        return parameters.entries.map {
            WrittenTensor(
                name: $0.name, shape: $0.shape,
                values: .floats(UnsafeBufferPointer(parameters.values($0))))
        }
    }
}

// What a network guarantees beside correct gradients: the same numbers on any number of threads,
// freezing, the same dropout in the backward pass, adapters that change nothing at first.

import Encoder
import Gradients
import Numerics
import TestSupport
import Testing
import Weights

@Suite struct NetworkTests {
    private var pooler: GoldenNetwork { GoldenNetwork.all[0] }
    private var mean: GoldenNetwork { GoldenNetwork.all[1] }

    private func gradients(_ network: Network) -> [UInt32] {
        (0..<network.parameters.gradientCount).map { network.parameters.gradients[$0].bitPattern }
    }

    @Test(arguments: GoldenNetwork.all, [Precision.f32, .bf16])
    func threadsChangeNothing(_ golden: GoldenNetwork, _ precision: Precision) throws {
        var plan = golden.plan
        plan.precision = precision
        plan.dropout = 0.2
        var seen: [[UInt32]] = []
        for threads in [1, 2, 3] {
            let (network, pool) = try golden.network(plan, threads: threads)
            let adamw = try AdamW(network.parameters, decay: 0.1, kernels: .best(), pool: pool)
            for draw in 0..<3 {
                _ = try golden.learn(network, draw: UInt64(draw))
                adamw.step(
                    rates: Array(repeating: 1e-3, count: network.layerCount + 2), clip: 1)
            }
            _ = try golden.learn(network)
            seen.append(gradients(network))
        }
        #expect(seen[0] == seen[1] && seen[0] == seen[2])
    }

    /// bf16 keeps 8 bits of each factor: 2^-9 a rounding, two factors, and a path of a dozen
    /// products; errors are independent, so 12 of them make about 2^-9 · √24 = 1 %, thrice for the
    /// tail. A tensor whose gradient is small because its parts cancel has the error of the parts:
    /// that of the largest tensor stands for them.
    @Test(arguments: GoldenNetwork.all)
    func bfloat16IsNear(_ golden: GoldenNetwork) throws {
        var plan = golden.plan
        plan.precision = .bf16
        let (network, pool) = try golden.network(plan)
        defer { withExtendedLifetime(pool) {} }
        _ = try golden.learn(network)
        func norm(_ x: [Float]) -> Float { x.reduce(0) { $0 + $1 * $1 }.squareRoot() }
        let largest = golden.gradients.values.map(norm).max() ?? 0
        for entry in network.parameters.entries where entry.isTrained {
            let got = try #require(network.parameters.gradient(entry))
            let wanted = try #require(golden.gradients[entry.name])
            let off = zip(got, wanted).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
            let bound = 0.03 * (norm(wanted) + 0.1 * largest)
            #expect(off.squareRoot() <= bound, "\(entry.name)")
        }
    }

    /// Not with ReLU: a step across one of its kinks measures the mean of two slopes.
    @Test(arguments: GoldenNetwork.all.filter { $0.configuration.activation != .relu })
    func finiteDifferencesAgree(_ golden: GoldenNetwork) throws {
        var plan = golden.plan
        (plan.dropout, plan.headDropout) = (0.3, 0.3)
        let (network, pool) = try golden.network(plan)
        defer { withExtendedLifetime(pool) {} }
        _ = try golden.learn(network, draw: 9)
        let trained = network.parameters.entries.filter(\.isTrained)
        // Every pass adds to the gradients: what the first one gave is set aside.
        let gradients = trained.map { network.parameters.gradient($0).map { Array($0) } ?? [] }
        for (entry, gradient) in zip(trained, gradients) {
            let at = try #require(gradient.indices.max { abs(gradient[$0]) < abs(gradient[$1]) })
            let slope = gradient[at]
            // Over 2^-9 neither curvature nor rounding makes more than a few percent.
            let value = network.parameters.values(entry)[at]
            var losses: [Double] = []
            for step in [-0x1p-9, 0x1p-9] as [Float] {
                network.parameters.values(entry)[at] = value + step
                network.parameters.markChanged()
                losses.append(try golden.learn(network, draw: 9).sum * Double(golden.scale))
            }
            network.parameters.values(entry)[at] = value
            network.parameters.markChanged()
            let measured = Float((losses[1] - losses[0]) / 0x1p-8)
            #expect(abs(measured - slope) <= 0.05 * abs(slope) + 2e-3, "\(entry.name)")
        }
    }

    @Test func eightTextsAreLearntByHeart() throws {
        let (network, pool) = try pooler.network()
        let adamw = try AdamW(network.parameters, decay: 0, kernels: .best(), pool: pool)
        let texts: [[UInt32]] = (0..<8).map { text in (0...text).map { UInt32($0 * 5 % 43) } }
        let targets: [Float] = (0..<8).flatMap { $0 % 3 == 0 ? [1, 0] : [0, 1] as [Float] }
        var last = Loss()
        for step in 0..<150 {
            last = try network.learn(
                RaggedBatch(texts), targets: targets, scale: 1 / 8, draw: UInt64(step))
            adamw.step(rates: Array(repeating: 3e-3, count: network.layerCount + 2), clip: 1)
        }
        #expect(last.right == 8 && last.mean < 0.01)
    }

    @Test func aFrozenDepthStays() throws {
        for lowest in 0...3 {
            let (network, pool) = try pooler.network()
            network.lowestTrained = lowest
            let adamw = try AdamW(network.parameters, decay: 0.1, kernels: .best(), pool: pool)
            _ = try pooler.learn(network)
            for entry in network.parameters.entries {
                let gradient = try #require(network.parameters.gradient(entry))
                if entry.depth < lowest {
                    #expect(gradient.allSatisfy { $0 == 0 }, "\(entry.name)")
                }
                guard entry.depth >= lowest else { continue }
                let wanted = try #require(pooler.gradients[entry.name])
                #expect(zip(gradient, wanted).allSatisfy { abs($0 - $1) <= 1e-5 })
            }
            let before = network.parameters.entries.map { Array(network.parameters.values($0)) }
            adamw.step(rates: (0...3).map { $0 < lowest ? nil : 1e-2 }, clip: nil)
            for (entry, old) in zip(network.parameters.entries, before) {
                let same = Array(network.parameters.values(entry)) == old
                #expect(same == (entry.depth < lowest), "\(entry.name)")
            }
        }
    }

    @Test func logitsAreTheEncodersOwn() throws {
        let (network, pool) = try pooler.network()
        defer { withExtendedLifetime(pool) {} }
        let once = try network.logits(pooler.batch)
        #expect(try network.logits(pooler.batch) == once)
        var alone: [Float] = []
        for text in 0..<pooler.batch.textCount {
            var batch = RaggedBatch()
            batch.append(pooler.batch.ids[pooler.batch.range(ofText: text)])
            alone += try network.logits(batch)
        }
        #expect(alone == once)
    }

    @Test func freshAdaptersChangeNothing() throws {
        var plan = mean.plan
        plan.adapters = NetworkPlan.Adapters(targets: Set(NetworkPlan.Target.allCases))
        let (plain, pool) = try mean.network()
        let (adapted, other) = try mean.network(plan)
        defer { withExtendedLifetime((pool, other)) {} }
        for entry in adapted.parameters.entries where entry.name.hasSuffix("lora_B.weight") {
            adapted.parameters.values(entry).update(repeating: 0)
        }
        adapted.parameters.markChanged()
        #expect(try adapted.logits(mean.batch) == plain.logits(mean.batch))
    }

    @Test func freshLayersStartAnew() throws {
        var plan = pooler.plan
        plan.freshLayers = 1
        let (network, pool) = try pooler.network(plan)
        defer { withExtendedLifetime(pool) {} }
        let norm = try #require(
            network.parameters.entry("encoder.layer.1.output.LayerNorm.weight"))
        #expect(network.parameters.values(norm).allSatisfy { $0 == 1 })
        let old = try #require(network.parameters.entry("encoder.layer.0.output.LayerNorm.weight"))
        #expect(!network.parameters.values(old).allSatisfy { $0 == 1 })
        plan.freshLayers = 3
        #expect(throws: NetworkError.self) { try pooler.network(plan) }
    }

    @Test func aHeadOfOtherLabelsStartsAnew() throws {
        func weights(_ name: String, labels: [String]?) throws -> [Float] {
            var plan = pooler.plan
            plan.labels = labels
            let (network, pool) = try pooler.network(plan)
            defer { withExtendedLifetime(pool) {} }
            let entry = try #require(network.parameters.entry(name))
            return Array(network.parameters.values(entry))
        }
        let labels = pooler.configuration.labels
        #expect(labels.count > 1)
        for name in ["classifier.weight", "pooler.dense.weight"] {
            let taken = try weights(name, labels: nil)
            #expect(try weights(name, labels: labels) == taken)
            let isTaken = try weights(name, labels: labels.reversed()) == taken
            #expect(isTaken == (name == "pooler.dense.weight"), "\(name)")
        }
    }

    /// It would start from the base's weights and not from the adapted ones.
    @Test func aFolderOfAdaptersIsNoStart() throws {
        let folder = try TemporaryFolder("gradients")
        try SyntheticModel(pooler.configuration).write(to: folder("base"))
        let size = pooler.configuration.hiddenSize
        let module = "base_model.model.encoder.layer.0.attention.self.query.lora_"
        let tensors = [
            SafetensorsWriter.Tensor(module + "A.weight", .float32, [1, size]),
            SafetensorsWriter.Tensor(module + "B.weight", .float32, [size, 1]),
        ]
        try SafetensorsWriter(tensors).write(folder("adapter.safetensors")) { _, bytes in
            bytes.initializeMemory(as: UInt8.self, repeating: 0)
        }
        for (name, text) in [
            ("adapter_config.json", #"{"peft_type": "LORA", "r": 1, "lora_alpha": 1}"#),
            ("textflix.json", #"{"base": "base", "adapter": "adapter.safetensors"}"#),
        ] { try folder.write(name, text) }
        let adapted = try ModelFolder.open(folder.path)
        let pool = try WorkerPool(threads: 1)
        let error = #expect(throws: NetworkError.self) {
            try Network(adapted, pooler.plan, kernels: .best(), pool: pool)
        }
        #expect(error?.description.contains("folder of adapters") == true)
    }
}

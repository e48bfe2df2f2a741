// Gradients of every tensor and ten steps of AdamW against PyTorch, on every instruction set.

import Gradients
import Numerics
import Testing

@Suite struct GradientsGoldenTests {
    /// Largest difference of a tensor, as a share of the reference's largest element.
    private func worst(_ got: UnsafeMutableBufferPointer<Float>, _ wanted: [Float]) -> Float {
        let top = wanted.map(abs).max() ?? 0
        let differences = zip(got, wanted).map { abs($0 - $1) }
        // `max` would pass over a NaN.
        guard differences.allSatisfy(\.isFinite) else { return .infinity }
        let difference = differences.max() ?? 0
        // A gradient that is zero but for rounding (a key's bias moves no softmax) has no scale of
        // its own: those of this size of network are around one.
        return difference / max(top, 1e-3)
    }

    @Test(arguments: GoldenNetwork.all, Kernels.all.indices)
    func everyGradient(_ golden: GoldenNetwork, _ index: Int) throws {
        let (network, pool) = try golden.network(kernels: Kernels.all[index])
        defer { withExtendedLifetime(pool) {} }
        let loss = try golden.learn(network)
        let expected = golden.curve[0]
        #expect(abs(loss.sum * Double(golden.scale) - expected) <= 1e-5 * expected)
        let trained = network.parameters.entries.filter(\.isTrained)
        #expect(trained.count == golden.gradients.count)
        for entry in trained {
            let got = try #require(network.parameters.gradient(entry))
            let wanted = try #require(golden.gradients[entry.name], "\(entry.name)")
            #expect(got.count == wanted.count)
            let worst = worst(got, wanted)
            #expect(
                worst <= 1e-4, "\(entry.name): off by \(worst); \(GoldenNetwork.script) made it")
        }
    }

    /// Adam takes steps of about `rate` whatever the gradient's size, so an element whose gradient
    /// is smaller than its error δ max|g| may go the other way; the loss then differs by at most
    /// 2 rate δ max|g| for that element and step. Summed over elements and steps, with the δ that
    /// gradients are held to, that is the bound.
    @Test(arguments: GoldenNetwork.all)
    func tenStepsOfAdamW(_ golden: GoldenNetwork) throws {
        let (network, pool) = try golden.network()
        let adamw = try AdamW(
            network.parameters, decay: golden.decay, kernels: .best(), pool: pool)
        let sum = golden.gradients.values.reduce(0.0) {
            $0 + Double($1.count) * Double($1.map(abs).max() ?? 0)
        }
        for (step, expected) in golden.curve.enumerated() {
            let loss = try golden.learn(network).sum * Double(golden.scale)
            let bound = 1e-5 * expected + Double(step) * 2 * Double(golden.rate) * 1e-4 * sum
            #expect(abs(loss - expected) <= bound, "step \(step): \(loss), not \(expected)")
            adamw.step(
                rates: Array(repeating: golden.rate, count: network.layerCount + 2), clip: nil)
        }
    }
}

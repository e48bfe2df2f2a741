// The encoder against the reference: the same logits and embeddings, within the derived bound.

import Encoder
import Testing
import Weights

@Suite struct EncoderGoldenTests {
    private func expectClose(
        _ rows: [[Float]], _ expected: [[Double]], _ golden: GoldenCase, _ what: String
    ) {
        let (got, wanted) = (rows.flatMap(\.self), expected.flatMap(\.self))
        #expect(got.count == wanted.count)
        let shares = zip(got, wanted).map { abs(Double($0) - $1) / golden.tolerance(for: $1) }
        // `max` would pass over a NaN.
        #expect(
            !shares.isEmpty && shares.allSatisfy { $0 <= 1 },
            "\(golden.name), \(what): \(shares.max() ?? 0) of the bound; by \(GoldenCase.script)")
    }

    private func output(_ golden: GoldenCase) -> BatchWalk.Output {
        golden.model.configuration.head == .token ? .tokenLogits : .logits
    }

    @Test(arguments: GoldenCase.all)
    func allTextsInOneBatch(_ golden: GoldenCase) throws {
        let engine = try EncoderEngine(maxBatchTokens: 1024)
        let model = try golden.load()
        if let logits = golden.logits {
            let rows = try engine.run(model, golden.texts, output(golden))
            expectClose(rows, logits, golden, "logits")
        }
        if let mean = golden.mean {
            let rows = try engine.run(
                model, golden.texts, .embedding(.mean, normalize: false))
            expectClose(rows, mean, golden, "mean")
        }
        if let first = golden.first {
            let rows = try engine.run(model, golden.texts, .embedding(.cls, normalize: false))
            expectClose(rows, first, golden, "first token")
        }
    }

    @Test func everyKindOfModelIsAmongTheCases() {
        let configurations = GoldenCase.all.map(\.model.configuration)
        #expect(Set(configurations.filter { $0.family == .mpnet }.map(\.head)).count == 3)
        #expect(Set(configurations.map(\.head)).count == 3)
        #expect(Set(configurations.map(\.activation)).count == 4)
        #expect(Set(GoldenCase.all.map(\.model.type)).count == 3)
        #expect(GoldenCase.all.contains { $0.model.shards > 1 })
        #expect(GoldenCase.all.contains { $0.model.usesGammaBeta })
        #expect(GoldenCase.all.contains { !$0.model.hasPrefix })
    }
}

// A result does not depend on who shares the batch: equality is exact here, a tolerance would hide
// a product that reads its neighbour.

import Encoder
import Testing
import Weights

@Suite struct Determinism {
    private static func outputs(_ golden: GoldenCase) -> [BatchWalk.Output] {
        let embeddings: [BatchWalk.Output] = [
            .embedding(.mean, normalize: true), .embedding(.cls, normalize: false),
        ]
        return switch golden.model.configuration.head {
        case .sequence: [.logits] + embeddings
        case .token: [.tokenLogits] + embeddings
        case .none: embeddings
        }
    }

    private static func flat(_ rows: [[Float]]) -> [UInt32] {
        rows.flatMap { $0.map(\.bitPattern) }
    }

    @Test(arguments: GoldenCase.all)
    func aloneOrInAnyCompany(_ golden: GoldenCase) throws {
        let engine = try EncoderEngine(maxBatchTokens: 4096)
        let model = try golden.load()
        for output in Self.outputs(golden) {
            let alone = try golden.texts.map { Self.flat(try engine.run(model, [$0], output)) }
            for copies in [1, 2, 5] {
                let batch = Array(repeating: golden.texts.reversed(), count: copies).flatMap(\.self)
                let together = Self.flat(try engine.run(model, batch, output))
                let wanted = Array(repeating: alone.reversed(), count: copies).flatMap(\.self)
                let differing = zip(together, wanted.flatMap(\.self)).count { $0 != $1 }
                #expect(differing == 0, "\(output), \(copies) copies")
            }
        }
    }

    @Test func twoWalksDoNotDisturbEachOther() throws {
        let engine = try EncoderEngine(maxBatchTokens: 1024)
        let bulk = GoldenCase.all.first { $0.name == "deep" } ?? GoldenCase.all[0]
        let urgent = GoldenCase.all.first { $0.name == "wide head" } ?? GoldenCase.all[0]
        let (bulkModel, urgentModel) = (try bulk.load(), try urgent.load())
        let bulkAlone = try engine.run(bulkModel, bulk.texts, .logits)
        let urgentAlone = try engine.run(urgentModel, urgent.texts, .logits)

        for between in 0..<bulk.model.configuration.layerCount {
            let walk = try engine.begin(bulkModel, RaggedBatch(bulk.texts), output: .logits)
            defer { walk.end() }
            for _ in 0..<between { walk.step() }
            let isSame = try engine.run(urgentModel, urgent.texts, .logits) == urgentAlone
            #expect(isSame)
            while walk.step() {}
            let survived = walk.rows == bulkAlone
            #expect(survived)
        }
    }

    @Test func anAbandonedWalkLeavesNothingBehind() throws {
        let engine = try EncoderEngine(maxBatchTokens: 512)
        let golden = GoldenCase.all[0]
        let model = try golden.load()
        let wanted = try engine.run(model, golden.texts, .logits)
        for _ in 0..<5 {
            let walk = try engine.begin(model, RaggedBatch(golden.texts), output: .logits)
            walk.step()
            walk.end()
        }
        let isSame = try engine.run(model, golden.texts, .logits) == wanted
        #expect(isSame)
    }
}

// What the engine refuses, and what it says of answers that are not finite.

import Encoder
import Numerics
import TestSupport
import Testing
import Weights

@Suite struct Refusals {
    private func golden(_ name: String) throws -> GoldenCase {
        try #require(GoldenCase.all.first { $0.name == name })
    }

    private func refusal(
        _ model: BERTModel, _ texts: [[UInt32]], _ output: BatchWalk.Output = .logits
    ) throws -> EncoderError? {
        let engine = try EncoderEngine(maxBatchTokens: 40)
        return #expect(throws: EncoderError.self) {
            try engine.begin(model, RaggedBatch(texts), output: output)
        }
    }

    @Test func batchesThatDoNotFit() throws {
        let model = try golden("one odd layer").load()
        let long = [UInt32](repeating: 1, count: 17)
        #expect(
            try refusal(model, [[1, 2], long])
                == .textTooLong(text: 1, tokens: 17, limit: 16))
        #expect(
            try refusal(model, [[1], [2, 97]])
                == .idOutOfRange(text: 1, id: 97, vocabulary: 97))
        let many = [[UInt32]](repeating: [1, 2, 3, 4, 5], count: 9)
        #expect(try refusal(model, many) == .batchTooLarge(tokens: 45, limit: 40))
        #expect(try refusal(model, []) == .emptyBatch)
    }

    @Test func outputsThatTheModelDoesNotHave() throws {
        let (text, token, none) = (
            try golden("one odd layer").load(), try golden("token head").load(),
            try golden("embeddings").load()
        )
        for (model, output) in [
            (text, BatchWalk.Output.tokenLogits), (token, .logits), (none, .logits),
            (none, .tokenLogits),
        ] {
            let error = try refusal(model, [[1]], output)
            #expect(error?.description.contains("no head that") == true)
        }
    }

    @Test func anEngineGoesOnAfterARefusal() throws {
        let golden = try golden("one odd layer")
        let model = try golden.load()
        let engine = try EncoderEngine(maxBatchTokens: 64)
        for _ in 0..<5 { _ = try? engine.begin(model, RaggedBatch([[500]]), output: .logits) }
        #expect(try engine.run(model, golden.texts, .logits).count == golden.texts.count)
    }

    /// Finite weights whose sums overflow: the text's answer is not finite, which is reported.
    @Test func answersThatAreNoNumbers() throws {
        let golden = try golden("embeddings")
        let folder = try TemporaryFolder("encoder")
        try golden.model.write(to: folder.path)
        try scaleEverything(folder("model.safetensors"), by: 1e30)
        let model = try BERTModel.load(folder: ModelFolder.open(folder.path))
        let engine = try EncoderEngine(maxBatchTokens: 64)
        let walk = try engine.begin(
            model, RaggedBatch([[1, 2, 3]]), output: .embedding(.mean, normalize: false))
        defer { walk.end() }
        while walk.step() {}
        #expect(!walk.isFinite(0))
    }

    private func scaleEverything(_ path: String, by factor: Float) throws {
        let file = try SafetensorsFile(path)
        let tensors = file.tensors.map { SafetensorsWriter.Tensor($0.name, $0.type, $0.shape) }
        try SafetensorsWriter(tensors).write(path) { index, bytes in
            let floats = bytes.bindMemory(to: Float.self)
            file.tensors[index].widen(into: floats)
            for place in floats.indices { floats[place] *= factor }
        }
    }
}

@Suite struct FromLogitsToProbabilities {
    private func model(_ labels: Int, problem: BERTConfiguration.ProblemType?) throws -> BERTModel {
        let folder = try TemporaryFolder("encoder")
        var made = GoldenCase.all[0].model
        made.configuration.labels = (0..<labels).map { "label \($0)" }
        made.configuration.problemType = problem
        try made.write(to: folder.path)
        try folder.write("textflix.json", #"{"temperature": 2}"#)
        return try BERTModel.load(folder: ModelFolder.open(folder.path))
    }

    private func probabilities(_ model: BERTModel, _ logits: [Float]) -> [Float] {
        logits.withUnsafeBufferPointer { model.probabilities(of: $0) }
    }

    @Test func oneOfSeveral() throws {
        let model = try model(3, problem: nil)
        #expect(probabilities(model, [1, 1, 1]) == [Float](repeating: 1.0 / 3, count: 3))
        #expect(probabilities(model, [3e38, 0, -3e38]) == [1, 0, 0])
        // e^(1/2) / (1 + e^(1/2) + e^(-1/2)), the temperature being 2.
        let top = probabilities(model, [1, 0, -1])[0]
        #expect(abs(top - 0.506_480_4) < 1e-6)
    }

    @Test func eachForItself() throws {
        for model in [try model(2, problem: .multiLabel), try model(1, problem: nil)] {
            let logits = [Float](repeating: 2, count: model.head.labels.count)
            // 1 / (1 + e^-1)
            #expect(probabilities(model, logits).allSatisfy { abs($0 - 0.731_058_6) < 1e-6 })
        }
    }
}

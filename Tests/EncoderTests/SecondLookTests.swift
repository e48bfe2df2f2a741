// Texts in doubt get exactly what bf16 gives them, all others exactly what int8 gives them, alone
// or in any company.

import Encoder
import Numerics
import TestSupport
import Testing
import Weights

@Suite(.serialized) struct SecondLooks {
    private static func folder(labels: [String]) throws -> ModelFolder {
        let folder = try TemporaryFolder("doubt")
        var model = SyntheticModel(
            BERTConfiguration(
                head: .sequence, hidden: 96, heads: 3, feedForward: 160, layers: 2, positions: 64,
                vocabulary: 300, labels: labels))
        model.seed = 11
        try model.write(to: folder.path)
        return try ModelFolder.open(folder.path)
    }

    private static let texts: [[UInt32]] = (0..<30).map { (text: Int) -> [UInt32] in
        let length = 1 + text * 7 % 60
        return (0..<length).map { (place: Int) -> UInt32 in
            UInt32((place * 31 + text * 17) % 300)
        }
    }

    @Test(arguments: [["no", "yes"], ["no", "yes", "maybe"], ["spam"]])
    func doubtAloneDecides(_ labels: [String]) throws {
        let folder = try Self.folder(labels: labels)
        let engine = try EncoderEngine(maxBatchTokens: 2048)
        let rounded = try engine.run(
            BERTModel.load(folder: folder, precision: .int8), Self.texts, .logits)
        let better = try engine.run(
            BERTModel.load(folder: folder, precision: .bf16), Self.texts, .logits)
        let margins = rounded.map(Self.margin)
        // None, about half, all.
        for below in [margins.min()!, margins.sorted()[15], margins.max()! * 2] {
            let model = try BERTModel.load(folder: folder, precision: .int8, doubtBelow: below)
            let together = try engine.run(model, Self.texts, .logits)
            for (text, margin) in margins.enumerated() {
                let wanted = margin < below ? better[text] : rounded[text]
                #expect(together[text] == wanted, "text \(text), margin \(margin), under \(below)")
                #expect(try engine.run(model, [Self.texts[text]], .logits)[0] == wanted)
            }
        }
    }

    /// Only a decision can be in doubt.
    @Test func embeddingsAreNotAskedAgain() throws {
        let folder = try Self.folder(labels: ["no", "yes"])
        let engine = try EncoderEngine(maxBatchTokens: 2048)
        let plain = try BERTModel.load(folder: folder, precision: .int8)
        let careful = try BERTModel.load(folder: folder, precision: .int8, doubtBelow: 1000)
        let output = BatchWalk.Output.embedding(.mean, normalize: false)
        let wanted = try engine.run(plain, Self.texts, output)
        #expect(try engine.run(careful, Self.texts, output) == wanted)
    }

    private static func margin(_ logits: [Float]) -> Float {
        let sorted = logits.sorted(by: >)
        return sorted.count == 1 ? abs(sorted[0]) : sorted[0] - sorted[1]
    }
}

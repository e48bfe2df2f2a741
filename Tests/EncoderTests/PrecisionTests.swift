// The reduced precisions: the same answer bit for bit however the work is cut, and close to f32,
// also where activations have the outliers that trained models have.

import Encoder
import Numerics
import TestSupport
import Testing
import Weights

@Suite(.serialized) struct Precisions {
    /// Large enough that a batch is cut into blocks, small enough to be quick.
    private static func folder(outliers: Bool = false) throws -> ModelFolder {
        let folder = try TemporaryFolder("precision")
        var model = SyntheticModel(
            BERTConfiguration(
                head: .sequence, hidden: 192, heads: 6, feedForward: 448, layers: 3,
                positions: 160, vocabulary: 500))
        model.seed = 7
        model.outliers = outliers
        try model.write(to: folder.path)
        return try ModelFolder.open(folder.path)
    }

    /// 24 texts of 1 to 160 tokens.
    private static let texts: [[UInt32]] = (0..<24).map { (text: Int) -> [UInt32] in
        let length = 1 + text * 37 % 160
        return (0..<length).map { (place: Int) -> UInt32 in
            UInt32((place * 31 + text * 17) % 500)
        }
    }

    /// Every instruction set and precision, but plain loops in int8 only: they are slow, and know
    /// no blocks.
    private static let cuts: [(Int, Precision)] = Kernels.all.enumerated().flatMap { cut in
        Precision.allCases.filter { precision in
            let isPlain =
                cut.element.name == "scalar"
                || cut.element.name == "openblas" && precision != .f32
            return !isPlain || precision == .int8
        }.map { (cut.offset, $0) }
    }

    /// Every instruction set x every precision x threads, alone and together: one lane or several
    /// on a block, one block or many, whole panels or the last.
    @Test(arguments: cuts)
    func sameBitsHoweverTheWorkIsCut(index: Int, precision: Precision) throws {
        let kernels = Kernels.all[index]
        let model = try BERTModel.load(
            folder: try Self.folder(), precision: precision, kernels: kernels)
        var expected: [[Float]]?
        for threads in [1, 2, 3] {
            let engine = try EncoderEngine(
                maxBatchTokens: 4096, threads: threads, kernels: kernels)
            for output in [BatchWalk.Output.logits, .embedding(.mean, normalize: false)] {
                let together = try engine.run(model, Self.texts, output)
                let alone = try Self.texts.map { try engine.run(model, [$0], output)[0] }
                #expect(together == alone, "\(kernels.name), \(threads) threads, \(output)")
            }
            let logits = try engine.run(model, Self.texts, .logits)
            #expect(expected == nil || expected == logits, "\(kernels.name), \(threads) threads")
            expected = logits
        }
    }

    /// As a share of the largest logit. bf16 rounds every operand by 2^-8, int8 by half of 1/255
    /// and 1/127 of its range; roundings add as a random walk over three layers. With outliers a
    /// few dimensions carry most of a row, so what is rounded is several times as large: measured
    /// 0.5 % and 4 % in bf16, 1.2 % and 13 % in int8, which the bounds leave some room over.
    @Test(arguments: [Precision.bf16, .int8], [false, true])
    func staysNearF32(precision: Precision, outliers: Bool) throws {
        let folder = try Self.folder(outliers: outliers)
        let engine = try EncoderEngine(maxBatchTokens: 4096)
        let exact = try engine.run(try BERTModel.load(folder: folder), Self.texts, .logits)
        let model = try BERTModel.load(folder: folder, precision: precision)
        let rough = try engine.run(model, Self.texts, .logits)
        let size = exact.joined().map { abs($0) }.max() ?? 0
        let gaps = zip(exact.joined(), rough.joined()).map { abs($0 - $1) }
        #expect(gaps.allSatisfy { $0.isFinite }, "`max` would pass over a NaN")
        let worst = gaps.max() ?? 0
        let bound: Float =
            switch (precision, outliers) {
            case (.bf16, false): 0.02
            case (.bf16, true): 0.08
            case (_, false): 0.05
            case (_, true): 0.25
            }
        #expect(worst <= bound * max(1, size), "largest difference \(worst), logits to \(size)")
    }
}

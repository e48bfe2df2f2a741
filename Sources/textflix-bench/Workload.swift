// The workloads of the encoder's measurements: lengths of texts, and how many are sent at once.

import Encoder

struct Workload {
    let name: String
    /// Tokens of each text.
    let lengths: [Int]
    /// Texts in a batch.
    let atOnce: Int

    static let all = [
        Workload(name: "1x16", lengths: [16], atOnce: 1),
        Workload(name: "1x128", lengths: [128], atOnce: 1),
        Workload(name: "1x512", lengths: [512], atOnce: 1),
        Workload(name: "32x128", lengths: Array(repeating: 128, count: 32), atOnce: 32),
        Workload(name: "8x512", lengths: Array(repeating: 512, count: 8), atOnce: 8),
        Workload(name: "mixed", lengths: mixedLengths, atOnce: 64),
        Workload(name: "mixed-single", lengths: mixedLengths, atOnce: 1),
    ]

    /// Tokens of the largest batch.
    static var mostTokens: Int { max(4096, mixedLengths.reduce(0, +)) }

    static func named(_ name: String) -> Workload? { all.first { $0.name == name } }

    /// 64 lengths as reviews have them: log-normal, median 230, sigma 0.7, cut to 16...512. The
    /// same list stands in deploy/bench/opponents.py, which prints it.
    private static let mixedLengths: [Int] = {
        var state: UInt64 = 20_180_701
        return (0..<64).map { _ in
            // The sum of twelve uniform numbers, less six, is nearly normal.
            var normal = -6.0
            for _ in 0..<12 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                normal += Double(state >> 33) / 0x1p31
            }
            return min(512, max(16, Int(230 * exponential(0.7 * normal))))
        }
    }()

    /// e^x by its series, so that every program that follows the recipe gets the same lengths.
    private static func exponential(_ x: Double) -> Double {
        var term = 1.0
        var sum = 1.0
        for n in 1..<40 {
            term *= x / Double(n)
            sum += term
        }
        return sum
    }

    /// Ids of any kind: the arithmetic does not depend on them.
    func batches(vocabulary: Int, positions: Int) -> [RaggedBatch] {
        stride(from: 0, to: lengths.count, by: atOnce).map { first in
            var batch = RaggedBatch()
            for (index, length) in lengths[first..<min(first + atOnce, lengths.count)].enumerated()
            {
                let tokens = min(length, positions)
                batch.append((0..<tokens).map { UInt32(($0 * 7919 + index * 31 + 1) % vocabulary) })
            }
            return batch
        }
    }
}

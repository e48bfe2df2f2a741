// Texts in parts of equal size, each label spread evenly: cross-validation's splits.

internal import Randomness

package struct Folds: Sendable {
    package let parts: [[Int]]

    package init(_ positive: [Bool], count: Int, seed: UInt64) {
        self.init(truths: positive.map { $0 ? 1 : 0 }, count: count, seed: seed)
    }

    package init(truths: [Int], count: Int, seed: UInt64) {
        var random = RandomSource(seed: seed)
        var parts = Array(repeating: [Int](), count: count)
        var next = 0
        for label in Set(truths).sorted(by: >) {
            var texts = truths.indices.filter { truths[$0] == label }
            random.shuffle(&texts)
            for text in texts {
                parts[next % count].append(text)
                next += 1
            }
        }
        self.parts = parts.map { $0.sorted() }
    }

    /// A margin for every text, each from a fit on the other parts.
    package func margins(_ fitted: (_ train: [Int], _ held: [Int]) -> [Double]) -> [Double] {
        var margins = Array(repeating: 0.0, count: parts.reduce(0) { $0 + $1.count })
        for held in parts.indices where !parts[held].isEmpty {
            let others = parts.indices.filter { $0 != held }.flatMap { parts[$0] }.sorted()
            for (text, margin) in zip(parts[held], fitted(others, parts[held])) {
                margins[text] = margin
            }
        }
        return margins
    }
}

// Texts in parts of about equal size, each label spread evenly: cross-validation's splits.
//
// Invariant: copies of a text are in one part, so that none is predicted by a fit that learned it.

internal import Randomness

package struct Folds: Sendable {
    package let parts: [[Int]]

    /// - Parameter firsts: for each text the place of the first that equals it.
    package init(_ positive: [Bool], firsts: [Int], count: Int, seed: UInt64) {
        self.init(truths: positive.map { $0 ? 1 : 0 }, firsts: firsts, count: count, seed: seed)
    }

    package init(truths: [Int], firsts: [Int], count: Int, seed: UInt64) {
        var random = RandomSource(seed: seed)
        var parts = Array(repeating: [Int](), count: count)
        var next = 0
        var partOf: [Int: Int] = [:]
        for label in Set(truths).sorted(by: >) {
            var texts = truths.indices.filter { truths[$0] == label }
            random.shuffle(&texts)
            for text in texts {
                if let part = partOf[firsts[text]] {
                    parts[part].append(text)
                    continue
                }
                partOf[firsts[text]] = next % count
                parts[next % count].append(text)
                next += 1
            }
        }
        self.parts = parts.map { $0.sorted() }
    }

    /// A margin for every text, each from a fit on the other parts; 0 where all are in one part.
    package func margins(_ fitted: (_ train: [Int], _ held: [Int]) -> [Double]) -> [Double] {
        var margins = Array(repeating: 0.0, count: parts.reduce(0) { $0 + $1.count })
        for held in parts.indices where !parts[held].isEmpty {
            let others = parts.indices.filter { $0 != held }.flatMap { parts[$0] }.sorted()
            guard !others.isEmpty else { continue }
            for (text, margin) in zip(parts[held], fitted(others, parts[held])) {
                margins[text] = margin
            }
        }
        return margins
    }
}

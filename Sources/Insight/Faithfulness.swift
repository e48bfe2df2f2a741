// Does an explanation name what the model really uses? Measured by taking it away.
//
// ERASER (DeYoung 2020), over the shares 1, 5, 10, 20, 50 % of the features, at least one:
//     comprehensiveness: mean of p(text) - p(text without the top features): high is good
//     sufficiency:       mean of p(text) - p(the top features alone):        low is good
// Deletion curve (Petsiuk 2018): p after each removal, most supporting first; its area: low is
// good. The label is the one that the model gives the whole text.

package struct Faithfulness: Sendable, Equatable {
    package var comprehensiveness: Double
    package var sufficiency: Double
    package var deletionArea: Double

    package init(comprehensiveness: Double, sufficiency: Double, deletionArea: Double) {
        self.comprehensiveness = comprehensiveness
        self.sufficiency = sufficiency
        self.deletionArea = deletionArea
    }

    package static let shares = [0.01, 0.05, 0.10, 0.20, 0.50]

    /// The masks to score for an order of the S features (most supporting first): the text, then
    /// without and only the top of each share, then the deletion curve. May hold equal masks.
    package static func masks(order: [Int]) -> [Mask] {
        let full = Mask(count: order.count, keeping: true)
        var masks = [full]
        for share in shares {
            let only = top(order, share)
            masks += [only.complement, only]
        }
        var left = full
        for feature in order {
            left[feature] = false
            masks.append(left)
        }
        return masks
    }

    /// - Parameter scores: the label's probability for each of `masks(order:)`.
    package init(scores: [Double]) {
        let pairs = Self.shares.indices.map { (scores[1 + 2 * $0], scores[2 + 2 * $0]) }
        let count = Double(pairs.count)
        comprehensiveness = pairs.reduce(0) { $0 + scores[0] - $1.0 } / count
        sufficiency = pairs.reduce(0) { $0 + scores[0] - $1.1 } / count
        let curve = [scores[0]] + scores[(1 + 2 * pairs.count)...]
        // Trapezoids of width 1/S.
        let inner = curve.dropFirst().dropLast().reduce(0, +)
        let ends = (curve[0] + curve[curve.count - 1]) / 2
        deletionArea = curve.count < 2 ? curve[0] : (inner + ends) / Double(curve.count - 1)
    }

    private static func top(_ order: [Int], _ share: Double) -> Mask {
        var mask = Mask(count: order.count, keeping: false)
        let size = max(1, Int((share * Double(order.count)).rounded()))
        for feature in order.prefix(size) { mask[feature] = true }
        return mask
    }
}

/// Spearman's rank correlation, ties sharing their mean rank; 1 where nothing varies.
package func spearman(_ first: [Double], _ second: [Double]) -> Double {
    let a = ranks(first)
    let b = ranks(second)
    let mean = Double(a.count - 1) / 2
    var covariance = 0.0
    var varianceA = 0.0
    var varianceB = 0.0
    for (x, y) in zip(a, b) {
        covariance += (x - mean) * (y - mean)
        varianceA += (x - mean) * (x - mean)
        varianceB += (y - mean) * (y - mean)
    }
    let scale = (varianceA * varianceB).squareRoot()
    return scale == 0 ? 1 : covariance / scale
}

private func ranks(_ values: [Double]) -> [Double] {
    let order = values.indices.sorted { values[$0] < values[$1] }
    var ranks = Array(repeating: 0.0, count: values.count)
    var start = 0
    while start < order.count {
        var end = start
        while end < order.count, values[order[end]] == values[order[start]] { end += 1 }
        for position in start..<end { ranks[order[position]] = Double(start + end - 1) / 2 }
        start = end
    }
    return ranks
}

// Margins to probabilities: p = 1 / (1 + exp(-(a m + b))) (Platt 1999), by Newton's method with the
// targets and the step control of Lin, Lin & Weng (2007).
//
// Targets are (N₊+1)/(N₊+2) and 1/(N₋+2) instead of 1 and 0: a few separable texts do not make
// certainty.
//
// Invariant: what was fitted has a positive slope. With few texts the fitted slope can be negative;
// calibration must never invert answers.

internal import func Glibc.exp
internal import func Glibc.log
internal import func Glibc.log1p

package struct PlattScaling: Sendable, Equatable {
    package var slope: Double
    package var offset: Double

    package init(slope: Double, offset: Double) {
        self.slope = slope
        self.offset = offset
    }

    /// Margins as they are: the log-odds of a logistic loss.
    package static let identity = PlattScaling(slope: 1, offset: 0)

    /// nil where the margins do not rise with the label.
    package init?(margins: [Double], positive: [Bool]) {
        self.init(fitting: margins, positive)
        guard slope > 0 else { return nil }
    }

    private init(fitting margins: [Double], _ positive: [Bool]) {
        let positives = Double(positive.filter(\.self).count)
        let negatives = Double(positive.count) - positives
        let high = (positives + 1) / (positives + 2)
        let low = 1 / (negatives + 2)
        let targets = positive.map { $0 ? high : low }
        slope = 0
        offset = log((positives + 1) / (negatives + 1))
        var loss = Self.loss(margins, targets, slope, offset)
        for _ in 0..<100 {
            guard let (stepA, stepB) = newtonStep(margins, targets) else { return }
            var size = 1.0
            var improved = false
            while size > 1e-10, !improved {
                let trial = Self.loss(
                    margins, targets, slope + size * stepA, offset + size * stepB)
                improved = trial < loss
                if improved {
                    slope += size * stepA
                    offset += size * stepB
                    loss = trial
                }
                size /= 2
            }
            guard improved else { return }
        }
    }

    package func probability(_ margin: Double) -> Double {
        1 / (1 + exp(-(slope * margin + offset)))
    }

    /// nil once the gradient has vanished.
    private func newtonStep(_ margins: [Double], _ targets: [Double]) -> (Double, Double)? {
        var (gradA, gradB) = (0.0, 0.0)
        // A ridge of 1e-12 keeps the Hessian definite.
        var (hessAA, hessAB, hessBB) = (1e-12, 0.0, 1e-12)
        for (margin, target) in zip(margins, targets) {
            let p = probability(margin)
            let curvature = p * (1 - p)
            gradA += (p - target) * margin
            gradB += p - target
            hessAA += margin * margin * curvature
            hessAB += margin * curvature
            hessBB += curvature
        }
        guard max(abs(gradA), abs(gradB)) > 1e-9 * Double(margins.count) else { return nil }
        let determinant = hessAA * hessBB - hessAB * hessAB
        return (
            -(hessBB * gradA - hessAB * gradB) / determinant,
            -(hessAA * gradB - hessAB * gradA) / determinant
        )
    }

    private static func loss(
        _ margins: [Double], _ targets: [Double], _ slope: Double, _ offset: Double
    ) -> Double {
        zip(margins, targets).reduce(0.0) { sum, entry in
            let z = slope * entry.0 + offset
            // log(1 + e^z) - t z, without overflow.
            return sum + max(z, 0) + log1p(exp(-abs(z))) - entry.1 * z
        }
    }
}

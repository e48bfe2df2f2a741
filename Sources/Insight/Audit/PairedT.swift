// Student's t-test of paired differences: is their mean 0? Also for a table whose rows and columns
// are both samples.
//
// The t distribution comes from the regularised incomplete beta function.

internal import func Glibc.exp
internal import func Glibc.lgamma
internal import func Glibc.log
internal import func Glibc.log1p

struct PairedT {
    let mean: Double
    let error: Double
    let freedom: Double

    /// Of independent differences.
    init(_ differences: [Double]) {
        let count = Double(differences.count)
        let mean = differences.reduce(0, +) / max(1, count)
        let squares = differences.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        self.mean = mean
        freedom = max(0, count - 1)
        error = count > 1 ? (squares / freedom / count).squareRoot() : 0
    }

    /// Of a table whose rows and whose columns are samples, with a cell for every pair of them.
    ///
    /// A row's effect and a column's effect both move the mean, so the squares of the two errors
    /// add. Chance within the cells counts in both: at worst the error is too large. The degrees of
    /// freedom are those of the fewer, at worst too small.
    init(crossed rows: [[Double]]) {
        let columns = rows[0].indices.map { column in rows.map { $0[column] } }
        let (byRow, byColumn) = (
            PairedT(rows.map { PairedT($0).mean }), PairedT(columns.map { PairedT($0).mean })
        )
        mean = byRow.mean
        error = (byRow.error * byRow.error + byColumn.error * byColumn.error).squareRoot()
        freedom = min(byRow.freedom, byColumn.freedom)
    }

    /// Two-sided.
    var p: Double {
        guard error > 0 else { return mean == 0 || freedom < 1 ? 1 : 0 }
        return Self.chance(of: mean / error, freedom: freedom)
    }

    /// With 95 % confidence.
    var interval: ClosedRange<Double> {
        let reach = error > 0 ? error * critical : 0
        return mean - reach...mean + reach
    }

    /// The |t| that chance exceeds with probability 0.05; by bisection.
    private var critical: Double {
        var (low, high) = (0.0, 1000.0)
        for _ in 0..<60 {
            let middle = (low + high) / 2
            if Self.chance(of: middle, freedom: freedom) > 0.05 {
                low = middle
            } else {
                high = middle
            }
        }
        return high
    }

    /// The probability that |t| is as large by chance.
    private static func chance(of t: Double, freedom: Double) -> Double {
        regularisedBeta(freedom / (freedom + t * t), freedom / 2, 0.5)
    }

    /// I_x(a, b) by its continued fraction (Lentz), on the side where it converges fast.
    static func regularisedBeta(_ x: Double, _ a: Double, _ b: Double) -> Double {
        guard x > 0, x < 1 else { return x <= 0 ? 0 : 1 }
        if x > (a + 1) / (a + b + 2) { return 1 - regularisedBeta(1 - x, b, a) }
        let front =
            exp(
                lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x)) / a
        var fraction = 1.0
        var c = 1.0
        var d = 0.0
        for step in 0...300 {
            let m = Double(step / 2)
            let numerator: Double
            if step == 0 {
                numerator = 1
            } else if step.isMultiple(of: 2) {
                numerator = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
            } else {
                numerator = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
            }
            d = 1 / (1 + numerator * d)
            c = 1 + numerator / c
            fraction *= c * d
            if abs(1 - c * d) < 1e-14 { break }
        }
        return front * (fraction - 1)
    }
}

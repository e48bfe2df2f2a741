// What a histogram of cumulative counts tells: how many, the mean, and quantiles by linear
// interpolation inside a bucket, as Prometheus' histogram_quantile does.
//
// A quantile in the last, unbounded bucket is given as that bucket's lower bound: at least so much.

import TextflixProtocol

struct HistogramReading: Sendable {
    let bounds: [Double]
    let counts: [UInt64]
    let sum: Double

    init(_ histogram: Histogram) {
        bounds = histogram.bounds
        counts = histogram.counts
        sum = histogram.sum
    }

    var count: UInt64 { counts.last ?? 0 }
    var mean: Double? { count > 0 ? sum / Double(count) : nil }

    /// - Parameter share: 0...1.
    /// - Returns: nil for an empty or misshapen histogram.
    func quantile(_ share: Double) -> Double? {
        guard count > 0, counts.count == bounds.count + 1 else { return nil }
        let rank = share * Double(count)
        guard let bucket = counts.firstIndex(where: { Double($0) >= rank }) else { return nil }
        guard bucket < bounds.count else { return bounds.last }
        let lower = bucket == 0 ? min(0, bounds[0]) : bounds[bucket - 1]
        let before = bucket == 0 ? 0 : counts[bucket - 1]
        let inside = Double(counts[bucket]) - Double(before)
        guard inside > 0 else { return bounds[bucket] }
        return lower + (bounds[bucket] - lower) * (rank - Double(before)) / inside
    }
}

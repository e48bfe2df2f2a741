// A histogram of whole numbers (nanoseconds, tokens) with three significant digits, whatever their
// size: the layout of Gil Tene's HdrHistogram.
//
//     value                    0..<2048        one bucket each
//     2048·2^k ..< 2048·2^(k+1)                1024 buckets of 2^(k+1) each
//
// A bucket is at most 1/1024 of its values wide, so a quantile is within 0.1 % of the exact one.
// Recording is two shifts and an addition and allocates nothing. Values above 2^48 - 1 (78 hours of
// nanoseconds) are counted as that.

struct ValueHistogram: Sendable, Equatable {
    private static let half = 1024
    private static let shifts = 38
    static let most: UInt64 = (1 << 48) - 1  // 2048 · 2^37 - 1

    private var counts = [UInt64](repeating: 0, count: half * (shifts + 1))
    private(set) var count: UInt64 = 0
    private(set) var smallest: UInt64 = .max
    private(set) var largest: UInt64 = 0
    private var sum: Double = 0

    init() {}

    mutating func record(_ number: UInt64) {
        let value = min(number, Self.most)
        counts[Self.bucket(of: value)] += 1
        count += 1
        smallest = min(smallest, value)
        largest = max(largest, value)
        sum += Double(value)
    }

    mutating func add(_ other: ValueHistogram) {
        for index in counts.indices { counts[index] += other.counts[index] }
        count += other.count
        smallest = min(smallest, other.smallest)
        largest = max(largest, other.largest)
        sum += other.sum
    }

    var mean: Double { count > 0 ? sum / Double(count) : 0 }

    /// The value that at least this share of all does not pass, at the upper end of its bucket.
    /// - Parameter share: 0...1.
    /// - Returns: 0 for an empty histogram.
    func quantile(_ share: Double) -> UInt64 {
        rank(max(1, UInt64((share * Double(count)).rounded(.up))))
    }

    /// The value of that rank, from 1, in rising order.
    func rank(_ rank: UInt64) -> UInt64 {
        guard count > 0 else { return 0 }
        if rank >= count { return largest }
        var seen: UInt64 = 0
        for (bucket, number) in counts.enumerated() where number > 0 {
            seen += number
            if seen >= rank { return min(Self.upperEnd(of: bucket), largest) }
        }
        return largest
    }

    /// The buckets that hold something: their upper ends and counts, rising.
    var entries: [(upperEnd: UInt64, count: UInt64)] {
        counts.enumerated().filter { $0.element > 0 }
            .map { (Self.upperEnd(of: $0.offset), $0.element) }
    }

    // MARK: - Layout

    static func bucket(of value: UInt64) -> Int {
        if value < 2 * UInt64(half) { return Int(value) }
        let shift = 53 - value.leadingZeroBitCount  // so that value >> shift is 1024..<2048
        return half * (shift + 1) + Int(value >> UInt64(shift)) - half
    }

    static func upperEnd(of bucket: Int) -> UInt64 {
        if bucket < 2 * half { return UInt64(bucket) }
        let shift = bucket / half - 1
        let lower = UInt64(bucket % half + half) << UInt64(shift)
        return lower + (1 << UInt64(shift)) - 1
    }
}

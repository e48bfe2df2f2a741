// Durations as people write them: `250ms`, `10s`, `1.5m`.
//
// Decimal digits are read exactly (no floating point), down to the nanosecond; what has more
// digits than that, is negative, or passes about three years is refused, not rounded.

extension Duration {
    /// A number with one of the units ns, us, ms, s, m, h, d; no unit means seconds.
    package init?(written text: String) {
        let number = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        guard let unit = Self.nanoseconds(of: text.dropFirst(number.count)),
            let count = Self.scaled(number, by: unit), count <= 100_000_000_000_000_000
        else { return nil }
        self = .nanoseconds(count)
    }

    private static func nanoseconds(of unit: Substring) -> Int64? {
        switch unit {
        case "ns": 1
        case "us", "µs": 1_000
        case "ms": 1_000_000
        case "", "s": 1_000_000_000
        case "m", "min": 60_000_000_000
        case "h": 3_600_000_000_000
        case "d": 86_400_000_000_000
        default: nil
        }
    }

    /// `1.5` by a unit of 1000 is 1500; nil when it is no number or does not come out whole.
    private static func scaled(_ number: Substring, by unit: Int64) -> Int64? {
        let parts = number.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard let wholeText = parts.first, let whole = Int64(wholeText) else { return nil }
        var (sum, overflow) = whole.multipliedReportingOverflow(by: unit)
        guard !overflow else { return nil }
        guard parts.count == 2 else { return sum }
        guard !parts[1].isEmpty else { return nil }
        var place = unit
        for digit in parts[1] {
            guard let value = digit.wholeNumberValue else { return nil }
            let (quotient, remainder) = place.quotientAndRemainder(dividingBy: 10)
            guard remainder == 0 || value == 0 else { return nil }
            place = quotient
            (sum, overflow) = sum.addingReportingOverflow(Int64(value) * place)
            guard !overflow else { return nil }
        }
        return sum
    }
}

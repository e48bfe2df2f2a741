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

    /// Whole nanoseconds; everything this tree measures fits in 64 bits.
    package var inNanoseconds: Int64 {
        components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000
    }

    /// In seconds, for arithmetic on rates.
    package var inSeconds: Double { Double(inNanoseconds) / 1e9 }

    /// As a person reads it, three significant digits: `1.23 ms`, `45.6 s`, `12 min`.
    package var shown: String {
        let seconds = inSeconds
        return switch abs(seconds) {
        case 0: "0 s"
        case ..<1e-6: "\(inNanoseconds) ns"
        case ..<1e-3: "\(threeDigits(seconds * 1e6)) µs"
        case ..<1: "\(threeDigits(seconds * 1e3)) ms"
        case ..<120: "\(threeDigits(seconds)) s"
        case ..<7200: "\(threeDigits(seconds / 60)) min"
        case ..<172_800: "\(threeDigits(seconds / 3600)) h"
        default: "\(threeDigits(seconds / 86_400)) d"
        }
    }
}

/// A positive number in about three digits, without an exponent: `0.12`, `1.23`, `45.6`, `789`.
package func threeDigits(_ number: Double) -> String {
    let decimals =
        switch abs(number) {
        case ..<9.995: 2
        case ..<99.95: 1
        default: 0
        }
    return fixed(number, decimals: decimals)
}

/// A number with so many decimals, rounded to nearest.
package func fixed(_ number: Double, decimals: Int) -> String {
    guard number.isFinite, abs(number) < 1e15 else { return number.description }
    var scale = 1
    for _ in 0..<decimals { scale *= 10 }
    let units = Int((abs(number) * Double(scale)).rounded())
    let sign = number < 0 && units > 0 ? "-" : ""
    guard decimals > 0 else { return "\(sign)\(units)" }
    let fraction = String(units % scale)
    let zeros = String(repeating: "0", count: decimals - fraction.count)
    return "\(sign)\(units / scale).\(zeros)\(fraction)"
}

// Numbers in few digits, and durations in them.

internal import Syscalls

extension Duration {
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

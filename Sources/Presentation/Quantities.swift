// Numbers with their units, as a person reads them.

/// Decimal units as disks and `ls --si` have them: `87.3 MB`.
package func byteText(_ count: UInt64) -> String {
    let units = ["B", "kB", "MB", "GB", "TB"]
    var value = Double(count)
    var unit = 0
    while value >= 999.5, unit + 1 < units.count {
        value /= 1000
        unit += 1
    }
    return unit == 0 ? "\(count) B" : "\(threeDigits(value)) \(units[unit])"
}

/// A time since the start of something: `3 d 4 h`, `2 h 5 min`, `45 s`.
package func ageText(nanoseconds: UInt64) -> String {
    ageText(wholeSeconds: nanoseconds / 1_000_000_000)
}

/// Of an estimate, which may be anything.
package func ageText(seconds: Double) -> String {
    ageText(wholeSeconds: UInt64(seconds > 0 ? min(seconds, 1e15) : 0))
}

private func ageText(wholeSeconds seconds: UInt64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60)
    if days > 0 { return "\(days) d \(hours) h" }
    if hours > 0 { return "\(hours) h \(minutes) min" }
    return minutes > 0 ? "\(minutes) min \(seconds % 60) s" : "\(seconds) s"
}

/// `1 text`, `1,200 texts`
package func counted(_ number: Int, _ one: String, _ many: String) -> String {
    "\(grouped(number)) \(number == 1 ? one : many)"
}

/// A number with a comma between thousands.
package func grouped(_ number: some BinaryInteger) -> String {
    let digits = String(number.magnitude)
    var text = ""
    for (index, digit) in digits.enumerated() {
        if index > 0, (digits.count - index).isMultiple(of: 3) { text.append(",") }
        text.append(digit)
    }
    return number < 0 ? "-\(text)" : text
}

/// So many a second: three digits, or thousands with their commas.
package func rateText(_ rate: Double) -> String {
    rate < 999.5 || rate > 1e15 ? threeDigits(rate) : grouped(Int(rate.rounded()))
}

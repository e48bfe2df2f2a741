// Conditions on a run: `p99<250ms`, `errors=0`, `rate>=40`, `steady`.

import CommandLineTable
import Presentation
import Syscalls

struct Assertion: Sendable, Equatable {
    enum Relation: String, Sendable {
        case below = "<", atMost = "<=", above = ">", atLeast = ">=", equal = "="
    }

    let figure: String
    let relation: Relation
    /// Times in nanoseconds.
    let limit: Double
    /// As it was written.
    let text: String

    /// What an option holds, parted by commas.
    static func list(_ call: Invocation, _ option: Option) throws(UsageError) -> [Assertion] {
        var assertions: [Assertion] = []
        for part in call.list(option) {
            guard let assertion = Assertion(String(part.filter { $0 != " " })) else {
                throw call.complaint(
                    "\(option.flag): '\(part)' is no condition such as p99<250ms or rate>=40")
            }
            assertions.append(assertion)
        }
        guard !assertions.isEmpty || !call.has(option) else {
            throw call.complaint("\(option.flag) holds no condition")
        }
        return assertions
    }

    /// The one condition of `--slo`, where `p99=250ms` means at most.
    static func slo(_ call: Invocation) throws(UsageError) -> Assertion {
        let list = try list(call, BenchOptions.slo)
        guard list.count == 1, let first = list.first else {
            throw call.complaint("--slo takes one condition")
        }
        return first.relation == .equal
            ? Assertion(
                figure: first.figure, relation: .atMost, limit: first.limit, text: first.text)
            : first
    }

    private init(figure: String, relation: Relation, limit: Double, text: String) {
        self.figure = figure
        self.relation = relation
        self.limit = limit
        self.text = text
    }

    /// A value of this figure for a person.
    func shown(_ value: Double) -> String {
        switch Self.withoutLane(figure[...]) {
        case "rate", "offered", "texts", "tokens": return "\(rateText(value))/s"
        case "errors", "steady": return fixed(value, decimals: 0)
        default: return Duration.nanoseconds(Int64(value)).shown
        }
    }

    init?(_ text: String) {
        self.text = text
        let name = text.prefix { !"<>=".contains($0) }
        let rest = text.dropFirst(name.count)
        let sign = rest.prefix { "<>=".contains($0) }
        guard Self.isFigure(name) else { return nil }
        figure = String(name)
        if sign.isEmpty, rest.isEmpty, name.hasSuffix("steady") {
            relation = .equal
            limit = 1
            return
        }
        guard let relation = Relation(rawValue: sign == "==" ? "=" : String(sign)),
            let limit = Self.value(rest.dropFirst(sign.count), isTime: Self.isTime(name))
        else { return nil }
        self.relation = relation
        self.limit = limit
    }

    /// - Parameter value: in the unit of `limit`.
    func holds(_ value: Double) -> Bool {
        switch relation {
        case .below: value < limit
        case .atMost: value <= limit
        case .above: value > limit
        case .atLeast: value >= limit
        case .equal: value == limit
        }
    }

    /// A name that a report has a figure for.
    private static func isFigure(_ name: Substring) -> Bool {
        let last = withoutLane(name)
        if numbers.contains(last) || times.contains(last) { return true }
        guard last.first == "p", let percent = Double(last.dropFirst()) else { return false }
        return percent > 0 && percent <= 100
    }

    private static let numbers: [Substring] = [
        "rate", "offered", "texts", "tokens", "errors", "steady",
    ]
    private static let times: [Substring] = ["mean", "max", "lag"]

    private static func withoutLane(_ name: Substring) -> Substring {
        name.hasPrefix("bulk.") ? name.dropFirst(5) : name
    }

    private static func isTime(_ name: Substring) -> Bool { !numbers.contains(withoutLane(name)) }

    /// A number, or a time, which has its unit: 250 could be meant as anything.
    private static func value(_ text: Substring, isTime: Bool) -> Double? {
        if let number = Double(text) {
            return number.isFinite && (!isTime || number == 0) ? number : nil
        }
        guard isTime else { return nil }
        return Duration(written: String(text)).map { Double($0.inNanoseconds) }
    }
}

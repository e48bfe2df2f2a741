// An audit in the terminal: failure rates, then the worst sentences of each test, then bias.

import Insight
import Presentation

struct AuditLines {
    let report: AuditReport
    let screen: Screen

    var lines: [String] {
        let share = Self.percent(Double(report.failureCount) / Double(max(1, report.caseCount)))
        let heading =
            screen.paint("textflixlab audit", .bold)
            + "  \(report.title), seed \(report.seed): \(grouped(report.failureCount)) of "
            + "\(grouped(report.caseCount)) sentences failed (\(share))"
        let sides = [report.sides.praise, report.sides.blame].map { DisplayWidth.oneLine($0) }
        return [heading, "praise is \(sides[0]), blame \(sides[1])", ""] + behaviour + examples + [
            ""
        ] + bias + widest
    }

    private var behaviour: [String] {
        var table = TextTable([
            .init(title: "ABILITY"), .init(title: "TEST"), .init(title: "FAILED", isNumber: true),
            .init(title: ""), .init(title: "CASES", isNumber: true),
        ])
        for outcome in report.behaviour {
            table.append([
                outcome.test.ability, outcome.test.name, Self.percent(outcome.rate),
                Bar.text(outcome.rate, columns: 10), "\(outcome.test.cases.count)",
            ])
        }
        return table.lines(on: screen)
    }

    private var examples: [String] {
        guard report.examples > 0 else { return [] }
        let failing = report.behaviour.filter { !$0.failures.isEmpty }
        return failing.flatMap { outcome -> [String] in
            let title = "\(outcome.test.name): \(outcome.test.demand.words)"
            return ["", screen.paint(title, .bold)]
                + outcome.failures.prefix(report.examples).flatMap { failure in
                    zip(failure.texts, failure.scores).enumerated().map { index, entry in
                        let arrow = index == 0 ? "" : "→ "
                        return "  \(fixed(entry.1, decimals: 2))  \(arrow)\(entry.0)"
                    }
                }
        }
    }

    private var bias: [String] {
        var table = TextTable([
            .init(title: "PAIRS OF"), .init(title: "FIRST − SECOND"),
            .init(title: "MEAN", isNumber: true), .init(title: "95 %"),
            .init(title: "P", isNumber: true), .init(title: "FLIPS", isNumber: true),
            .init(title: "PAIRS", isNumber: true),
        ])
        for outcome in report.bias {
            table.append([
                outcome.test.name, "\(outcome.test.sides.first) − \(outcome.test.sides.second)",
                Self.signed(outcome.mean), Self.range(outcome.interval),
                Self.chance(outcome.p), "\(outcome.flips)", "\(outcome.test.pairs.count)",
            ])
        }
        let counts = report.bias.map { "\($0.independentPairs)" }.joined(separator: ", ")
        return table.lines(on: screen) + [Self.samples, "Independent pairs: \(counts)."]
    }

    private var widest: [String] {
        guard report.examples > 0 else { return [] }
        return ["", screen.paint("The widest pairs", .bold)]
            + report.bias.flatMap { outcome -> [String] in
                guard let pair = outcome.widest else { return [] }
                return [
                    "  \(fixed(pair.scores.0, decimals: 2))  \(pair.first)",
                    "  \(fixed(pair.scores.1, decimals: 2))  \(pair.second)",
                ]
            }
    }

    /// Why so many pairs prove so little.
    static let samples =
        "Pairs that share persons or a template are not independent: p and the interval take both "
        + "for samples, as few as they are."

    static func range(_ interval: ClosedRange<Double>) -> String {
        "\(signed(interval.lowerBound)) to \(signed(interval.upperBound))"
    }

    static func percent(_ share: Double) -> String { "\(fixed(100 * share, decimals: 1)) %" }

    static func signed(_ number: Double) -> String {
        (number < 0 ? "−" : "+") + fixed(abs(number), decimals: 4)
    }

    static func chance(_ p: Double) -> String { p < 1e-4 ? "< 0.0001" : fixed(p, decimals: 4) }
}

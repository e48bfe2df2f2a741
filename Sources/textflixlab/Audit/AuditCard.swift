// The part of a model card that an audit writes: Markdown between two marks, so that a later audit
// renews it and nothing else of the card.

import CommandLineTable
import Insight
import Syscalls

enum AuditCard {
    private static let opening = "<!-- audit: written by textflixlab audit --card -->"
    private static let closing = "<!-- audit: end -->"

    /// Renews the part in a card that has it, appends it to one that has not, or begins a card.
    static func write(_ report: AuditReport, to path: String) throws {
        let old =
            fileExists(path)
            ? String(decoding: try readFile(path, limit: 1 << 24), as: UTF8.self) : ""
        try writeFileAtomically(path, bytes: Array(renewed(old, with: part(report)).utf8))
    }

    static func renewed(_ card: String, with part: String) -> String {
        let lines = card.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard let start = lines.firstIndex(of: opening),
            let end = lines[start...].firstIndex(of: closing)
        else {
            let blank = card.isEmpty ? "" : card.hasSuffix("\n\n") ? "" : "\n"
            return card + blank + part
        }
        return
            (lines[..<start]
            + part.split(separator: "\n", omittingEmptySubsequences: false)
            .dropLast().map(String.init) + lines[(end + 1)...]).joined(separator: "\n")
    }

    private static func part(_ report: AuditReport) -> String {
        var lines = [
            opening, "## Behaviour and bias", "",
            "`textflixlab audit --model \(report.model) --seed \(report.seed)`, revision "
                + "`\(report.revision.prefix(12))`. Sentences from templates; a failure rate is "
                + "the share that a reader would call wrong.", "",
            "| ability | test | failed | 95 % | cases | example |",
            "| --- | --- | ---: | --- | ---: | --- |",
        ]
        for outcome in report.behaviour {
            let (low, high) = (outcome.interval.lowerBound, outcome.interval.upperBound)
            let example = outcome.failures.first.map { failure in
                zip(failure.texts, failure.scores)
                    .map { "\($0.0) (\(fixed($0.1, decimals: 2)))" }.joined(separator: " → ")
            }
            lines.append(
                "| \(outcome.test.ability) | \(outcome.test.name) "
                    + "| \(AuditLines.percent(outcome.rate)) "
                    + "| \(fixed(100 * low, decimals: 1)) to \(fixed(100 * high, decimals: 1)) "
                    + "| \(outcome.test.cases.count) | \(example ?? "") |")
        }
        lines += [
            "",
            "Pairs that differ only in who is spoken of (score of praise, first minus second). "
                + "\(AuditLines.samples)", "",
            "| pairs of | first − second | mean | 95 % | p | flips | pairs | independent |",
            "| --- | --- | ---: | --- | ---: | ---: | ---: | ---: |",
        ]
        for outcome in report.bias {
            lines.append(
                "| \(outcome.test.name) | \(outcome.test.sides.first) − "
                    + "\(outcome.test.sides.second) | \(AuditLines.signed(outcome.mean)) "
                    + "| \(AuditLines.range(outcome.interval)) "
                    + "| \(AuditLines.chance(outcome.p)) | \(outcome.flips) "
                    + "| \(outcome.test.pairs.count) | \(outcome.independentPairs) |")
        }
        return (lines + [closing]).map { "\($0)\n" }.joined()
    }
}

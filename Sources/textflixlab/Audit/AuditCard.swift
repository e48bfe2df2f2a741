// The part of a model card that an audit writes: Markdown between two marks, so that a later audit
// renews it and nothing else of the card, whatever its encoding. Its line ends are the card's.

import Insight
import Presentation
import Syscalls

enum AuditCard {
    private static let opening = "<!-- audit: written by textflixlab audit --card -->"
    private static let closing = "<!-- audit: end -->"

    /// Renews the part in a card that has it, appends it to one that has not, or begins a card.
    static func write(_ report: AuditReport, to card: OutputFile) throws {
        let isThere = (try? FileStatus(path: card.path))?.kind == .regular
        let old = isThere ? try readFile(card.path, limit: 1 << 24) : []
        try card.finish(renewed(old, with: part(report)))
    }

    private static func renewed(_ card: [UInt8], with part: [String]) -> [UInt8] {
        let feed = UInt8(ascii: "\n")
        let lines = card.split(separator: feed, omittingEmptySubsequences: false)
        func text(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
            line.last == UInt8(ascii: "\r") ? line.dropLast() : line
        }
        let lineEnd = lines.dropLast().contains { text($0).count < $0.count } ? "\r\n" : "\n"
        let bytes = Array(part.map { $0 + lineEnd }.joined().utf8)
        guard let start = lines.firstIndex(where: { text($0).elementsEqual(opening.utf8) }),
            let end = lines[start...].firstIndex(where: { text($0).elementsEqual(closing.utf8) })
        else {
            let isApart = lines.count < 2 || lines.suffix(2).allSatisfy { text($0).isEmpty }
            return card + (isApart ? [] : Array(lineEnd.utf8)) + bytes
        }
        // The last line of the old part may be the last of the file, without an end.
        let rest = card[min(card.endIndex, lines[end].endIndex + 1)...]
        return card[..<lines[start].startIndex] + bytes + rest
    }

    private static func part(_ report: AuditReport) -> [String] {
        var lines = [
            opening, "## Behaviour and bias", "",
            "`textflixlab audit --model \(report.model) --seed \(report.seed)`, revision "
                + "`\(report.revision.prefix(12))`, praise is `\(report.sides.praise)`, blame "
                + "`\(report.sides.blame)`. Sentences from templates; a failure rate is "
                + "the share that a reader would call wrong.", "",
            "| ability | test | failed | cases | example |",
            "| --- | --- | ---: | ---: | --- |",
        ]
        for outcome in report.behaviour {
            let example = outcome.failures.first.map { failure in
                zip(failure.texts, failure.scores)
                    .map { "\($0.0) (\(fixed($0.1, decimals: 2)))" }.joined(separator: " → ")
            }
            lines.append(
                "| \(outcome.test.ability) | \(outcome.test.name) "
                    + "| \(AuditLines.percent(outcome.rate)) "
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
        return lines + [closing]
    }
}

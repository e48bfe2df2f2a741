// The daemon's status as a page for a person: what it is, what it serves, what waits, how long
// answers take, and what went wrong.
//
//     textflixd 0.1.0  ready  up 3 h 2 min  process 812  /run/textflix/textflix.sock
//
//     Models      one line each
//     Now         queue, engine, memory, limits
//     Time        each histogram: count, mean, quantiles
//     Counts      each counter: its sum, then its parts by their labels
//     Limits      all that the configuration can set, by their keys there
//
// It shows what the daemon sent, under the daemon's names, so a figure that this version does not
// know appears all the same. Nothing is computed but sums and quantiles.

import Presentation
import TextRuns
import TextflixProtocol

struct StatusPage {
    let status: StatusResponse
    let path: String
    let screen: Screen

    /// The page, line by line, without line ends.
    var lines: [String] {
        var lines = heading
        lines += section("Models", ModelTable.lines(status.models, on: screen, indent: "  "))
        lines += section("Now", now)
        lines += section("Time", times)
        lines += section("Counts", counts)
        lines += section("Limits", limits)
        return lines
    }

    private var heading: [String] {
        let ink: Ink = status.state == .ready ? .green : .yellow
        let first =
            screen.paint("textflixd \(DisplayWidth.oneLine(status.version))", .bold) + "  "
            + screen.paint(status.state.word, ink)
            + "  up \(ageText(nanoseconds: status.uptimeNs))  process \(status.processId)  \(path)"
        let detail = DisplayWidth.oneLine(status.detail)
        return status.detail.isEmpty ? [first] : [first, "  \(detail)"]
    }

    /// A heading and what stands under it; nothing where there is nothing.
    private func section(_ title: String, _ lines: [String]) -> [String] {
        lines.isEmpty ? [] : ["", screen.paint(title, .bold)] + lines
    }

    /// What holds at this moment.
    private var now: [String] {
        var rows: [(String, String)] = []
        if let queue = status.queue {
            let waiting =
                queue.texts == 0
                ? "nothing waits"
                : "\(grouped(queue.texts)) texts wait (\(grouped(queue.tokens)) tokens, "
                    + "\(byteText(queue.bytes)))"
            rows.append(("queue", "\(waiting), \(grouped(queue.runningTexts)) computing"))
            rows.append(("connections", grouped(queue.connections)))
        }
        if let engine = status.engine {
            let parts = [
                engine.threads > 0 ? "\(engine.threads) threads" : "",
                DisplayWidth.oneLine(engine.instructionSet),
                "\(rateText(engine.tokensPerSecond)) tokens/s",
            ]
            rows.append(("engine", parts.filter { !$0.isEmpty }.joined(separator: ", ")))
            rows.append(("memory", "\(byteText(engine.privateBytes)) beside the mapped models"))
        }
        if let limits = status.limits {
            rows.append(
                (
                    "limits",
                    "queue \(grouped(limits.queueTexts)) texts, \(byteText(limits.queueBytes)); "
                        + "batch \(grouped(limits.batchTokens)) tokens; "
                        + "\(grouped(limits.connections)) connections"
                ))
        }
        return rows.map { "  \(DisplayWidth.pad($0.0, to: 13))\($0.1)" }
    }

    /// Histograms that have counted anything.
    private var times: [String] {
        let readings = status.histograms.map { ($0, HistogramReading($0)) }
            .filter { $0.1.count > 0 }
        guard !readings.isEmpty else { return [] }
        var table = TextTable([
            .init(title: "", most: 44), .init(title: "COUNT", isNumber: true),
            .init(title: "MEAN", isNumber: true), .init(title: "P50", isNumber: true),
            .init(title: "P90", isNumber: true), .init(title: "P99", isNumber: true),
        ])
        for (histogram, reading) in readings {
            let isTime = histogram.name.hasSuffix("_seconds")
            let cells = [reading.mean] + [0.5, 0.9, 0.99].map { reading.quantile($0) }
            table.append(
                [title(histogram.name, histogram.labels), grouped(reading.count)]
                    + cells.map { Self.cell($0, isTime: isTime) })
        }
        return table.lines(on: screen, indent: "  ")
    }

    /// Durations with their unit, other quantities bare.
    private static func cell(_ value: Double?, isTime: Bool) -> String {
        guard let value else { return "" }
        return isTime ? Duration.seconds(value).shown : threeDigits(value)
    }

    /// One line a counter: its sum, then its parts.
    private var counts: [String] {
        let names = status.counters.reduce(into: [String]()) {
            if !$0.contains($1.name) { $0.append($1.name) }
        }
        let rows = names.compactMap { name -> (String, UInt64, String)? in
            let parts = status.counters.filter { $0.name == name && $0.value > 0 }
            let sum = parts.reduce(0) { $0 + $1.value }
            guard sum > 0 else { return nil }
            let named = parts.filter { !$0.labels.isEmpty }.map {
                "\(values($0.labels)) \(grouped($0.value))"
            }
            return (FigureNames.words(name), sum, named.joined(separator: ", "))
        }
        var table = TextTable([
            .init(title: ""), .init(title: "", isNumber: true), .init(title: "", most: 200),
        ])
        for row in rows { table.append([row.0, grouped(row.1), row.2]) }
        return table.lines(on: screen, indent: "  ", hasTitles: false)
    }

    /// As many beside each other as the screen is wide.
    private var limits: [String] {
        let limits = status.limits?.configured ?? []
        let cells = limits.map {
            "\(DisplayWidth.oneLine($0.name)) \(PrometheusPage.number($0.value))"
        }
        let width = (cells.map { DisplayWidth.of($0) }.max() ?? 0) + 2
        let across = max(1, (screen.columns - 2) / width)
        return stride(from: 0, to: cells.count, by: across).map { first in
            let row = cells[first..<min(first + across, cells.count)]
            return "  " + row.dropLast().map { DisplayWidth.pad($0, to: width) }.joined()
                + row.last!
        }
    }

    /// `queue duration, bulk`
    private func title(_ name: String, _ labels: [Label]) -> String {
        let parts = values(labels)
        return parts.isEmpty ? FigureNames.words(name) : "\(FigureNames.words(name)), \(parts)"
    }

    /// What the daemon sent may hold anything.
    private func values(_ labels: [Label]) -> String {
        labels.map { DisplayWidth.oneLine($0.value) }.joined(separator: " ")
    }
}

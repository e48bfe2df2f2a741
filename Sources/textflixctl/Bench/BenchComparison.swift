// Two runs side by side: what changed, by how much, and whether that is more than their own noise.
//
//             BEFORE    AFTER   CHANGE  NOISE
//     rate    40.0/s   60.2/s  +50.5 %  2.1 %  better
//     p99    48.2 ms  47.9 ms   -0.6 %  4.0 %  same
//       differs: daemon precision: f32, now int8
//
// Noise is how far the three windows of one run lie apart, the larger of the two runs. Lanes are
// compared in their order.

import JSONText
import Presentation
import Syscalls
import TextRuns

struct BenchComparison: Sendable {
    struct Row: Sendable, Equatable {
        let name: String
        let before: Double
        let after: Double
        let isTime: Bool
        /// Whether more is better.
        let wantsMore: Bool
        /// The larger spread of the windows of either run, as a share.
        let noise: Double

        /// Endless, where there was nothing before.
        var change: Double {
            guard before == 0 else { return after / before - 1 }
            return after == 0 ? 0 : .infinity
        }

        enum Verdict: String, Sendable { case better, worse, same }

        /// Same: within the noise, or within 1 %.
        var verdict: Verdict {
            if abs(change) <= max(noise, 0.01) { return .same }
            return (change > 0) == wantsMore ? .better : .worse
        }
    }

    let rows: [Row]
    /// What differs between the runs besides their figures.
    let differences: [String]

    init(_ before: BenchResult, _ after: BenchResult) {
        var rows: [Row] = []
        for (old, new) in zip(before.lanes, after.lanes) {
            let prefix = old["name"]?.string.flatMap { $0 == "interactive" ? nil : "\($0) " } ?? ""
            for (name, wantsMore) in [
                ("rate", true), ("texts_rate", true), ("tokens_rate", true),
            ] {
                guard let left = old[name]?.double, let right = new[name]?.double else { continue }
                let noise = max(Self.spread(old, "rate"), Self.spread(new, "rate"))
                rows.append(
                    Row(
                        name: prefix + name, before: left, after: right, isTime: false,
                        wantsMore: wantsMore, noise: noise))
            }
            for quantile in ["p50", "p90", "p99", "p99.9", "max"] {
                guard let left = old["latency"]?[quantile]?.double,
                    let right = new["latency"]?[quantile]?.double
                else { continue }
                let key = quantile == "p50" ? "p50" : "p99"
                let noise = max(Self.spread(old, key), Self.spread(new, key))
                rows.append(
                    Row(
                        name: prefix + quantile, before: left, after: right, isTime: true,
                        wantsMore: false, noise: noise))
            }
        }
        self.rows = rows
        differences = Self.differences(before.root, after.root)
    }

    /// (max - min) / mean of a figure over the windows.
    private static func spread(_ lane: JSONNode, _ figure: String) -> Double {
        let values = (lane["windows"]?.array ?? []).compactMap { $0[figure]?.double }
        guard let least = values.min(), let most = values.max(), most > 0 else { return 0 }
        return (most - least) / (values.reduce(0, +) / Double(values.count))
    }

    /// Host, daemon and plan, field by field: a comparison across machines says so.
    private static func differences(_ before: JSONNode, _ after: JSONNode) -> [String] {
        var found: [String] = []
        for part in ["host", "daemon", "plan"] {
            let (old, new) = (before[part]?.object ?? [], after[part]?.object ?? [])
            for name in names(old, new) where name != "socket" {
                compare("\(part) \(name)", before[part]?[name], after[part]?[name], &found)
            }
        }
        let (old, new) = (
            before["daemon"]?["limits"]?.object ?? [], after["daemon"]?["limits"]?.object ?? []
        )
        for name in names(old, new) {
            compare(
                "limit \(name)", before["daemon"]?["limits"]?[name],
                after["daemon"]?["limits"]?[name], &found)
        }
        compare("lanes", lanes(before), lanes(after), &found)
        for (old, new) in zip(before["lanes"]?.array ?? [], after["lanes"]?.array ?? []) {
            let lane = old["name"]?.string ?? ""
            for name in ["name", "arrivals", "concurrency", "target_rate", "texts_per_request"] {
                compare("\(lane) \(name)", old[name], new[name], &found)
            }
            compare("\(lane) errors", errors(old), errors(new), &found)
        }
        return found
    }

    private static func lanes(_ result: JSONNode) -> String {
        let names = (result["lanes"]?.array ?? []).map { $0["name"].map(text) ?? "nameless" }
        return names.isEmpty ? "none" : names.joined(separator: ", ")
    }

    /// Of both, in the order of the first.
    private static func names(
        _ old: [JSONMember], _ new: [JSONMember]
    ) -> [String] {
        let known = old.map(\.nameText)
        return known + new.map(\.nameText).filter { !known.contains($0) }
    }

    private static func compare(
        _ name: String, _ old: JSONNode?, _ new: JSONNode?, _ found: inout [String]
    ) {
        compare(name, old.map(text) ?? "nothing", new.map(text) ?? "nothing", &found)
    }

    private static func compare(
        _ name: String, _ old: String, _ new: String, _ found: inout [String]
    ) {
        if old != new { found.append("\(name): \(old), now \(new)") }
    }

    private static func errors(_ lane: JSONNode) -> String {
        let counts = lane["errors"]?.object ?? []
        let shown = counts.map { "\($0.nameText) \(text($0.node))" }
        return shown.isEmpty ? "none" : shown.joined(separator: ", ")
    }

    private static func text(_ node: JSONNode) -> String {
        switch node.value {
        case .string(let bytes): DisplayWidth.oneLine(bytes)
        case .number(let literal): literal
        case .bool(let flag): "\(flag)"
        default: node.value.kind
        }
    }

    /// The table, then what else differs.
    func lines(on screen: Screen) -> [String] {
        var table = TextTable([
            .init(title: ""), .init(title: "BEFORE", isNumber: true),
            .init(title: "AFTER", isNumber: true), .init(title: "CHANGE", isNumber: true),
            .init(title: "NOISE", isNumber: true), .init(title: ""),
        ])
        for row in rows {
            let sign = row.change < 0 ? "" : "+"
            let change = "\(sign)\(fixed(100 * row.change, decimals: 1)) %"
            table.append([
                row.name, Self.value(row.before, row), Self.value(row.after, row),
                row.change.isFinite ? change : "new",
                "\(fixed(100 * row.noise, decimals: 1)) %", row.verdict.rawValue,
            ])
        }
        let notes = differences.map { screen.paint("  differs: \($0)", .yellow) }
        return table.lines(on: screen) + notes
    }

    private static func value(_ value: Double, _ row: Row) -> String {
        guard row.isTime else { return "\(rateText(value))/s" }
        // A file may say anything.
        return Duration.nanoseconds(Int64(exactly: value.rounded()) ?? .max).shown
    }
}

/// A result file of `bench`.
struct BenchResult {
    let root: JSONNode
    let lanes: [JSONNode]

    init(path: String) throws(Failure) {
        let bytes: [UInt8]
        do throws(Errno) {
            bytes = try readFile(path, limit: 64 << 20)
        } catch { throw Failure(.noInput, "cannot read \(path): \(error.message)") }
        do throws(JSONError) {
            root = try JSONDocument.parse(bytes)
        } catch { throw Failure(.data, "\(path): \(error.description)") }
        guard root["format"]?.string == BenchJSON.format, let lanes = root["lanes"]?.array else {
            throw Failure(.data, "\(path): not a result of textflixctl bench")
        }
        self.lanes = lanes
    }
}

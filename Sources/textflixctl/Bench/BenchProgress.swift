// What a run shows while it lasts: one line, on a terminal only.
//
//     41.0/s   p50 21.0 ms   p99 48.2 ms   3 under way   0:12 left
//
// It is drawn by the generator's own thread, a few times a second, which costs well under a
// millisecond; in a pipe it costs nothing.

import Presentation
import Syscalls
import TextRuns

struct BenchProgress {
    private let screen = Screen(of: .error)
    private let plan: BenchPlan
    private let title: String

    init(_ plan: BenchPlan, title: String = "") {
        self.plan = plan
        self.title = title.isEmpty ? "" : "\(title)  "
    }

    var isWanted: Bool { screen.isTerminal }

    /// - Parameter time: nanoseconds since the start of the run.
    func show(_ time: UInt64, _ figures: [LaneFigures], _ underWay: Int) {
        let seconds = Double(time) / 1e9
        let warmUp = plan.warmUp.inSeconds
        let total = warmUp + plan.measured.inSeconds
        var parts: [String] = []
        if seconds < warmUp {
            parts.append("warming up")
        } else {
            let done = min(seconds - warmUp, plan.measured.inSeconds)
            let lane = figures[0]
            let rate = Double(lane.windows.reduce(0) { $0 + $1.answered }) / max(done, 1e-9)
            let latency = lane.latency
            parts.append("\(rateText(rate))/s")
            parts.append("p50 \(Self.time(latency.quantile(0.5)))")
            parts.append("p99 \(Self.time(latency.quantile(0.99)))")
            if lane.errors > 0 { parts.append("\(grouped(lane.errors)) errors") }
        }
        parts.append("\(grouped(underWay)) under way")
        parts.append(
            seconds < total ? "\(Progress.clock(total - seconds)) left" : "waiting for the last")
        let line = DisplayWidth.cut(
            title + parts.joined(separator: "   "), to: max(20, screen.columns - 1))
        printError("\(Screen.lineStart)\(line)")
    }

    func erase() { if isWanted { printError(Screen.lineStart) } }

    private static func time(_ nanoseconds: UInt64) -> String {
        Duration.nanoseconds(Int64(clamping: nanoseconds)).shown
    }
}

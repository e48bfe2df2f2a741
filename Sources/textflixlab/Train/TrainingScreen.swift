// How a run is followed: lines that stay, and on a terminal one line that moves.
//
//     12.4 s  step 1, tune: update 125 of 500: held-out accuracy 82 %, loss 0.4312, the best so far
//     update 130/500  epoch 2.6  loss 0.312  right 87.5 %  rate 4.1e-05  9,120 tokens/s  1:12 left
//
// Where standard error is no terminal, a line of figures stays every half minute.

import Presentation
import Syscalls
import Training

final class TrainingScreen {
    private let begun = MonotonicClock.now
    private let screen = Screen(of: .error)
    private var shownAt: MonotonicClock.Instant?
    private var isDirty = false
    /// Smoothed over the last updates of one fit.
    private var loss: Double?
    private var accuracy: Double?
    private var update = 0

    private static let smoothing = 0.05

    func tell(_ line: String) {
        erase()
        printError("\(fixed(seconds(), decimals: 1)) s  \(line)\n")
    }

    func progress(_ progress: FitProgress) {
        if progress.update != update + 1 { (loss, accuracy) = (nil, nil) }
        update = progress.update
        loss = smooth(loss, progress.loss)
        accuracy = smooth(accuracy, progress.accuracy)
        let now = MonotonicClock.now
        let pause: UInt64 = screen.isTerminal ? 200_000_000 : 30_000_000_000
        if let shownAt, now.since(shownAt) < pause { return }
        let isFirst = shownAt == nil
        shownAt = now
        guard screen.isTerminal else {
            if !isFirst { tell(line(progress)) }
            return
        }
        let cut = DisplayWidth.cut(line(progress), to: max(10, screen.columns - 1))
        printError("\(Screen.lineStart)\(cut)")
        isDirty = true
    }

    func erase() {
        guard isDirty else { return }
        printError(Screen.lineStart)
        isDirty = false
    }

    private func seconds() -> Double { Double(MonotonicClock.now.since(begun)) / 1e9 }

    private func smooth(_ mean: Double?, _ value: Double) -> Double {
        guard let mean else { return value }
        return mean + Self.smoothing * (value - mean)
    }

    private func line(_ progress: FitProgress) -> String {
        [
            "update \(progress.update)/\(progress.updates)",
            "epoch \(fixed(progress.epoch, decimals: 2))",
            "loss \(fixed(loss ?? 0, decimals: 4))",
            "right \(fixed(100 * (accuracy ?? 0), decimals: 1)) %",
            "rate \(Self.short(progress.rate))",
            "\(rateText(progress.tokensPerSecond)) tokens/s",
            "\(ageText(seconds: progress.secondsLeft)) left",
        ].joined(separator: "  ")
    }

    /// Two digits, as rates are written: `4.1e-05`.
    private static func short(_ rate: Double) -> String {
        guard rate > 0 else { return "0" }
        var (mantissa, exponent) = (rate, 0)
        while mantissa < 1 {
            mantissa *= 10
            exponent -= 1
        }
        return exponent == 0
            ? fixed(mantissa, decimals: 2) : "\(fixed(mantissa, decimals: 1))e\(exponent)"
    }
}

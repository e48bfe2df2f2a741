// `bench` and `bench compare`: from options to runs, files and an exit status.
//
//     0    measured, and everything that was asserted holds
//     1    an assertion fails, no rate meets the limit, or nothing was answered
//     75   the generator was late: measure again, on a quieter machine
//     130  stopped by Ctrl-C: what was measured is shown, and no file is written
//     143  the same by SIGTERM

import CommandLineTable
import Presentation
import Syscalls
import TextRuns
import TextflixProtocol

enum BenchCommand {
    /// A longer file is sampled by its beginning.
    private static let mostTexts = 20_000
    private static let syntheticCount = 1000

    /// Where a result goes, and what it is held to.
    private struct Conclusion {
        let conditions: [Assertion]
        let result: OutputFile?
        let plot: OutputFile?
    }

    static func run(_ call: Invocation) throws(Failure) -> ExitStatus {
        var plan: BenchPlan
        let conditions: [Assertion]
        let slo: Assertion
        do throws(UsageError) {
            plan = try BenchOptions.plan(call)
            conditions = try Assertion.list(call, BenchOptions.assertion)
            slo = try Assertion.slo(call)
        } catch { throw Failure(error) }
        let texts = try texts(call, &plan)
        let conclusion = Conclusion(
            conditions: conditions, result: try call.output(BenchOptions.out),
            plot: try call.output(BenchOptions.plot))
        let session = try BenchSession(call, texts: texts)
        guard call.has(BenchOptions.findCapacity) else {
            return try conclude(try session.measure(plan), conclusion, call)
        }
        guard let report = try session.findCapacity(plan, slo: slo) else { return .someFailed }
        return try conclude(report, conclusion, call)
    }

    /// Shows what changed; judging is the reader's, so the status is success.
    static func compare(_ call: Invocation) throws(Failure) -> ExitStatus {
        let before = try BenchResult(path: call.operands[0])
        let after = try BenchResult(path: call.operands[1])
        let lines = BenchComparison(before, after).lines(on: Screen(of: .output))
        printLines(lines)
        return .success
    }

    /// Texts of a file, else made up; notes in the plan which.
    private static func texts(
        _ call: Invocation, _ plan: inout BenchPlan
    ) throws(Failure) -> [[UInt8]] {
        if let path = call.text(Options.file) {
            var input = try TextInput(
                path: path == "-" ? nil : path, form: try TextCommands.form(call))
            var texts: [[UInt8]] = []
            while texts.count < mostTexts, let text = try nextText(&input) { texts.append(text) }
            guard !texts.isEmpty else { throw Failure(.data, "\(path): no texts") }
            plan.source = "\(grouped(texts.count)) of \(path)"
            return texts
        }
        let written = call.text(BenchOptions.tokens) ?? BenchOptions.usualLengths
        guard let lengths = SyntheticTexts.Lengths(written: written) else {
            throw Failure(
                call.complaint("--tokens: '\(written)' is neither 128, 16-512 nor 32:3,512:1"))
        }
        plan.source = "\(grouped(syntheticCount)) made up, lengths \(written)"
        return SyntheticTexts.make(lengths, count: syntheticCount, seed: plan.seed)
    }

    /// A broken line is an error here: a load should be what its file says.
    private static func nextText(_ input: inout TextInput) throws(Failure) -> [UInt8]? {
        while true {
            switch try input.next() {
            case .text(let item): return item.text.utf8
            case .bad(let line): throw Failure(.data, "line \(line.number): \(line.reason)")
            case .nothingYet: try input.read()
            case .end: return nil
            }
        }
    }

    /// Shows and writes the result, and judges it.
    private static func conclude(
        _ report: BenchReport, _ conclusion: Conclusion, _ call: Invocation
    ) throws(Failure) -> ExitStatus {
        let screen = Screen(of: .output)
        printLines(BenchPage(report: report, screen: screen).lines)
        if let signal = report.run.interruption { return interrupted(by: signal, call) }
        if let file = conclusion.result { try write(BenchJSON.text(report), to: file) }
        if let file = conclusion.plot { try write(PercentilePlot(report).text, to: file) }
        guard report.isOnTime else {
            throw Failure(.tryAgain, "the generator was too late itself; this run does not count")
        }
        guard report.run.lanes.contains(where: { $0.answered > 0 }) else {
            throw Failure(.someFailed, "nothing was answered")
        }
        var isHeld = true
        for condition in conclusion.conditions {
            guard let value = report.figure(condition.figure) else {
                isHeld = false
                let word = screen.paint("fails", .red)
                printOutput("  \(condition.text): \(word) (nothing was measured)\n")
                continue
            }
            let holds = condition.holds(value)
            isHeld = isHeld && holds
            let word = holds ? screen.paint("holds", .green) : screen.paint("fails", .red)
            printOutput("  \(condition.text): \(word) (\(condition.shown(value)))\n")
        }
        return isHeld ? .success : .someFailed
    }

    /// In a file a part of a run would pass for a whole one, and take the place of an older one.
    private static func interrupted(
        by signal: SignalQueue.Signal, _ call: Invocation
    ) -> ExitStatus {
        for option in [BenchOptions.out, BenchOptions.plot] {
            guard let path = call.text(option) else { continue }
            printMessage("textflixctl: interrupted: \(path) was not written\n")
        }
        return signal == .terminate ? .terminated : .interrupted
    }

    private static func write(_ text: String, to file: OutputFile) throws(Failure) {
        do throws(Errno) {
            try file.finish(Array(text.utf8))
        } catch { throw Failure(.cannotCreate, "cannot write \(file.path): \(error.message)") }
    }
}

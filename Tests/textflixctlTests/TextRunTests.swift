// Texts from a file through a daemon that shuffles, fails and goes away: the output is in order,
// whole, and each text stands in it once.

import Synchronization
import Syscalls
import TestSupport
import Testing
import TextflixClient
import TextflixProtocol

@testable import TextRuns
@testable import textflixctl

/// Answers each text with itself as the label; one that says "bad" fails alone.
private func label(_ request: FakeDaemon.Request) -> FakeDaemon.Reaction {
    guard let message = try? ClassifyRequest(decoding: request.envelope.payload) else {
        return .fail(Status(code: .invalidArgument))
    }
    let results = message.texts.map { text in
        text == "bad"
            ? Classification(code: 3, error: "no")
            : Classification(label: text.string, probability: 1, tokens: 4)
    }
    return .answer(ClassifyResponse(results: results).encoded)
}

/// Reads a pipe on a thread of its own, so that it never fills.
private final class PipeReader: Sendable {
    let input: Int32
    private let end = EventFlag()
    private let bytes = Mutex<[UInt8]>([])

    init() throws {
        let pipe = try makePipe()
        input = pipe.writing
        try Thread.spawn(name: "pipe reader") {
            let all = (try? readToEnd(pipe.reading, limit: 1 << 26)) ?? []
            self.bytes.withLock { $0 = all }
            self.end.raise()
            _ = Descriptor(adopting: pipe.reading)
        }.detach()
    }

    /// Closes the writing end and gives all that came.
    func finish() -> [UInt8] {
        _ = Descriptor(adopting: input)
        #expect(eventually { end.isRaised })
        return bytes.withLock { $0 }
    }
}

@Suite(.serialized) struct TextRunTests {
    private let policy = RetryPolicy(
        firstPause: .milliseconds(1), longestPause: .milliseconds(5), patience: .seconds(5))

    private func run(
        _ lines: [String], strict: Bool = false, timeout: Duration = .seconds(5),
        _ script: @escaping FakeDaemon.Script
    ) throws -> (status: Syscalls.ExitStatus?, failure: Failure?, output: [String]) {
        let daemon = try FakeDaemon(script)
        defer { daemon.stop() }
        let folder = try TemporaryFolder("run")
        let file = try folder.write("in", lines.joined(separator: "\n"))
        let reader = try PipeReader()
        var settings = TextRunSettings("textflixctl", timeout: timeout, isStrict: strict)
        settings.output = reader.input
        let client = try Client(path: daemon.path, retry: policy)
        let task = ClassifyTask(format: .tsv, screen: plainScreen)
        var outcome: (Syscalls.ExitStatus?, Failure?) = (nil, nil)
        do throws(Failure) {
            let input = try TextInput(path: file, form: .lines)
            var run = try TextRun(task, client: client, input: input, settings: settings)
            outcome.0 = try run.run()
        } catch { outcome.1 = error }
        let written = String(decoding: reader.finish(), as: UTF8.self)
        return (outcome.0, outcome.1, written.split(separator: "\n").map(String.init))
    }

    private func expected(_ lines: [String]) -> [String] {
        lines.enumerated().filter { $0.element != "bad" }
            .map { "\($0.offset + 1)\t\($0.element)\t1.0\t\($0.element)" }
    }

    @Test func thousandsInOrder() throws {
        let lines = (0..<5000).map { "text \($0)" }
        let run = try run(lines, label)
        #expect(run.status == .success)
        #expect(run.output == expected(lines))
    }

    @Test func aDaemonThatIsBusyAndBreaksConnections() throws {
        let lines = (0..<800).map { "text \($0)" }
        let run = try run(lines) { request in
            switch request.number % 7 {
            case 2: .fail(Status(code: .resourceExhausted, retryAfter: .milliseconds(1)))
            case 5: .close
            default: label(request)
            }
        }
        #expect(run.failure == nil)
        #expect(run.output == expected(lines))
    }

    @Test func badTextsAreSkippedAndCounted() throws {
        let lines = (0..<100).map { $0 % 10 == 3 ? "bad" : "text \($0)" }
        let run = try run(lines, label)
        #expect(run.status == .someFailed)
        #expect(run.output == expected(lines))
    }

    @Test func strictStopsBehindTheFirstBadText() throws {
        let lines = (0..<100).map { $0 == 40 ? "bad" : "text \($0)" }
        let run = try run(lines, strict: true, label)
        #expect(run.failure?.status == .data)
        #expect(run.output == Array(expected(lines).prefix(40)))
    }

    @Test func aRefusalForGoodEndsTheRun() throws {
        let run = try run(["a", "b"]) { _ in .fail(Status(code: .notFound, message: "no model x")) }
        #expect(run.failure?.status == .usage)
        #expect(run.failure?.text(of: "textflixctl") == "textflixctl: NOT_FOUND: no model x")
    }

    @Test func theTimeoutCountsFromTheFirstSending() throws {
        let allowed = Mutex<[Int64]>([])
        // The first daemon takes the text with it, the second keeps silent.
        let run = try run(["a"], timeout: .seconds(2)) { request in
            allowed.withLock { $0.append(request.envelope.timeoutNanoseconds) }
            if request.number > 1 { return .silence }
            MonotonicClock.sleep(nanoseconds: 150_000_000)
            return .close
        }
        #expect(run.failure != nil)
        let times = allowed.withLock { $0 }
        #expect(times.count > 1)
        #expect(times.dropFirst().allSatisfy { $0 <= 1_850_000_000 }, "\(times)")
    }

    @Test func aLateTextIsAskedForAgainWhileOthersAreAnswered() throws {
        let lines = (0..<40).map { "text \($0)" }
        let run = try run(lines, timeout: .seconds(1)) { request in
            guard request.number == 2 else {
                MonotonicClock.sleep(nanoseconds: 70_000_000)
                return label(request)
            }
            return .silence
        }
        #expect(run.failure == nil)
        #expect(run.output == expected(lines))
    }

    /// Answers, unless the texts of a request are too much by that measure.
    private func refusing(
        _ status: Status, when isTooMuch: @escaping @Sendable ([Text]) -> Bool
    ) -> FakeDaemon.Script {
        { request in
            let message = try? ClassifyRequest(decoding: request.envelope.payload)
            return isTooMuch(message?.texts ?? []) ? .fail(status) : label(request)
        }
    }

    private static let late = Status(
        code: .deadlineExceeded, message: "too slow", retryAfter: .milliseconds(1))

    @Test func aDaemonThatCanDoOnlyLittleIsAskedForLess() throws {
        let lines = (0..<300).map { "text \($0)" }
        let run = try run(lines, refusing(Self.late) { $0.count > 1 })
        #expect(run.failure == nil && run.status == .success)
        #expect(run.output == expected(lines))
    }

    @Test func aTextThatIsTooSlowFailsAlone() throws {
        let lines = (0..<60).map { $0 == 20 || $0 == 41 ? "bad" : "text \($0)" }
        let run = try run(
            lines, timeout: .milliseconds(300), refusing(Self.late) { $0.contains("bad") })
        #expect(run.failure == nil && run.status == .someFailed)
        #expect(run.output == expected(lines))
    }

    @Test func aDaemonThatIsTooSlowForAllEndsTheRun() throws {
        let lines = ["good"] + (0..<60).map { _ in "bad" }
        let run = try run(
            lines, timeout: .milliseconds(100), refusing(Self.late) { $0.contains("bad") })
        #expect(run.failure?.status == .tryAgain)
        #expect(run.failure?.text(of: "x").contains("4 texts in a row") == true)
        #expect(run.output == expected(["good"]))
    }

    @Test func whatNeverFitsFailsAloneAndAtOnce() throws {
        let lines = (0..<60).map { $0 == 20 ? "bad" : "text \($0)" }
        let status = Status(code: .resourceExhausted, message: "an answer over the limit")
        let run = try run(lines, timeout: .seconds(60), refusing(status) { $0.contains("bad") })
        #expect(run.failure == nil && run.status == .someFailed)
        #expect(run.output == expected(lines))
    }

    @Test func aReplacedModelEndsAReport() throws {
        let daemon = try FakeDaemon { request in
            let asked = try? ClassifyRequest(decoding: request.envelope.payload)
            let revision = asked?.texts.first == "c" ? "new" : "old"
            let results = (asked?.texts ?? []).map { _ in
                Classification(
                    label: "x", probability: 1,
                    scores: [Score(label: "x", probability: 1, logit: 0)])
            }
            return .answer(ClassifyResponse(results: results, revision: revision).encoded)
        }
        defer { daemon.stop() }
        let model = ServedModel(
            name: "m", revision: "old", precision: "f32", labels: ["x"], isLinear: false)
        for texts in [["a", "b"], ["c"]] {
            let task = CollectTask(template: ClassifyRequest(), model: model, journal: nil) {
                _, _ in
            }
            let client = try Client(path: daemon.path, retry: policy)
            var run = try TextRun(
                task, client: client, input: TextInput(arguments: texts, form: .lines),
                settings: TextRunSettings("textflixctl", timeout: .seconds(5)))
            if texts == ["c"] {
                let failure = #expect(throws: Failure.self) { try run.run() }
                #expect(failure?.status == .tryAgain)
                #expect(failure?.message.contains("replaced") == true)
            } else {
                #expect(try run.run() == .success)
            }
        }
    }

    @Test func anExplanationHasTheDaemonForItself() throws {
        let daemon = try FakeDaemon { _ in .silence }
        defer { daemon.stop() }
        let task = ExplainTask(template: ExplainRequest(), model: nil, journal: nil) { _, _ in [] }
        let input = TextInput(arguments: ["a", "b", "c"], form: .lines)
        let settings = TextRunSettings("textflixctl", timeout: .milliseconds(200))
        let client = try Client(path: daemon.path, retry: policy)
        var run = try TextRun(task, client: client, input: input, settings: settings)
        #expect(throws: Failure.self) { try run.run() }
        #expect(daemon.requests == 1)
    }
}

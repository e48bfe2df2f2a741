// What the tokenise thread says of texts whose tokens no answer has room for.

import Syscalls
import TestSupport
import Testing
import TextflixProtocol
import Weights

@testable import Service

@Suite struct TokenisingThreadTests {
    private static let oversized = Status(
        code: .resourceExhausted,
        message: "the answer would exceed 4194304 bytes; send fewer texts at once")

    @Test func aTextAloneThatNoAnswerHasRoomForIsRefused() throws {
        let results = try read([
            Text(String(repeating: ".", count: Limits.textBytes))
        ])
        #expect(refusals(results) == [Self.oversized])
    }

    @Test func textsTogetherAreRefusedFromTheFirstThatHasNoRoom() throws {
        let results = try read(
            Array(repeating: Text(String(repeating: "a ", count: 100_000)), count: 9))
        let refused = refusals(results)
        let isRefused = refused.map { $0 != nil }
        #expect(isRefused == isRefused.sorted { !$0 && $1 }, "once one is refused, all are")
        #expect(refused.compactMap(\.self).allSatisfy { $0 == Self.oversized })
        guard case .tokens(let ids, let starts, let ends)? = results.first else {
            Issue.record("the first text has room")
            return
        }
        var bytes: [UInt8] = []
        Tokens(ids: ids, starts: starts, ends: ends).encode(into: &bytes)
        #expect(refused.count { $0 == nil } == Limits.bodyBytes / bytes.count)
    }

    @Test func whatHasRoomIsAnswered() throws {
        let texts = [
            Text(String(repeating: "a ", count: 550_000)), "good film", "", Text(utf8: [255]),
        ]
        let results = try read(texts)
        #expect(refusals(results).allSatisfy { $0 == nil })
        guard case .tokens(let ids, _, let ends) = results[0] else {
            Issue.record("not tokens")
            return
        }
        #expect(ids.count == 550_002 && ends.last == 1_100_000)
        guard case .failure(.invalidArgument, _) = results[3] else {
            Issue.record("not UTF-8")
            return
        }
    }

    private func refusals(_ results: [TextOutcome.Result]) -> [Status?] {
        results.map { if case .refused(let status) = $0 { status } else { nil } }
    }

    /// What becomes of the texts of one Tokenize.
    private func read(_ texts: [Text]) throws -> [TextOutcome.Result] {
        let (limits, mailbox, model) = (ServiceLimits(), try Mailbox(), try FakeModel.make())
        let scheduler = Scheduler(limits: limits)
        let thread = TokenisingThread(
            scheduler: scheduler, mailbox: mailbox, pulse: Pulse(), limits: limits)
        try thread.start()
        defer { thread.stop() }
        let request = RequestID(1)
        try scheduler.admit(
            Claim(
                request: request, user: 1, connection: 1, workClass: .interactive,
                batchKey: BatchKey(model: model.number, output: .tokens),
                arrival: MonotonicClock.now,
                textCount: texts.count, byteCount: texts.reduce(0) { $0 + $1.utf8.count },
                estimatedTokens: 0), now: MonotonicClock.now)
        thread.submit(
            TokenisingTask(
                request: request, user: 1, connection: 1, model: model, workClass: .interactive,
                output: .tokens, truncation: .head, texts: texts, indices: Array(texts.indices)))
        var results: [TextOutcome.Result] = []
        while results.count < texts.count,
            try waitUntilReady(mailbox.descriptor, milliseconds: 60_000)
        {
            for case .text(let outcome) in mailbox.take() { results.append(outcome.result) }
        }
        try #require(results.count == texts.count)
        #expect(scheduler.figures.texts == 0, "they have left the queue")
        return results
    }
}

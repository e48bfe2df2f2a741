// Explain over a real socket, with a fake engine whose answers follow from the tokens: weights
// against their definitions, and what becomes of explanations that are odd, late or unwanted.

import Service
import Syscalls
import TestSupport
import Testing
import TextflixProtocol

private func daemon(
    maxTokens: Int = 64, _ change: (inout ServiceLimits) -> Void = { _ in }
) throws -> TestDaemon {
    try TestDaemon(models: [
        FakeModel.make(maxTokens: maxTokens), FakeModel.make("t", number: 2, head: .token),
    ]) { limits in
        limits.batchTokens = 64
        change(&limits)
    }
}

extension TestClient {
    fileprivate func explain(
        _ text: Text, _ method: Method = .auto, unit: Unit = .word, samples: UInt32 = 0,
        label: String = "yes", truncation: Truncation = .modelDefault
    ) throws -> ExplainResponse {
        try call(
            .explain,
            ExplainRequest(
                text: text, unit: unit, samples: samples, label: label, seed: 3, method: method,
                truncation: truncation))
    }

    /// The probability of "yes".
    fileprivate func score(_ words: [String]) throws -> Double {
        let response = try classify(Text(words.joined(separator: " ")))
        return Double(response.results[0].scores[1].probability)
    }
}

/// From the definition: the mean over all orders of what a word adds to those before it.
private func shapleyByDefinition(_ scores: [Int: Double], of count: Int) -> [Double] {
    func factorial(_ n: Int) -> Double { (1...max(1, n)).reduce(1.0) { $0 * Double($1) } }
    return (0..<count).map { feature in
        var sum = 0.0
        for set in 0..<1 << count where set & (1 << feature) == 0 {
            let size = set.nonzeroBitCount
            let weight = factorial(size) * factorial(count - size - 1) / factorial(count)
            sum += weight * (scores[set | 1 << feature]! - scores[set]!)
        }
        return sum
    }
}

@Suite struct ExplainTests {
    private static let words = ["good", "bad", "film", "a", "c"]

    @Test func shapleyIsItsDefinition() throws {
        let daemon = try daemon()
        let client = try daemon.connect()
        var scores: [Int: Double] = [:]
        for set in 0..<1 << Self.words.count {
            let kept = Self.words.indices.filter { set & 1 << $0 != 0 }.map { Self.words[$0] }
            scores[set] = try client.score(kept)
        }
        let expected = shapleyByDefinition(scores, of: Self.words.count)
        let found = try client.explain(
            Text(Self.words.joined(separator: " ")), .shapley
        )
        #expect(found.evaluations == 32 && found.method == .shapley && found.samples == 0)
        let weights = found.features.sorted { $0.start < $1.start }.map { Double($0.weight) }
        for (weight, truth) in zip(weights, expected) { #expect(abs(weight - truth) < 1e-6) }
        #expect(abs(Double(found.intercept) - scores[0]!) < 1e-6)
    }

    @Test func featuresTellWhereTheyStand() throws {
        let daemon = try daemon()
        let client = try daemon.connect()
        let found = try client.explain("a good, a bad a", .leaveOneOut)
        #expect(found.features.count == 3 && found.evaluations == 4)
        let a = try #require(found.features.first { $0.text == "a" })
        #expect(a.start == 0 && a.end == 1)
        #expect(a.furtherStarts == [8, 14] && a.furtherEnds == [9, 15])
        let strengths = found.features.map { abs($0.weight) }
        #expect(strengths == strengths.sorted(by: >))
        #expect(found.model == "m" && found.revision == "r1" && found.label == "yes")

        let text = "A good film. Bad, bad film b a c. <br />Good a b c."
        let bySentence = try client.explain(Text(text), unit: .sentence)
        let spans = bySentence.features.sorted { $0.start < $1.start }
        #expect(spans.map(\.text.string).joined() == text && spans.count == 3)
        #expect(bySentence.method == .exactLime && bySentence.windows == 1)
    }

    @Test func manyVariantsGoThroughInWaves() throws {
        let daemon = try daemon { $0.queueTextsPerUser = 300 }
        let client = try daemon.connect()
        let text: Text = "good bad film a b c ann lee nan0 x y z u v w"
        let first = try client.explain(text, .lime, samples: 2000)
        #expect(first.evaluations > 1000 && first.samples == 2001)
        #expect(try client.explain(text, .lime, samples: 2000).features == first.features)
        #expect(try client.status().queue?.texts == 0)
    }

    @Test func oddTextsHaveDefinedAnswers() throws {
        let daemon = try daemon()
        let client = try daemon.connect()
        for text: Text in ["", " ", "...", "\u{0}"] {
            let found = try client.explain(text)
            #expect(found.features.isEmpty && found.evaluations == 1)
            #expect(found.intercept == found.classification?.scores[1].probability)
        }
        let single = try client.explain("good")
        let base = try client.score([])
        let drop = try client.score(["good"]) - base
        #expect(abs(Double(single.features[0].weight) - drop) < 1e-6)
        #expect(single.evaluations == 2)
    }

    @Test(
        arguments: [
            (ExplainRequest(text: Text(utf8: [0x61, 0xFF])), StatusCode.invalidArgument, "byte 1"),
            (ExplainRequest(text: "a", label: "maybe"), .invalidArgument, "no, yes"),
            (ExplainRequest(text: "a", samples: 9000), .invalidArgument, "8192"),
            (ExplainRequest(text: "a", method: .linear), .failedPrecondition, "linear"),
            (ExplainRequest(text: "a", unit: .unrecognized(9)), .invalidArgument, "unit 9"),
            (ExplainRequest(model: "t", text: "a"), .failedPrecondition, "t"),
            (ExplainRequest(text: "nan good"), .internal, "not finite"),
            (
                ExplainRequest(
                    text: "a b c d e f g h i j k l m", unit: .word, method: .exactLime),
                .invalidArgument, "12"
            ),
        ] as [(ExplainRequest, StatusCode, String)])
    func whatCannotBeExplainedIsSaid(
        request: ExplainRequest, code: StatusCode, word: String
    ) throws {
        let daemon = try daemon()
        let client = try daemon.connect()
        try client.send(.explain, request)
        guard case .failure(let status) = try client.answer().1 else {
            Issue.record("it was answered")
            return
        }
        #expect(status.code == code && status.message.contains(word), "\(status)")
        #expect(try client.explain("good a").evaluations > 0)
    }

    @Test func whatTheModelDoesNotReadWeighsNothing() throws {
        let daemon = try daemon(maxTokens: 8)
        let client = try daemon.connect()
        let text: Text = "good bad film a b c ann lee"
        let found = try client.explain(text, .shapley, truncation: .head)
        let weights = Dictionary(
            uniqueKeysWithValues: found.features.map { ($0.text.string, $0.weight) })
        #expect(weights.count == 8 && weights["ann"] == 0 && weights["lee"] == 0)
        #expect(weights["good"] != 0 && found.evaluations == 64)
        #expect(found.classification?.truncated == true)
    }

    @Test func windowsReadAll() throws {
        let daemon = try daemon(maxTokens: 8)
        let client = try daemon.connect()
        let found = try client.explain(
            "A good bad film. A b c c c. Good good good b. C b.", .shapley, unit: .sentence,
            truncation: .windows)
        #expect(found.windows > 1 && found.classification?.truncated == false)
        let sum = found.features.reduce(found.intercept) { $0 + $1.weight }
        let p = try #require(found.classification?.scores[1].probability)
        #expect(abs(sum - p) < 1e-5)
    }

    /// The second window begins with a sentence of one word, which belongs to the sentence before
    /// it: that one is a feature of both.
    @Test(arguments: [Method.exactLime, .shapley])
    func sentencesAreJoinedUntilEachWindowHasTwelve(_ method: Method) throws {
        let daemon = try daemon(maxTokens: 54) { $0.batchTokens = 8192 }
        let client = try daemon.connect()
        let sentence = "Good bad film. "
        let text = String(repeating: sentence, count: 13) + "Good. "
        let found = try client.explain(
            Text(text + String(repeating: sentence, count: 12)), method, unit: .sentence,
            truncation: .windows)
        #expect(found.windows == 2 && found.features.count == 23)
        #expect(found.method == method && found.samples == 0 && found.evaluations == 2 * 4096)
    }

    /// Eight words at 3 ms a token: all 256 variants take 4.5 s. What is left of the time decides
    /// how many are looked at, and the answer comes within it. (Zero: no deadline.) So slow that a
    /// machine that others keep busy for a tenth of a second changes nothing.
    @Test(
        arguments: [
            (.zero, .exactLime), (.seconds(3), .lime), (.milliseconds(600), .leaveOneOut),
        ] as [(Duration, Method)])
    func theDeadlineChoosesTheMethod(_ timeout: Duration, _ method: Method) throws {
        let daemon = try daemon()
        let client = try daemon.connect()
        daemon.board.slowDown(nanosecondsPerToken: 3_000_000)
        // The speed is measured from the second batch on.
        for _ in 0..<3 { _ = try client.classify("good bad film a b c") }
        let request = ExplainRequest(text: "good bad film a b c ann lee", unit: .word)
        try client.send(.explain, request, timeout: timeout)
        let response = try ExplainResponse(decoding: client.answer().1.get())
        #expect(response.method == method)
        #expect(response.features.count == 8)
    }

    /// All 1024 variants are planned while the engine is fast; then it takes 1 ms a token, and 5 s
    /// would be needed.
    @Test func whatIsScoredMustDoWhenTimeRunsOut() throws {
        let daemon = try daemon()
        let client = try daemon.connect()
        for _ in 0..<3 { _ = try client.classify("good bad film a b c") }
        daemon.board.slowDown(nanosecondsPerToken: 1_000_000)
        let request = ExplainRequest(text: "good bad film a b c ann lee x y", unit: .word)
        try client.send(.explain, request, timeout: .seconds(2))
        let response = try ExplainResponse(decoding: client.answer().1.get())
        #expect(response.method == .lime && (21..<1024).contains(response.evaluations))
        #expect(response.samples == response.evaluations && response.features.count == 10)
        daemon.board.slowDown(nanosecondsPerToken: 0)
        #expect(try client.explain("good a").evaluations == 4)
        #expect(try client.status().queue?.texts == 0)
    }

    @Test func aDeadlineOrACancelEndsIt() throws {
        let daemon = try daemon()
        let client = try daemon.connect()
        daemon.board.shut()
        let request = ExplainRequest(text: "good bad film a b c", unit: .word, method: .lime)
        let late = try client.send(.explain, request, timeout: .milliseconds(150))
        let cancelled = try client.send(.explain, request)
        try client.send(.cancel, CancelRequest(streams: [cancelled]))
        var codes: [UInt32: StatusCode] = [:]
        for _ in 0..<3 {
            let answer = try client.answer()
            if case .failure(let status) = answer.1 { codes[answer.stream] = status.code }
        }
        #expect(codes == [late: .deadlineExceeded, cancelled: .cancelled])
        daemon.board.open()
        #expect(try client.explain("good a").evaluations == 4)
        #expect(try client.status().queue?.texts == 0)
    }

    /// A large explanation of one user's connection does not make another's text wait for its end.
    @Test func othersAreServedInBetween() throws {
        let daemon = try daemon()
        let busy = try daemon.connect()
        let quick = try daemon.connect()
        // Slow enough that a client that is late to ask still asks in the middle.
        daemon.board.slowDown(nanosecondsPerToken: 20_000)
        try busy.send(
            .explain,
            ExplainRequest(
                text: "good bad film a b c ann lee x y z u v w", unit: .word, samples: 8000,
                method: .lime))
        try #require(eventually { !daemon.board.batches.isEmpty })
        _ = try quick.classify("good")
        let before = daemon.board.batches.reduce(0, +)
        _ = try ExplainResponse(decoding: busy.answer().1.get())
        let after = daemon.board.batches.reduce(0, +)
        #expect(before < after / 2, "\(before) of \(after) texts were computed before")
    }

    /// A thousand words, each to be weighed: a second's work once the variants are scored.
    private static let longAnswer = ExplainRequest(
        text: Text((0..<1000).map { "w\($0)" }.joined(separator: " ")), unit: .word, samples: 4096,
        priority: .bulk, method: .shapley)

    /// Asks for long answers, and returns when their variants are scored.
    private func askForLongAnswers(
        _ count: Int, _ client: TestClient, _ daemon: TestDaemon
    ) throws -> [UInt32] {
        let streams = try (0..<count).map { _ in try client.send(.explain, Self.longAnswer) }
        let watcher = try daemon.connect()
        let areScored = try eventually(seconds: 60) { try watcher.status().queue?.texts == 0 }
        try #require(areScored)
        return streams
    }

    @Test func aLongAnswerMakesNobodyWait() throws {
        let daemon = try daemon(maxTokens: 1100) { $0.batchTokens = 1 << 16 }
        let client = try daemon.connect()
        _ = try askForLongAnswers(2, client, daemon)
        let short = try client.send(.explain, ExplainRequest(text: "good bad film", unit: .word))
        let order = try (0..<3).map { _ in
            let (stream, result) = try client.answer()
            _ = try ExplainResponse(decoding: result.get())
            return stream
        }
        #expect(order[2] != short)
    }

    @Test func anAnswerThatNobodyWantsIsNotWorkedOut() throws {
        let daemon = try daemon(maxTokens: 1100) { $0.batchTokens = 1 << 16 }
        let client = try daemon.connect()
        let long = try askForLongAnswers(8, client, daemon)
        let start = MonotonicClock.now
        try client.send(.cancel, CancelRequest(streams: long))
        let short = try client.send(
            .explain, ExplainRequest(text: "good bad film", unit: .word, priority: .bulk))
        while try client.answer().stream != short {}
        #expect(MonotonicClock.now.since(start) < 2_000_000_000)
    }

    /// Three variants of such a text fit the queue at a time: to make two hundred and throw them
    /// away whenever one is scored would take half a minute.
    @Test func noVariantIsMadeBeforeThereIsRoom() throws {
        let daemon = try daemon(maxTokens: 512) { $0.queueBytes = 8 << 20 }
        let client = try daemon.connect()
        let sentence = "A" + String(repeating: "b", count: 14_990) + " c d. "
        let found = try client.explain(
            Text(String(repeating: sentence, count: 60)), .lime, unit: .sentence, samples: 300)
        #expect(found.features.count == 60 && found.evaluations > 250)
        #expect(try client.status().queue?.texts == 0)
    }
}

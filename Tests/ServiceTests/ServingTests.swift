// The service over a real socket, with a fake engine: what every method answers, and what becomes
// of requests whose client or deadline has gone.

import Service
import TestSupport
import Testing
import TextflixProtocol

@Suite struct ServingTests {
    @Test func textsAreAnsweredInTheirOrderEachForItself() throws {
        let daemon = try TestDaemon()
        let client = try daemon.connect()
        let broken = Text(utf8: [0x61, 0xff])
        let response = try client.classify("good film", "", broken, "nan", "a b c a b c a b c")
        #expect(response.model == "m" && response.revision == "r1")
        let results = response.results
        let logits = results[0].scores.map(\.logit)
        let expected: [Float] = [4, 19]  // [CLS] 2, good 6, film 8, [SEP] 3
        #expect(logits == expected)
        #expect(results[1].tokens == 2 && results[1].code == 0)
        #expect(results[2].code == StatusCode.invalidArgument.rawValue)
        #expect(results[2].error.contains("byte 1"))
        #expect(results[3].code == StatusCode.internal.rawValue)
        #expect(results[4].truncated && results[4].tokens == 8 && results[4].tokensTotal == 11)
    }

    @Test func anEngineThatFailsIsAnErrorAndLivesOn() throws {
        let daemon = try TestDaemon()
        let client = try daemon.connect()
        let failed = try client.classify("broken")
        #expect(failed.results[0].code == StatusCode.internal.rawValue)
        // The request is well, the text is not: log and figures say so.
        #expect(
            daemon.lines.all.contains(
                "error: model m: 1 of 1 texts failed: the model could not be computed: a broken"
                    + " kernel"))
        let figures = try client.status().counters
        let counter = try #require(figures.first { $0.name == "textflix_texts_failed_total" })
        #expect(counter.value == 1 && counter.labels.map(\.value) == ["m", "INTERNAL"])
        #expect(figures.first { $0.name == "textflix_tokens_total" }?.value == 0)
        #expect(try client.classify("good").results[0].code == 0)
    }

    @Test func theOtherMethods() throws {
        let daemon = try TestDaemon(models: [
            FakeModel.make(), FakeModel.make("t", number: 2, head: .token),
            FakeModel.make("e", number: 3, head: .none),
        ])
        let client = try daemon.connect()
        let embedded: EmbedResponse = try client.call(
            .embed, EmbedRequest(model: "e", texts: ["a"], normalize: true))
        let length: Float = embedded.embeddings[0].values.reduce(0) { $0 + $1 * $1 }
        let isUnit = abs(length - 1) < 1e-6
        #expect(isUnit)
        let tokens: TokenizeResponse = try client.call(
            .tokenize, TokenizeRequest(texts: ["good films"], specialTokens: true))
        #expect(tokens.results[0].ids == [2, 6, 8, 12, 3])
        #expect(tokens.results[0].starts == [0, 0, 5, 9, 10])
        #expect(tokens.results[0].ends == [0, 4, 9, 10, 10])
        // ids modulo 4: ann 13 is B-PER, lee 14 is I-PER, b 10 is I-PER, film 8 is O, c 11 I-LOC.
        let tagged: TagResponse = try client.call(
            .tag, TagRequest(model: "t", texts: ["ann lee film cs"]))
        #expect(tagged.results[0].spans.map(\.label) == ["PER", "LOC"])
        #expect(tagged.results[0].spans.map(\.text) == ["ann lee", "cs"])
        #expect(tagged.results[0].spans.map(\.start) == [0, 13])
    }

    @Test(
        arguments: [
            (MethodName.classify, "nobody", StatusCode.notFound),
            (.classify, "t", .failedPrecondition),
            (.tag, "m", .failedPrecondition), (.explain, "t", .failedPrecondition),
        ] as [(MethodName, String, StatusCode)])
    func whatCannotBeDoneIsSaid(method: MethodName, model: String, code: StatusCode) throws {
        let daemon = try TestDaemon(models: [
            FakeModel.make(), FakeModel.make("t", number: 2, head: .token),
        ])
        let client = try daemon.connect()
        try client.send(method, ClassifyRequest(model: model, texts: ["a"]))
        guard case .failure(let status) = try client.answer().1 else {
            Issue.record("it was answered")
            return
        }
        #expect(status.code == code)
        if code == .notFound { #expect(status.message.contains("there are: m, t")) }
    }

    @Test func emptyAndMalformedRequests() throws {
        let daemon = try TestDaemon()
        let client = try daemon.connect()
        try client.send(.classify, ClassifyRequest())
        try client.send(.classify, ClassifyRequest(texts: ["a"], truncation: .unrecognized(7)))
        try client.send(.classify, ClassifyRequest(texts: ["a"], priority: .unrecognized(7)))
        var codes: [StatusCode] = []
        for _ in 0..<3 {
            if case .failure(let status) = try client.answer().1 { codes.append(status.code) }
        }
        #expect(codes == [.invalidArgument, .invalidArgument, .invalidArgument])
    }

    /// Each piece of the text takes up to seven bytes of the answer, and two of the request.
    @Test func anAnswerThatIsTooLargeIsAnErrorAndCountsAsOne() throws {
        let daemon = try TestDaemon()
        let client = try daemon.connect()
        let text = Text(String(repeating: "a ", count: 1_500_000))
        try client.send(.tokenize, TokenizeRequest(texts: [text]))
        guard case .failure(let status) = try client.answer().1 else {
            Issue.record("it was answered")
            return
        }
        #expect(status.code == .resourceExhausted && status.message.contains("send fewer texts"))
        let counter = try #require(
            try client.status().counters.first { counter in
                counter.name == "textflix_requests_total" && counter.value > 0
                    && counter.labels.map(\.value).first == "Tokenize"
            })
        #expect(counter.labels.map(\.value) == ["Tokenize", "RESOURCE_EXHAUSTED"])
        #expect(daemon.lines.all.contains { $0.contains("Tokenize: RESOURCE_EXHAUSTED") })
    }

    @Test func manyClientsAtOnceGetTheirOwn() throws {
        let daemon = try TestDaemon()
        let clients = try (0..<40).map { _ in try daemon.connect() }
        for round in 0..<5 {
            for (place, client) in clients.enumerated() {
                let text = Text(
                    Array(repeating: "a", count: (place + round) % 6).joined(separator: " "))
                try client.send(.classify, ClassifyRequest(texts: [text]))
            }
            for (place, client) in clients.enumerated() {
                let response = try ClassifyResponse(decoding: client.answer().1.get())
                #expect(response.results[0].tokens == UInt32(2 + (place + round) % 6))
            }
        }
        #expect(daemon.board.batches.contains { $0 > 1 }, "nothing was batched")
    }

    @Test func streamsAreAnsweredInOrder() throws {
        let daemon = try TestDaemon {
            $0.queueTexts = 8; $0.queueTextsPerUser = 8
        }
        let client = try daemon.connect()
        try client.writer.request(
            stream: 1, method: .classifyStream, nil as ClassifyRequest?, flags: .remoteOpen)
        try client.flush()
        // More than the queue holds at once: what does not fit waits, nothing is refused.
        daemon.board.shut()
        for message in 0..<30 {
            let texts = Array(repeating: Text("a"), count: 1 + message % 4)
            try client.writer.data(stream: 1, ClassifyRequest(texts: texts, priority: .bulk))
        }
        client.writer.endOfData(stream: 1)
        try client.flush()
        daemon.board.open()
        for message in 0..<30 {
            let frame = try #require(try client.read())
            let response = try ClassifyResponse(decoding: frame.body)
            #expect(response.results.count == 1 + message % 4)
        }
        let end = try #require(try client.read())
        #expect(end.header.flags == [.remoteClosed, .noData])
    }

    @Test func aDeadlineIsAnsweredWhenItComes() throws {
        let daemon = try TestDaemon()
        let client = try daemon.connect()
        daemon.board.shut()
        let first = try client.send(.classify, ClassifyRequest(texts: ["a"]))
        let late = try client.send(
            .classify, ClassifyRequest(texts: ["b"]), timeout: .milliseconds(20))
        let answer = try client.answer()
        #expect(answer.stream == late)
        guard case .failure(let status) = answer.1 else {
            Issue.record("another case")
            return
        }
        #expect(status.code == .deadlineExceeded)
        daemon.board.open()
        #expect(try client.answer().stream == first)
    }

    @Test func cancelReachesItsOwnConnectionOnly() throws {
        let daemon = try TestDaemon()
        let (client, other) = (try daemon.connect(), try daemon.connect())
        daemon.board.shut()
        let mine = try client.send(.classify, ClassifyRequest(texts: ["a"]))
        let theirs = try other.send(.classify, ClassifyRequest(texts: ["b"]))
        try client.send(.cancel, CancelRequest(streams: [mine, 99]))
        let cancelled = try client.answer()
        #expect(cancelled.stream == mine)
        let count = try CancelResponse(decoding: client.answer().1.get())
        #expect(count.cancelled == 1)
        daemon.board.open()
        #expect(try other.answer().stream == theirs)
    }

    @Test func aFullQueueIsSaidAtOnceAndStatusStillAnswers() throws {
        let daemon = try TestDaemon {
            $0.queueTexts = 12; $0.queueTextsPerUser = 8
        }
        let client = try daemon.connect()
        daemon.board.shut()
        try client.send(.classify, ClassifyRequest(texts: ["a"]))
        // The engine holds the first; of the others four find room.
        try #require(eventually { !daemon.board.batches.isEmpty })
        for _ in 0..<11 { try client.send(.classify, ClassifyRequest(texts: ["a"])) }
        guard case .failure(let status) = try client.answer().1 else {
            Issue.record("another case")
            return
        }
        #expect(status.code == .resourceExhausted)
        #expect(status.retryAfter != nil)
        let page = try daemon.connect().status()
        #expect(page.queue?.texts == 4)
        #expect(page.state == .ready)
        daemon.board.open()
    }

    @Test func workOfAClientThatLeftIsDropped() throws {
        let daemon = try TestDaemon()
        daemon.board.shut()
        do {
            let client = try daemon.connect()
            for _ in 0..<10 { try client.send(.classify, ClassifyRequest(texts: ["a"])) }
            _ = try client.status()
        }
        let watcher = try daemon.connect()
        let isEmpty = try eventually { try watcher.status().queue?.texts ?? 0 == 0 }
        #expect(isEmpty)
        daemon.board.open()
        let computed = daemon.board.batches.reduce(0, +)
        #expect(computed <= 10)
    }

    /// One of two layers of a batch of three tokens, which nobody wants any more.
    @Test func onlyTokensThatWereComputedAreCounted() throws {
        let daemon = try TestDaemon()
        let client = try daemon.connect()
        daemon.board.shut()
        let stream = try client.send(.classify, ClassifyRequest(texts: ["a"]))
        try #require(eventually { !daemon.board.batches.isEmpty })
        try client.send(.cancel, CancelRequest(streams: [stream]))
        for _ in 0..<2 { _ = try client.answer() }
        daemon.board.open()
        var counters: [String: UInt64] = [:]
        let isAbandoned = try eventually {
            for counter in try client.status().counters { counters[counter.name] = counter.value }
            return counters["textflix_batches_abandoned_total"] != nil
        }
        #expect(isAbandoned && counters["textflix_tokens_total"] == 1)
    }

    @Test func halfClosedClientsAreAnswered() throws {
        let daemon = try TestDaemon()
        let client = try daemon.connect()
        try client.send(.classify, ClassifyRequest(texts: ["a"]))
        try client.shutDownWriting()
        #expect(try client.answer().stream == 1)
        #expect(try client.read() == nil)
    }
}

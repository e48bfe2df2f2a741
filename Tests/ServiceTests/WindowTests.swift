// Texts that are too long and are read in windows, over a real socket with a fake engine: each
// method's answer is made of what the windows get when they are asked one by one.

import Service
import Syscalls
import Testing
import TextflixProtocol
import Weights

/// Six tokens a window at the most, beside [CLS] and [SEP].
private let windows: [Text] = ["A good bad film. ", "C b b c a. ", "Good good a."]
private let text = Text(windows.map(\.string).joined())

private func daemon(_ change: (inout ServiceLimits) -> Void = { _ in }) throws -> TestDaemon {
    try TestDaemon(
        models: [
            FakeModel.make(), FakeModel.make("t", number: 2, head: .token),
            FakeModel.make("e", number: 3, head: .none),
            FakeModel.make("w", number: 4, truncation: .windows),
        ], change)
}

extension TestClient {
    fileprivate func classify(
        _ texts: [Text], model: String = "", _ truncation: Truncation = .windows
    ) throws -> [Classification] {
        let request = ClassifyRequest(model: model, texts: texts, truncation: truncation)
        return try (call(.classify, request) as ClassifyResponse).results
    }
}

@Suite struct WindowTests {
    @Test func scoresAreTheMeanOfTheWindows() throws {
        let daemon = try daemon()
        let client = try daemon.connect()
        let parts = try client.classify(windows)
        let found = try client.classify([text, "good", text])
        #expect(parts.allSatisfy { $0.windows == 0 && !$0.truncated })
        let short = try client.classify(["good"], .head)[0]
        #expect(found[1] == short && short.windows == 0)
        #expect(found[0] == found[2])
        #expect(found[0].windows == 3 && !found[0].truncated && found[0].code == 0)
        #expect(found[0].tokens == parts.reduce(0) { $0 + $1.tokens })
        #expect(found[0].tokensTotal == found[0].tokens - 4, "one [CLS] and one [SEP]")
        for label in 0..<2 {
            let mean = parts.reduce(0) { $0 + $1.scores[label].probability / 3 }
            let logit = parts.reduce(0) { $0 + $1.scores[label].logit / 3 }
            #expect(found[0].scores[label].probability == mean)
            #expect(found[0].scores[label].logit == logit)
        }
        #expect(try client.status().queue?.texts == 0)
    }

    @Test func explainAndTheModelsOwnDefaultSayTheSame() throws {
        let daemon = try daemon()
        let client = try daemon.connect()
        let found = try client.classify([text])[0]
        let explained: ExplainResponse = try client.call(
            .explain, ExplainRequest(text: text, truncation: .windows))
        #expect(explained.classification == found && explained.windows == 3)
        #expect(try client.classify([text], model: "w", .modelDefault)[0] == found)
    }

    @Test func vectorsAreTheMean() throws {
        let daemon = try daemon()
        let client = try daemon.connect()
        func embed(_ texts: [Text]) throws -> [Embedding] {
            let request = EmbedRequest(model: "e", texts: texts, truncation: .windows)
            return try (client.call(.embed, request) as EmbedResponse).embeddings
        }
        let vectors = try embed(windows)
        let whole = try embed([text])[0]
        #expect(!whole.truncated && whole.tokens == vectors.reduce(0) { $0 + $1.tokens })
        for column in whole.values.indices {
            let mean = vectors.reduce(0) { $0 + $1.values[column] / 3 }
            #expect(whole.values[column] == mean)
        }
    }

    @Test func spansFollowEachOther() throws {
        let daemon = try daemon()
        let client = try daemon.connect()
        func tag(_ texts: [Text]) throws -> [Tags] {
            let request = TagRequest(model: "t", texts: texts, truncation: .windows)
            return try (client.call(.tag, request) as TagResponse).results
        }
        var expected: [Tags.Span] = []
        var start: UInt32 = 0
        for (window, tags) in zip(windows, try tag(windows)) {
            for var span in tags.spans {
                span.start += start
                span.end += start
                expected.append(span)
            }
            start += UInt32(window.utf8.count)
        }
        let spans = try tag([text])[0].spans
        #expect(spans == expected && !spans.isEmpty)
        for span in spans {
            #expect(Array(text.utf8[Int(span.start)..<Int(span.end)]) == span.text.utf8)
        }
    }

    @Test func aTextFailsAloneWithItsWindow() throws {
        let daemon = try daemon()
        let client = try daemon.connect()
        let sick = Text(text.string + " A b c a nan.")
        let long = Text(String(repeating: "A b c a b. ", count: 65))
        let longest = Text(String(repeating: "A b c a b. ", count: 64))
        let found = try client.classify([text, sick, long, longest])
        #expect(found[0].code == 0 && found[3].code == 0 && found[3].windows == 64)
        #expect(found[1].code == StatusCode.internal.rawValue)
        #expect(found[1].error.contains("not finite"))
        #expect(found[2].code == StatusCode.invalidArgument.rawValue)
        #expect(found[2].error == "the text has more than 64 windows; send it in parts")
        #expect(try client.status().queue?.texts == 0)
    }

    /// A text stands in the queue's bounds once, and an answer that was kept is the same.
    @Test func manyWindowsTakeOnePlace() throws {
        let daemon = try daemon {
            ($0.queueTexts, $0.queueTextsPerUser, $0.cacheBytes) = (4, 4, 1 << 20)
        }
        let client = try daemon.connect()
        let texts = (1...4).map { Text(String(repeating: "A b c a b. ", count: 10 * $0)) }
        let first = try client.classify(texts)
        #expect(first.map(\.windows) == [10, 20, 30, 40])
        #expect(try client.classify(texts) == first)
    }

    @Test func whoGoesTakesAllWindowsAlong() throws {
        let daemon = try daemon()
        let client = try daemon.connect()
        daemon.board.shut()
        let stream = try client.send(
            .classify, ClassifyRequest(texts: [text, text], truncation: .windows))
        try client.send(.cancel, CancelRequest(streams: [stream]))
        for _ in 0..<2 { _ = try client.answer() }
        daemon.board.open()
        #expect(try client.classify([text])[0].windows == 3)
        let queue = try client.status().queue
        #expect(queue?.texts == 0 && queue?.bytes == 0)
    }
}

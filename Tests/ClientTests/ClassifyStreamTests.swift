// Bulk classification over one stream: order, the window, and connections that break.

import TestSupport
import Testing
import TextflixProtocol

@testable import TextflixClient

/// Answers each message of a stream with its first text as the label.
private func label(_ request: FakeDaemon.Request) -> FakeDaemon.Reaction {
    var writer = FrameWriter()
    switch request.envelope.method {
    case "data":
        guard let message = try? ClassifyRequest(decoding: request.envelope.payload) else {
            return .close
        }
        let results = message.texts.map { Classification(label: $0.string) }
        try? writer.data(stream: request.stream, ClassifyResponse(results: results))
    case "end": writer.endOfData(stream: request.stream)
    default: return .silence
    }
    return .raw(writer.bytes)
}

/// One byte that is no message, in answer to each message, and then the end of the stream.
private func garbage(_ request: FakeDaemon.Request) -> FakeDaemon.Reaction {
    var bytes: [UInt8] = []
    switch request.envelope.method {
    case "data":
        FrameHeader(length: 1, stream: request.stream, kind: .data).encode(into: &bytes)
        bytes.append(0xFF)
    case "end":
        var writer = FrameWriter()
        writer.endOfData(stream: request.stream)
        bytes = writer.take()
    default: return .silence
    }
    return .raw(bytes)
}

@Suite struct ClassifyStreamTests {
    private let quick = RetryPolicy(
        firstPause: .milliseconds(1), longestPause: .milliseconds(5), patience: .seconds(2))

    private func labels(
        _ count: Int, window: Int = 8, _ script: @escaping FakeDaemon.Script
    ) throws -> [String] {
        let daemon = try FakeDaemon(script)
        defer { daemon.stop() }
        let stream = try ClassifyStream(path: daemon.path, window: window, retry: quick)
        var labels: [String] = []
        for index in 0..<count {
            try stream.send(ClassifyRequest(texts: [Text("\(index)")]))
            while let answer = stream.takeAnswer() { labels += answer.results.map(\.label) }
        }
        while let answer = try stream.finish() { labels += answer.results.map(\.label) }
        return labels
    }

    @Test(arguments: [0, 1, 7, 8, 9, 500])
    func answersComeInOrder(count: Int) throws {
        #expect(try labels(count, label) == (0..<count).map { "\($0)" })
    }

    @Test func brokenConnectionsAndBusyDaemonsLoseNothing() throws {
        let got = try labels(200) { request in
            switch request.number % 23 {
            case 11: .close
            case 17:
                .fail(Status(code: .unavailable, message: "draining", retryAfter: .milliseconds(1)))
            default: label(request)
            }
        }
        #expect(got == (0..<200).map { "\($0)" })
    }

    @Test func anErrorEndsIt() {
        let wrong = Status(code: .notFound, message: "no such model")
        #expect(throws: ClientError.failed(wrong)) {
            try labels(5) { $0.envelope.method == "data" ? .fail(wrong) : .silence }
        }
    }

    @Test func whatWasAnsweredBeforeAnErrorIsThere() throws {
        let wrong = Status(code: .invalidArgument, message: "no texts")
        let daemon = try FakeDaemon {
            let isWrong = $0.envelope.method == "data" && $0.envelope.payload.isEmpty
            return isWrong ? .fail(wrong) : label($0)
        }
        defer { daemon.stop() }
        let stream = try ClassifyStream(path: daemon.path, retry: quick)
        for text in ["one", "two"] { try stream.send(ClassifyRequest(texts: [Text(text)])) }
        // It may hear of the error while it sends, or later.
        try? stream.send(ClassifyRequest())
        var labels: [String] = []
        let error = #expect(throws: ClientError.self) {
            while let answer = try stream.finish() { labels += answer.results.map(\.label) }
        }
        #expect(error == ClientError.failed(wrong))
        #expect(labels == ["one", "two"])
    }

    @Test func aRequestThatFitsNoFrameIsRefusedAndTheStreamGoesOn() throws {
        let daemon = try FakeDaemon(label)
        defer { daemon.stop() }
        let stream = try ClassifyStream(path: daemon.path, retry: quick)
        let large = ClassifyRequest(
            texts: [Text(String(repeating: "a", count: Limits.bodyBytes))])
        let error = #expect(throws: ClientError.self) { try stream.send(large) }
        #expect(error == ClientError.requestTooLarge(bytes: large.encoded.count))
        try stream.send(ClassifyRequest(texts: ["next"]))
        let answer = try stream.finish()
        #expect(answer?.results.map(\.label) == ["next"])
        let last = try stream.finish()
        #expect(last == nil)
    }

    @Test func anAnswerThatCannotBeReadIsNotTheEnd() throws {
        let daemon = try FakeDaemon(garbage)
        defer { daemon.stop() }
        let stream = try ClassifyStream(path: daemon.path, retry: quick)
        for text in ["one", "two"] { try stream.send(ClassifyRequest(texts: [Text(text)])) }
        for _ in 0..<2 {
            let error = #expect(throws: ClientError.self) { try stream.finish() }
            guard case .notThisProtocol? = error else {
                Issue.record("\(String(describing: error))")
                continue
            }
        }
    }

    @Test func aDaemonThatOnlyClosesIsGivenUp() {
        #expect(throws: ClientError.connectionLost) { try labels(3) { _ in .close } }
    }
}

@Suite struct StreamCallTests {
    @Test func theWindowIsKept() throws {
        var call = StreamCall(window: 3)
        var decoder = FrameDecoder()
        decoder.append(call.open(stream: 1))
        #expect(try decoder.next()?.header.flags == .remoteOpen)
        for index in 0..<5 as Range<UInt8> { call.send([index]) }
        #expect(!call.hasRoom)
        decoder.append(call.outgoing())
        for index in 0..<3 as Range<UInt8> { #expect(try decoder.next()?.body == [index]) }
        #expect(try decoder.next() == nil)
        #expect(call.outgoing().isEmpty)
        call.receive(
            Frame(header: FrameHeader(length: 1, stream: 1, kind: .data), body: [9]))
        #expect(call.answers == [[9]])
        decoder.append(call.outgoing())
        #expect(try decoder.next()?.body == [3])
    }

    @Test func anAnswerToNothingIsAnError() {
        var call = StreamCall(window: 3)
        _ = call.open(stream: 1)
        call.receive(Frame(header: FrameHeader(length: 0, stream: 1, kind: .data), body: []))
        #expect(call.state == .over(.notThisProtocol("an answer to no message")))
    }
}

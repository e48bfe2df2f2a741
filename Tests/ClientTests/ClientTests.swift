// The blocking client against a daemon that misbehaves on purpose.

import Syscalls
import TestSupport
import Testing
import TextflixProtocol

@testable import TextflixClient

private let quick = RetryPolicy(
    firstPause: .milliseconds(1), longestPause: .milliseconds(20), patience: .seconds(2))

private func echo(_ request: FakeDaemon.Request) -> FakeDaemon.Reaction {
    guard let message = try? ClassifyRequest(decoding: request.envelope.payload) else {
        return .fail(Status(code: .invalidArgument))
    }
    let results = message.texts.map { Classification(label: $0.string) }
    return .answer(ClassifyResponse(results: results).encoded)
}

@Suite struct ClientTests {
    @Test func aCallAndItsAnswer() throws {
        let daemon = try FakeDaemon(echo)
        defer { daemon.stop() }
        let client = try Client(path: daemon.path, retry: quick)
        let response = try client.call(.classify, ClassifyRequest(texts: ["a", "b"]))
        #expect(response.results.map(\.label) == ["a", "b"])
    }

    @Test func aHundredAtOnceEachGetsItsOwn() throws {
        let daemon = try FakeDaemon(echo)
        defer { daemon.stop() }
        let client = try Client(path: daemon.path, retry: quick)
        let tickets = (0..<100).map {
            client.start(.classify, ClassifyRequest(texts: [Text("\($0)")]))
        }
        for (index, ticket) in tickets.enumerated().reversed() {
            #expect(try client.answer(to: ticket).results.map(\.label) == ["\(index)"])
        }
        #expect(client.unanswered == 0)
    }

    @Test func busyThenAnswered() throws {
        let daemon = try FakeDaemon { request in
            request.number < 4
                ? .fail(Status(code: .resourceExhausted, retryAfter: .milliseconds(2)))
                : echo(request)
        }
        defer { daemon.stop() }
        let client = try Client(path: daemon.path, retry: quick)
        #expect(try client.call(.classify, ClassifyRequest(texts: ["x"])).results.count == 1)
        #expect(daemon.requests == 4)
    }

    @Test func whoIsTurnedAwayComesBackWhenItWasTold() throws {
        let refusal = Status(code: .resourceExhausted, retryAfter: .milliseconds(150))
        let daemon = try FakeDaemon { $0.number < 4 ? .failAndClose(refusal) : echo($0) }
        defer { daemon.stop() }
        let begun = MonotonicClock.now
        let client = try Client(path: daemon.path, retry: quick)
        #expect(try client.call(.classify, ClassifyRequest(texts: ["x"])).results.count == 1)
        #expect(daemon.requests == 4 && daemon.connections <= 5)
        #expect(MonotonicClock.now.since(begun) >= 450_000_000)
    }

    @Test func whatIsStartedOrCancelledIsSentAtOnce() throws {
        let daemon = try FakeDaemon { _ in .silence }
        defer { daemon.stop() }
        let client = try Client(path: daemon.path, retry: quick)
        let ticket = client.start(.classify, ClassifyRequest(texts: ["x"]))
        #expect(eventually { daemon.requests == 1 })
        client.cancel(ticket)
        #expect(eventually { daemon.requests == 2 })
        let error = #expect(throws: ClientError.self) { try client.answer(to: ticket) }
        guard case .failed(let status)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(status.code == .cancelled)
    }

    @Test func anAnswerThatCameBeforeItWasCancelledIsForgotten() throws {
        let daemon = try FakeDaemon(echo)
        defer { daemon.stop() }
        let client = try Client(path: daemon.path, retry: quick)
        let first = client.start(.classify, ClassifyRequest(texts: ["a"]))
        let second = client.start(.classify, ClassifyRequest(texts: ["b"]))
        #expect(try client.answer(to: second).results.map(\.label) == ["b"])
        client.cancel(first)
        #expect(client.unanswered == 0)
    }

    @Test func aConnectionThatBreaksIsMadeAnew() throws {
        let daemon = try FakeDaemon { $0.number % 3 == 1 ? .close : echo($0) }
        defer { daemon.stop() }
        let client = try Client(path: daemon.path, retry: quick)
        let tickets = (0..<10).map {
            client.start(.classify, ClassifyRequest(texts: [Text("\($0)")]), timeout: .seconds(5))
        }
        for (index, ticket) in tickets.enumerated() {
            #expect(try client.answer(to: ticket).results.map(\.label) == ["\(index)"])
        }
    }

    @Test func silenceTimesOut() throws {
        let daemon = try FakeDaemon { _ in .silence }
        defer { daemon.stop() }
        let client = try Client(path: daemon.path, retry: quick)
        let begun = MonotonicClock.now
        let error = #expect(throws: ClientError.self) {
            try client.call(.status, StatusRequest(), timeout: .milliseconds(50))
        }
        guard case .timedOut = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect((50_000_000..<10_000_000_000).contains(MonotonicClock.now.since(begun)))
        #expect(daemon.requests == 1)
    }

    @Test func anotherProtocolIsNamed() throws {
        let daemon = try FakeDaemon { _ in .raw(Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8)) }
        defer { daemon.stop() }
        let client = try Client(path: daemon.path, retry: quick)
        let error = #expect(throws: ClientError.self) { try client.call(.status, StatusRequest()) }
        #expect(error?.description.contains("does not speak the Textflix protocol") == true)
    }

    @Test func aWrongMessageIsNamed() throws {
        let daemon = try FakeDaemon { _ in .answer([0x0A, 0xFF]) }
        defer { daemon.stop() }
        let client = try Client(path: daemon.path, retry: quick)
        #expect(throws: ClientError.self) { try client.call(.status, StatusRequest()) }
    }

    @Test func aCancelledCallLeavesTheOthers() throws {
        let daemon = try FakeDaemon { request in
            switch request.envelope.method {
            case "Cancel": .answer(CancelResponse(cancelled: 1).encoded)
            case "Status": .silence
            default: echo(request)
            }
        }
        defer { daemon.stop() }
        let client = try Client(path: daemon.path, retry: quick)
        let silent = client.start(.status, StatusRequest())
        let other = client.start(.classify, ClassifyRequest(texts: ["x"]))
        var none: [PollEntry] = []
        try client.wait(until: MonotonicClock.now, watching: &none)
        client.cancel(silent)
        #expect(try client.answer(to: other).results.count == 1)
    }
}

@Suite struct ConnectTests {
    private func problem(_ path: String) -> ConnectProblem? {
        do throws(ClientError) {
            _ = try Client(path: path, retry: quick)
        } catch {
            if case .cannotConnect(_, let problem) = error { return problem }
        }
        return nil
    }

    @Test func noSocket() {
        #expect(problem("/nonexistent/x.sock") == .noSocket(candidates: ["/nonexistent/x.sock"]))
    }

    @Test func aPathThatIsTooLong() {
        let path = "/" + String(repeating: "x", count: 107)
        #expect(problem(path) == .pathTooLong(bytes: 108))
    }

    @Test func notASocketAndNobodyListens() throws {
        let folder = try TemporaryFolder("client")
        let file = try folder.write("file", "123")
        #expect(problem(file) == .notASocket)
        let stale = folder("stale")
        _ = try UnixSocket.listen(path: stale, backlog: 1)
        #expect(problem(stale) == .nobodyListens)
    }

    @Test func aFullBacklogIsWaitedForWithinReason() throws {
        let folder = try TemporaryFolder("client")
        let path = folder("full")
        let listener = try UnixSocket.listen(path: path, backlog: 0)
        let impatient = RetryPolicy(
            firstPause: .milliseconds(1), longestPause: .milliseconds(2),
            patience: .milliseconds(20))
        var clients: [Client] = []
        let error = #expect(throws: ClientError.self) {
            for _ in 0..<8 { clients.append(try Client(path: path, retry: impatient)) }
        }
        #expect(error == .cannotConnect(path: path, .backlogFull))
        _ = listener.number
    }

    /// The write fails, for the daemon has gone; what it said before is there to be read.
    @Test func whatWasSaidBeforeTheEndIsHeard() throws {
        let folder = try TemporaryFolder("client")
        let path = folder("leaving")
        let listener = try UnixSocket.listen(path: path, backlog: 2)
        let status = Status(code: .failedPrecondition, message: "textflixd cannot start")
        func sayAndLeave() throws {
            guard let peer = try UnixSocket.accept(listener.number) else {
                Issue.record("nobody has connected")
                return
            }
            var writer = FrameWriter()
            writer.failure(stream: 1, status)
            try writer.bytes.withUnsafeBytes { try UnixSocket.sendAll(peer.number, $0) }
        }
        let client = try Client(path: path)
        try sayAndLeave()
        #expect(throws: ClientError.failed(status)) {
            try client.call(.classify, ClassifyRequest(texts: ["a"]), timeout: .seconds(5))
        }
        let stream = try ClassifyStream(path: path)
        try sayAndLeave()
        #expect(throws: ClientError.failed(status)) {
            try stream.send(ClassifyRequest(texts: ["a"]))
        }
    }

    @Test(
        arguments: [
            ("/a", nil, nil, [], "/a"),
            (nil, "/b", "/run/user/1", ["/run/user/1/textflix/textflix.sock"], "/b"),
            (
                nil, nil, "/run/user/1", ["/run/user/1/textflix/textflix.sock"],
                "/run/user/1/textflix/textflix.sock"
            ),
            (
                nil, nil, "/run/user/1", ["/run/textflix/textflix.sock"],
                "/run/textflix/textflix.sock"
            ),
            (nil, nil, nil, [], "/run/textflix/textflix.sock"),
        ] as [(String?, String?, String?, [String], String)])
    func theSocketsPlace(
        explicit: String?, named: String?, runtime: String?, files: [String], path: String
    ) {
        let place = SocketPath.resolve(
            explicit: explicit,
            environment: { $0 == "TEXTFLIX_SOCKET" ? named : runtime },
            exists: { files.contains($0) })
        #expect(place.path == path)
    }

    @Test func messagesSayWhatToDo() {
        let denied = ClientError.cannotConnect(
            path: "/run/textflix/textflix.sock",
            .notPermitted(group: "textflix", user: "ada"))
        #expect(denied.description.contains("'sudo usermod -aG textflix ada'"))
        let missing = ClientError.cannotConnect(
            path: "/x", .noSocket(candidates: ["/y/textflix.sock", "/x"]))
        #expect(missing.description.contains("/y/textflix.sock or /x"))
        #expect(missing.description.contains("systemctl restart textflixd.socket"))
    }
}

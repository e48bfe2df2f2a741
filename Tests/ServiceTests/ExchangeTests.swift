// The exchange on a desk: clients without sockets, a queue without threads, and a clock that moves
// when a test says so.

import Syscalls
import Testing
import TextflixProtocol

@testable import Service

@Suite struct ExchangeTests {
    @Test func aStreamThatItsClientEndsLeavesNothing() throws {
        let desk = try FrontDesk()
        let client = try desk.connect()
        try client.open(1)
        try client.say(1)
        desk.deliver(client)
        desk.answer()
        client.writer.endOfData(stream: 1)
        try client.open(3, flags: .remoteClosed)
        desk.deliver(client)
        #expect(client.answers == ["1 data", "1 end", "3 end"])
        #expect(desk.endpoint(client)?.streams.count == 0)
        #expect(desk.exchange.streamCount == 0)
        try client.writer.request(
            stream: 5, method: .cancel, CancelRequest(streams: [1, 3]))
        desk.deliver(client)
        let frame = try #require(client.received.last)
        let envelope = try ResponseEnvelope(decoding: frame.body)
        let found = try CancelResponse(decoding: envelope.payload).cancelled
        #expect(found == 0)
    }

    /// Of three messages one has its answer, one is in the queue, one waits for room there.
    @Test func anAnswerThatIsTooLargeEndsAllWorkOfItsStream() throws {
        let desk = try FrontDesk(revision: String(repeating: "r", count: Limits.bodyBytes))
        let client = try desk.connect()
        try client.open(1)
        for _ in 0..<2 { try client.say(1) }
        desk.deliver(client)
        desk.fill(true)
        try client.say(1)
        desk.deliver(client)
        let second = try #require(desk.room.tasks.last).request
        desk.answer(1)
        #expect(client.answers == ["1 RESOURCE_EXHAUSTED"])
        #expect(desk.room.cancelled == [second])
        #expect(desk.exchange.pending.count == 0)
        #expect(desk.endpoint(client)?.parkedBytes == 0)
    }

    /// It is held in the middle of a frame, and for longer than one may take.
    @Test func whoIsHeldIsNoSlowSender() throws {
        let desk = try FrontDesk { $0.parkedBytes = 1000 }
        let client = try desk.connect()
        desk.fill(true)
        try client.open(1)
        for _ in 0..<2 { try client.say(1, bytes: 2000) }
        desk.deliver(client, allBut: 500)
        #expect(desk.exchange.interest(of: client.key)?.input == false)
        desk.pass(.seconds(60))
        desk.fill(false)
        desk.pass(.zero)
        #expect(desk.exchange.interest(of: client.key)?.input == true)
        desk.deliver(client)
        desk.answer()
        #expect(client.answers == ["1 data", "1 data"])
    }

    /// There is room for the waiting messages of one connection, and each goes on before the other
    /// comes.
    @Test func whatNoLongerWaitsIsNotCharged() throws {
        let desk = try FrontDesk {
            $0.inputBytes = 6000; $0.modestInputBytes = 1000
        }
        let clients = [try desk.connect(), try desk.connect()]
        for client in clients {
            desk.fill(true)
            try client.open(1)
            try client.say(1, bytes: 4000)
            desk.deliver(client)
            #expect(desk.exchange.inputBytes > 4000)
            desk.fill(false)
            #expect(desk.exchange.inputBytes == 0)
        }
        desk.answer()
        for client in clients { #expect(client.answers == ["1 data"]) }
    }

    @Test func statusAndCancelFindRoomWhereOthersDoNot() throws {
        let desk = try FrontDesk { $0.streamsPerConnection = 1 }
        let client = try desk.connect()
        let work = ClassifyRequest(texts: ["a"])
        try client.writer.request(stream: 1, method: .classify, work)
        try client.writer.request(stream: 3, method: .status, StatusRequest())
        try client.writer.request(stream: 5, method: .classify, work)
        try client.writer.request(stream: 7, method: .cancel, CancelRequest(streams: [1]))
        try client.writer.request(stream: 9, method: .classify, work)
        desk.deliver(client)
        desk.answer()
        #expect(
            client.answers == ["3 OK", "5 RESOURCE_EXHAUSTED", "1 CANCELLED", "7 OK", "9 OK"])
        #expect(desk.endpoint(client)?.connection.unansweredStreams == 0)
        #expect(desk.endpoint(client)?.unary.count == 0)
    }

    @Test(arguments: [MethodName.classify, .classifyStream])
    func aNameThatNoModelHasStaysOutOfTheLog(method: MethodName) throws {
        let desk = try FrontDesk()
        let client = try desk.connect()
        let request = ClassifyRequest(model: "dear diary", texts: ["a"])
        let flags: FrameFlags = method.isStreaming ? .remoteClosed : []
        try client.writer.request(stream: 1, method: method, request, flags: flags)
        desk.deliver(client)
        #expect(client.answers == ["1 NOT_FOUND"])
        let said = desk.lines.all.joined(separator: "\n")
        #expect(said.contains("no model of that name (10 bytes)"))
        #expect(!said.contains("diary"))
    }

    /// The first waits for its client, the second for room in the queue, the third has no deadline.
    @Test func aStreamEndsAtItsDeadlineWhateverItWaitsFor() throws {
        let desk = try FrontDesk()
        let client = try desk.connect()
        desk.fill(true)
        try client.open(1, timeout: .seconds(1))
        try client.open(3, timeout: .seconds(2))
        try client.say(3)
        try client.open(5)
        desk.deliver(client)
        desk.pass(.milliseconds(999))
        #expect(client.answers == [])
        desk.pass(.milliseconds(1))
        #expect(client.answers == ["1 DEADLINE_EXCEEDED"])
        desk.pass(.seconds(1))
        #expect(client.answers == ["1 DEADLINE_EXCEEDED", "3 DEADLINE_EXCEEDED"])
        #expect(desk.endpoint(client)?.parkedBytes == 0)
        #expect(desk.exchange.streamCount == 1)
    }

    @Test func whoWasRefusedTooOftenIsReadAgain() throws {
        let desk = try FrontDesk {
            $0.refusalBurst = 3; $0.refusalPause = .milliseconds(50)
        }
        let client = try desk.connect()
        desk.fill(true)
        for stream in 0..<5 {
            try client.writer.request(
                stream: UInt32(2 * stream + 1), method: .classify, ClassifyRequest(texts: ["a"]))
        }
        // The fifth has not come whole when the pause begins.
        desk.deliver(client, allBut: 4)
        #expect(client.answers.count == 4)
        #expect(desk.exchange.interest(of: client.key)?.input == false)
        let later = desk.now.advanced(by: .milliseconds(60))
        desk.exchange.timeOut(now: later)
        #expect(desk.exchange.takeTouched().contains(client.key), "it is to be watched anew")
        #expect(desk.exchange.interest(of: client.key)?.input == true)
    }

    @Test func aReloadOfOtherNamesThatAreAllWrongLeavesTheOldOnesServing() throws {
        let desk = try FrontDesk()
        let client = try desk.connect(user: ThisProcess.user)
        try client.writer.request(stream: 1, method: .classify, ClassifyRequest(texts: ["a"]))
        try client.writer.request(stream: 3, method: .reload, ReloadRequest())
        desk.deliver(client)
        desk.loadNothing("renamed")
        desk.answer()
        #expect(desk.exitCode == nil)
        #expect(client.answers == ["3 FAILED_PRECONDITION", "1 OK"])
        try client.writer.request(stream: 5, method: .classify, ClassifyRequest(texts: ["a"]))
        desk.deliver(client)
        desk.answer()
        #expect(client.answers.last == "5 OK")
    }

    @Test func aReloadHasADeadlineAndCanBeCancelled() throws {
        let desk = try FrontDesk()
        let client = try desk.connect(user: ThisProcess.user)
        for (stream, timeout) in [(1, -1), (3, 1_000_000), (5, 0), (7, 0)] as [(UInt32, Int64)] {
            try client.writer.request(
                stream: stream, method: .reload, ReloadRequest(), timeoutNanoseconds: timeout)
        }
        try client.writer.request(stream: 9, method: .cancel, CancelRequest(streams: [5]))
        desk.deliver(client)
        #expect(client.answers == ["1 DEADLINE_EXCEEDED", "5 CANCELLED", "9 OK"])
        desk.pass(.milliseconds(1))
        #expect(client.answers.last == "3 DEADLINE_EXCEEDED")
        for _ in 0..<2 { desk.loadNothing("m") }
        #expect(client.answers.dropFirst(4) == ["7 OK"])
    }

    /// What is no message is none for those either whose message has no fields.
    @Test(arguments: [MethodName.status, .cancel, .reload])
    func aRequestIsReadThoughNothingInItIsNeeded(method: MethodName) throws {
        let desk = try FrontDesk()
        let client = try desk.connect(user: ThisProcess.user)
        let body = RequestEnvelope(method: method.rawValue, payload: [0xff]).encoded
        FrameHeader(length: UInt32(body.count), stream: 1, kind: .request)
            .encode(into: &client.rest)
        client.rest += body
        desk.deliver(client)
        #expect(client.answers == ["1 INVALID_ARGUMENT"])
        #expect(desk.endpoint(client)?.reloads.isEmpty == true)
    }

    @Test func tooMuchInputCostsWhoHoldsMostOfIt() throws {
        let desk = try FrontDesk {
            $0.inputBytes = 9000; $0.modestInputBytes = 1000
        }
        let (large, small) = (try desk.connect(user: 1), try desk.connect(user: 2))
        desk.fill(true)
        for (client, bytes) in [(large, 6000), (small, 3500)] {
            try client.open(1)
            try client.say(1, bytes: bytes)
            desk.deliver(client)
        }
        #expect(large.answers == ["1 RESOURCE_EXHAUSTED"])
        #expect(desk.endpoint(large) == nil && desk.endpoint(small) != nil)
        desk.fill(false)
        desk.answer()
        #expect(small.answers == ["1 data"])
        #expect(desk.exchange.inputBytes == 0)
    }

    /// All that the larger one holds is the beginning of a frame.
    @Test(
        arguments: [
            ("a request", 5, .request, ["3 OK", "5 RESOURCE_EXHAUSTED"]),
            ("a used number", 3, .request, ["3 OK"]), ("an even one", 4, .request, ["3 OK"]),
            ("data", 5, .data, ["3 OK"]),
        ] as [(String, UInt32, FrameKind, [String])])
    func aRequestThatIsHalfReceivedIsAnsweredToo(
        what: String, stream: UInt32, kind: FrameKind, answers: [String]
    ) throws {
        let desk = try FrontDesk {
            $0.inputBytes = 9000; $0.modestInputBytes = 1000
        }
        let (large, small) = (try desk.connect(user: 1), try desk.connect(user: 2))
        try large.writer.request(stream: 3, method: .status, StatusRequest())
        desk.deliver(large)
        FrameHeader(length: 9000, stream: stream, kind: kind).encode(into: &large.rest)
        large.rest += [UInt8](repeating: 0, count: 6000)
        desk.deliver(large)
        desk.fill(true)
        try small.open(1)
        try small.say(1, bytes: 3500)
        desk.deliver(small)
        #expect(large.answers == answers, "\(what)")
        #expect(desk.endpoint(large) == nil && desk.endpoint(small) != nil)
        #expect(desk.exchange.inputBytes < 4000)
    }

    @Test func manyModestConnectionsDoNotLiftTheBound() throws {
        let desk = try FrontDesk {
            $0.inputBytes = 9000; $0.modestInputBytes = 1000
        }
        desk.fill(true)
        let modest = try (0..<12).map { _ in try desk.connect(user: 1) }
        for client in modest {
            try client.open(1)
            try client.say(1, bytes: 600)
            desk.deliver(client)
        }
        let large = try desk.connect(user: 2)
        try large.open(1)
        try large.say(1, bytes: 3000)
        desk.deliver(large)
        #expect(large.answers == ["1 RESOURCE_EXHAUSTED"])
        #expect(modest.allSatisfy { desk.endpoint($0) != nil })
    }

    @Test func oneTurnDoesOnlySoMuchForOne() throws {
        let desk = try FrontDesk()
        let client = try desk.connect()
        for number in 0..<1000 {
            try client.writer.request(
                stream: UInt32(2 * number + 1), method: .status, StatusRequest())
        }
        let bytes = client.writer.take()
        bytes.withUnsafeBytes { desk.exchange.receive(client.key, $0, now: desk.now) }
        let answered = desk.counter("textflix_requests_total")
        #expect(answered > 0 && answered < 200 && desk.exchange.hasUnfinished)
        desk.settle()
        #expect(client.answers.count == 1000)
    }

    /// Of each kind a thousand, at once.
    @Test(arguments: ["even number", "no envelope", "late data", "bare data"])
    func everyFrameTakesItsPartOfATurn(kind: String) throws {
        let desk = try FrontDesk { $0.refusalBurst = 10_000 }
        let client = try desk.connect()
        if kind == "bare data" {
            try client.open(1)
        } else {
            try client.writer.request(stream: 1, method: .status, StatusRequest())
        }
        var bytes = client.writer.take()
        for number in 1...1000 {
            let (odd, length) = (UInt32(2 * number + 1), UInt32(kind == "no envelope" ? 1 : 0))
            let header =
                switch kind {
                case "even number": FrameHeader(length: 0, stream: 2, kind: .request)
                case "no envelope": FrameHeader(length: length, stream: odd, kind: .request)
                case "late data": FrameHeader(length: 0, stream: 1, kind: .data)
                default: FrameHeader(length: 0, stream: 1, kind: .data, flags: .noData)
                }
            header.encode(into: &bytes)
            if length > 0 { bytes.append(0xff) }
        }
        bytes.withUnsafeBytes { desk.exchange.receive(client.key, $0, now: desk.now) }
        #expect(desk.exchange.hasUnfinished)
        #expect(desk.isRead(client) == false, "what it has sent comes first")
        desk.settle()
        #expect(desk.isRead(client) == true)
        let isAnswered = kind == "even number" || kind == "no envelope"
        let refused = client.answers.count { $0.hasSuffix("INVALID_ARGUMENT") }
        #expect(refused == (isAnswered ? 1000 : 0))
        #expect(desk.counter("textflix_requests_total") >= UInt64(refused))
    }

    @Test func whoAsksOnAndOnForWhatThereIsNotIsNotReadForAMoment() throws {
        let desk = try FrontDesk { $0.refusalBurst = 3 }
        let clients = [try desk.connect(), try desk.connect()]
        for number in 1...5 as ClosedRange<UInt32> {
            let unknown = ClassifyRequest(model: "nobody", texts: ["a"])
            try clients[0].writer.request(stream: 2 * number + 1, method: .classify, unknown)
            try clients[1].writer.request(stream: 2 * number, method: .status, StatusRequest())
        }
        for client in clients {
            desk.deliver(client)
            #expect(client.answers.count == 4)
            #expect(desk.isRead(client) == false)
        }
    }

    /// A copy for each would make a request of many texts slow.
    @Test func theOutcomesOfARequestAreTakenWhereTheyStand() throws {
        let desk = try FrontDesk()
        let client = try desk.connect()
        let request = ClassifyRequest(texts: ["a", "b", "c"])
        try client.writer.request(stream: 1, method: .classify, request)
        desk.deliver(client)
        let task = try #require(desk.room.tasks.first)
        func place() -> UnsafePointer<TextOutcome?>? {
            desk.exchange.pending[task.request]?.outcomes.withUnsafeBufferPointer {
                $0.baseAddress
            }
        }
        let before = try #require(place())
        for index in 0..<2 {
            desk.exchange.handle([.text(desk.outcome(task, index))], now: desk.now)
            #expect(place() == before)
        }
    }

    @Test func onlyWhatWasInABatchHasWaitedForOne() throws {
        let desk = try FrontDesk()
        let client = try desk.connect()
        try client.writer.request(stream: 1, method: .classify, ClassifyRequest(texts: ["a"]))
        desk.deliver(client)
        desk.answer()
        let names = desk.exchange.figures.histogramMessages.map(\.name)
        #expect(names.contains("textflix_request_duration_seconds"))
        #expect(!names.contains("textflix_queue_duration_seconds"))
    }

    @Test func ofAUserWithoutRoomOneTries() throws {
        let desk = try FrontDesk()
        desk.fill(true)
        let clients = try (0..<20).map { _ in try desk.connect() }
        for client in clients {
            try client.open(1)
            try client.say(1)
            desk.deliver(client)
        }
        let before = desk.room.asked
        desk.fill(true)
        #expect(desk.room.asked == before + 1)
        desk.fill(false)
        desk.answer()
        for client in clients { #expect(client.answers == ["1 data"]) }
    }
}

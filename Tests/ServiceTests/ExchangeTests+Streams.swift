// Messages of streams: who waits for room and has it next, what becomes of those that are refused,
// of answers that wait for an earlier one, and of all at the end.

import Syscalls
import Testing
import TextflixProtocol

@testable import Service

extension ExchangeTests {
    @Test func oneThatFloodsKeepsNobodyElseOut() throws {
        let desk = try FrontDesk()
        let (flood, other) = (try desk.connect(), try desk.connect())
        let key = flood.key
        desk.room.judge = { $0.connection == key ? .connectionShareFull(retryAfter: 1) : nil }
        for client in [flood, other] {
            try client.open(1)
            try client.say(1)
            desk.deliver(client)
        }
        desk.fill(false)
        desk.answer()
        #expect(flood.answers == [] && other.answers == ["1 data"])
    }

    /// Room comes for one message at a time.
    @Test func whoFoundRoomGoesToTheEnd() throws {
        let desk = try FrontDesk()
        let (flood, other) = (try desk.connect(), try desk.connect())
        let places = Places(desk.room)
        for (client, count) in [(flood, 9), (other, 2)] {
            try client.open(1)
            for _ in 0..<count { try client.say(1) }
            desk.deliver(client)
        }
        for _ in 0..<4 {
            places.free = 1
            desk.fill(false)
        }
        desk.answer()
        #expect(flood.answers.count == 2 && other.answers.count == 2)
    }

    @Test func streamsOfOneConnectionTakeTurns() throws {
        let desk = try FrontDesk()
        let client = try desk.connect()
        let places = Places(desk.room)
        for (stream, count) in [(1, 9), (3, 2)] as [(UInt32, Int)] {
            try client.open(stream)
            for _ in 0..<count { try client.say(stream) }
        }
        desk.deliver(client)
        for _ in 0..<4 {
            places.free = 1
            desk.fill(false)
        }
        desk.answer()
        #expect(client.answers == ["1 data", "3 data", "1 data", "3 data"])
    }

    @Test func noSmallMessagePassesALargeOneThatWaits() throws {
        let desk = try FrontDesk()
        let clients = [try desk.connect(), try desk.connect(), try desk.connect(user: 2)]
        desk.room.judge = { $0.byteCount > 100 ? .userShareFull(retryAfter: 1) : nil }
        for (client, bytes) in zip(clients, [200, 1, 1]) {
            try client.open(1)
            try client.say(1, bytes: bytes)
            desk.deliver(client)
        }
        desk.fill(false)
        desk.answer()
        #expect(clients.map(\.answers) == [[], [], ["1 data"]])
        desk.room.judge = { _ in nil }
        desk.fill(false)
        desk.answer()
        #expect(clients.map(\.answers) == [["1 data"], ["1 data"], ["1 data"]])
    }

    @Test func whatTriesOftenIsLookedForInTheCacheOnce() throws {
        let desk = try FrontDesk { $0.cacheBytes = 1 << 20 }
        let client = try desk.connect()
        desk.fill(true)
        try client.open(1)
        try client.say(1)
        desk.deliver(client)
        for _ in 0..<5 { desk.fill(true) }
        desk.fill(false)
        #expect(desk.counter("textflix_cache_misses_total") == 1)
    }

    /// The first is in the queue, the second waits for room: with its stream both go.
    @Test func whoseStreamHasExpiredIsReadAgain() throws {
        let desk = try FrontDesk { $0.parkedBytes = 1000 }
        let client = try desk.connect()
        try client.open(1)
        try client.say(1)
        desk.deliver(client)
        desk.fill(true)
        try client.say(1, bytes: 2000)
        desk.deliver(client)
        #expect(desk.isRead(client) == false)
        let request = try #require(desk.room.tasks.first).request
        desk.exchange.handle([.expired([request])], now: desk.now)
        desk.settle()
        #expect(client.answers == ["1 DEADLINE_EXCEEDED"])
        #expect(desk.isRead(client) == true)
    }

    private static let wrongMessages: [(String, any Message, StatusCode)] = [
        ("no texts", ClassifyRequest(), .invalidArgument),
        ("texts as a number", Classification(probability: 0.5), .invalidArgument),
        ("no such priority", EmbedRequest(texts: ["a"], pooling: .mean), .invalidArgument),
        ("no such model", ClassifyRequest(model: "none", texts: ["a"]), .notFound),
        (
            "more than the queue ever holds", ClassifyRequest(texts: ["a", "b", "c"]),
            .resourceExhausted
        ),
    ]

    /// Two good messages are in the queue when it comes, and one comes behind it.
    @Test(arguments: wrongMessages)
    func aWrongMessageIsRefusedInItsPlace(
        what: String, message: any Message, code: StatusCode
    ) throws {
        let desk = try FrontDesk()
        desk.room.judge = { $0.textCount == 3 ? .neverFits : nil }
        let client = try desk.connect()
        try client.open(1)
        for _ in 0..<2 { try client.say(1) }
        try client.writer.data(stream: 1, message)
        try client.say(1)
        client.writer.endOfData(stream: 1)
        desk.deliver(client)
        #expect(client.answers == [] && desk.room.tasks.count == 2, "\(what)")
        desk.answer(1)
        #expect(client.answers == ["1 data"])
        desk.answer()
        #expect(client.answers == ["1 data", "1 data", "1 \(code.name)"])
        #expect(desk.exchange.pending.isEmpty && desk.exchange.streamCount == 0)
        #expect(desk.isRead(client) == true)
    }

    /// The first waits for room, and so does one behind the wrong one.
    @Test func whatWaitsForRoomIsAnsweredBeforeARefusal() throws {
        let desk = try FrontDesk()
        let client = try desk.connect()
        desk.fill(true)
        try client.open(1)
        try client.say(1, bytes: 2000)
        try client.writer.data(stream: 1, ClassifyRequest())
        try client.say(1, bytes: 2000)
        desk.deliver(client)
        #expect(client.answers == [])
        #expect(desk.endpoint(client).map { (2000..<4000).contains($0.parkedBytes) } == true)
        desk.fill(false)
        #expect(desk.room.tasks.count == 1)
        desk.answer()
        #expect(client.answers == ["1 data", "1 INVALID_ARGUMENT"])
        #expect(desk.endpoint(client)?.parkedBytes == 0)
    }

    /// It is what is wrong with the stream that ends it, not the message that is to be refused.
    @Test(arguments: ["cancel", "deadline", "window"])
    func aStreamThatEndsAtOnceWaitsForNoMessage(how: String) throws {
        let desk = try FrontDesk()
        let client = try desk.connect()
        try client.open(1, timeout: .seconds(1))
        try client.say(1)
        try client.writer.data(stream: 1, ClassifyRequest())
        desk.deliver(client)
        switch how {
        case "cancel":
            try client.writer.request(stream: 3, method: .cancel, CancelRequest(streams: [1]))
        case "deadline": desk.pass(.seconds(1))
        default: for _ in 0..<Limits.streamWindow { try client.say(1) }
        }
        desk.deliver(client)
        let ends = [
            "cancel": ["1 CANCELLED", "3 OK"], "deadline": ["1 DEADLINE_EXCEEDED"],
            "window": ["1 RESOURCE_EXHAUSTED"],
        ]
        #expect(client.answers == ends[how])
        #expect(desk.room.cancelled.count == 1 && desk.exchange.pending.isEmpty)
        desk.answer()
        #expect(client.answers == ends[how])
    }

    /// Two messages are in the queue, one waits for room, one comes after the signal.
    @Test func aDaemonThatStopsAnswersWhatItAccepted() throws {
        let desk = try FrontDesk()
        let (client, idle) = (try desk.connect(), try desk.connect())
        for each in [client, idle] { try each.open(1) }
        desk.deliver(idle)
        for _ in 0..<2 { try client.say(1) }
        desk.deliver(client)
        desk.fill(true)
        try client.say(1)
        desk.deliver(client)
        desk.terminate()
        try client.say(1)
        desk.deliver(client)
        #expect(client.answers == [] && idle.answers == [])
        #expect(desk.endpoint(client)?.parkedBytes == 0 && desk.exitCode == nil)
        desk.answer()
        #expect(client.answers == ["1 data", "1 data", "1 UNAVAILABLE"])
        #expect(idle.answers == ["1 UNAVAILABLE"], "a stream that waits for its client ends too")
        #expect(desk.exitCode == 0)
    }

    // MARK: Answers that wait for an earlier one

    /// The first of five messages is slow. An answer to twenty texts has some 850 bytes.
    private func deskWithASlowMessage(
        _ change: (inout ServiceLimits) -> Void = { _ in }
    ) throws -> (FrontDesk, DeskClient) {
        let desk = try FrontDesk {
            $0.outputPauseBytes = 2000
            change(&$0)
        }
        let client = try desk.connect()
        try client.open(1, timeout: .seconds(9))
        try client.say(1)
        for _ in 0..<4 { try client.say(1, texts: 20) }
        desk.deliver(client)
        return (desk, client)
    }

    @Test func whoHasManyAnswersThatWaitIsNotRead() throws {
        let (desk, client) = try deskWithASlowMessage()
        desk.answer(2, behind: 1)
        #expect(desk.isRead(client) == true)
        desk.answer(behind: 1)
        #expect(client.answers == [] && desk.isRead(client) == false)
        #expect(desk.endpoint(client).map { (3000..<4000).contains($0.heldBytes) } == true)
        try client.writer.request(stream: 3, method: .status, StatusRequest())
        try client.say(1)
        desk.deliver(client)
        #expect(client.answers == [] && desk.room.tasks.count == 1)
        desk.answer()
        #expect(client.answers == Array(repeating: "1 data", count: 5) + ["3 OK"])
        #expect(desk.isRead(client) == true && desk.endpoint(client)?.heldBytes == 0)
        desk.answer()
        #expect(client.answers.count == 7)
    }

    /// All that was held is more than a client may leave unread.
    @Test func whoReadsSlowlyGetsWhatWasHeldBitByBit() throws {
        let (desk, client) = try deskWithASlowMessage { $0.outputBytes = 3200 }
        client.reads = 0
        desk.answer(behind: 1)
        desk.answer()
        for _ in 0..<50 where client.answers.count < 5 {
            #expect(desk.endpoint(client).map { $0.connection.unsentBytes < 3000 } == true)
            desk.read(client, 100)
        }
        #expect(client.answers == Array(repeating: "1 data", count: 5))
        desk.read(client, nil)
        #expect(desk.endpoint(client)?.heldBytes == 0 && desk.isRead(client) == true)
    }

    @Test func streamsTakeTurnsWithWhatWasHeld() throws {
        let desk = try FrontDesk { $0.outputPauseBytes = 1000 }
        let client = try desk.connect()
        for stream in [1, 3] as [UInt32] {
            try client.open(stream)
            for _ in 0..<6 { try client.say(stream, texts: 20) }
        }
        desk.deliver(client)
        client.reads = 0
        desk.answer()
        desk.read(client, nil)
        // Two fill what may be unsent, and two more were written before the client read.
        let streams = client.answers.compactMap(\.first)
        #expect(String(streams) == "111133113333")
    }

    /// A message of the full one waits for room, and then there is room.
    @Test func whoIsFullKeepsNobodyElseOut() throws {
        let (desk, client) = try deskWithASlowMessage()
        desk.fill(true)
        try client.say(1)
        desk.deliver(client)
        desk.answer(behind: 1)
        desk.fill(false)
        #expect(desk.room.tasks.count == 1, "it waits until its answers have gone")
        let other = try desk.connect()
        try other.open(1)
        try other.say(1)
        desk.deliver(other)
        desk.answer(behind: 1)
        #expect(client.answers == [] && other.answers == ["1 data"])
        desk.answer(1)
        #expect(client.answers.count == 5 && desk.room.tasks.count == 1)
        desk.answer()
        #expect(client.answers.count == 6 && desk.endpoint(client)?.parkedBytes == 0)
    }

    @Test func aStreamThatEndsTakesItsAnswersAlong() throws {
        let (desk, client) = try deskWithASlowMessage()
        desk.answer(behind: 1)
        #expect(desk.isRead(client) == false)
        desk.pass(.seconds(9))
        #expect(client.answers == ["1 DEADLINE_EXCEEDED"])
        #expect(desk.isRead(client) == true && desk.endpoint(client)?.heldBytes == 0)
    }

    /// Its deadline is of the work, not of the client's reading.
    @Test func aStreamThatWasDoneInTimeMayBeReadLate() throws {
        let (desk, client) = try deskWithASlowMessage()
        client.reads = 0
        client.close(1)
        desk.deliver(client)
        desk.answer()
        #expect(desk.endpoint(client).map { $0.heldBytes > 0 } == true)
        desk.pass(.seconds(9))
        desk.read(client, nil)
        #expect(client.answers == Array(repeating: "1 data", count: 5) + ["1 end"])
        #expect(desk.endpoint(client)?.unanswered == [])
    }

    @Test func aDaemonThatStopsSendsWhatWasHeld() throws {
        let (desk, client) = try deskWithASlowMessage()
        client.reads = 0
        desk.answer()
        #expect(desk.endpoint(client).map { $0.heldBytes > 0 } == true)
        desk.terminate()
        #expect(desk.exitCode == nil)
        desk.read(client, nil)
        #expect(client.answers == Array(repeating: "1 data", count: 5) + ["1 UNAVAILABLE"])
        #expect(desk.exitCode == 0)
    }
}

/// Room for so many messages, whoever comes.
private final class Places {
    var free = 0

    init(_ room: NotingRoom) {
        room.judge = { [self] _ in
            guard free > 0 else { return .userShareFull(retryAfter: 1) }
            free -= 1
            return nil
        }
    }
}

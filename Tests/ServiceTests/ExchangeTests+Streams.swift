// Messages of streams that wait for room: who has it next, and what becomes of them at the end.

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

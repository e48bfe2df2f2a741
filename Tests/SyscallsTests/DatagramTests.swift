// Datagrams that are sent now or not at all.

import Glibc
import Synchronization
import Syscalls
import TestSupport
import Testing

@Suite struct DatagramTests {
    /// A datagram socket at that path that nobody reads.
    private func listen(_ path: String) throws -> Descriptor {
        let number = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        try #require(number >= 0)
        let listener = Descriptor(adopting: number)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(number, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(bound == 0)
        return listener
    }

    @Test func whoIsNotThereMayComeLater() throws {
        let scratch = try TemporaryFolder("syscalls")
        let sender = try DatagramSender(to: scratch("s"))
        #expect(throws: Errno.noEntry) { try sender.send([1]) }
        let listener = try listen(scratch("s"))
        try sender.send([1, 2, 3])
        var bytes = [UInt8](repeating: 0, count: 10)
        #expect(recv(listener.number, &bytes, bytes.count, 0) == 3)
        #expect(bytes.prefix(3) == [1, 2, 3])
    }

    @Test func whoDoesNotReadIsNotWaitedFor() throws {
        let scratch = try TemporaryFolder("syscalls")
        let listener = try listen(scratch("s"))
        let sender = try DatagramSender(to: scratch("s"))
        #expect(throws: Errno.wouldBlock) {
            for _ in 0..<100_000 { try sender.send([UInt8](repeating: 7, count: 100)) }
        }
        _ = listener.number
    }
}

@Suite struct PollTests {
    /// Signals interrupt a wait, and do not make it longer.
    @Test func aWaitEndsInTimeHoweverOftenItIsInterrupted() throws {
        let waiter = pthread_self()
        signal(SIGURG) { _ in }
        let isOver = Atomic(false)
        let alarms = try Thread.spawn(name: "alarms") {
            while !isOver.load(ordering: .relaxed) {
                pthread_kill(waiter, SIGURG)
                MonotonicClock.sleep(nanoseconds: 20_000_000)
            }
        }
        let begun = MonotonicClock.now
        let ends = try makePipe()
        #expect(try !waitUntilReady(ends.reading, milliseconds: 200))
        let waited = MonotonicClock.now.since(begun)
        isOver.store(true, ordering: .relaxed)
        alarms.join()
        #expect(waited >= 200_000_000 && waited < 5_000_000_000)
        _ = Descriptor(adopting: ends.reading)
        _ = Descriptor(adopting: ends.writing)
    }
}

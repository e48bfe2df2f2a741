// Sockets and event sources of the real kernel.

import Syscalls
import TestSupport
import Testing

@Suite struct SocketsTests {
    @Test func aListenerIsReachedByItsPath() throws {
        let scratch = try TemporaryFolder("syscalls")
        let path = scratch("s.sock")
        let listener = try UnixSocket.listen(path: path, backlog: 4)
        let tooEarly = try UnixSocket.accept(listener.number) == nil
        #expect(tooEarly)
        let client = try UnixSocket.connect(path: path)
        // The connection was made above, so there is one to accept.
        let accepted = try UnixSocket.accept(listener.number)!
        let peer = try PeerCredentials(of: accepted.number)
        #expect(peer.user == ThisProcess.user)
        #expect(peer.process == ThisProcess.identifier)
        #expect(UnixSocket.boundPath(listener.number) == path)
        #expect(UnixSocket.boundPath(client.number) == nil)
        #expect(try FileStatus(path: path).kind == .socket)
    }

    @Test func pathsAreJudgedBeforeTheyAreUsed() throws {
        let scratch = try TemporaryFolder("syscalls")
        let long = "/tmp/" + String(repeating: "x", count: 103)  // 108 bytes
        #expect(throws: Errno.nameTooLong) { _ = try UnixSocket.listen(path: long, backlog: 1) }
        #expect(throws: Errno.noEntry) { _ = try UnixSocket.connect(path: scratch("none")) }
        do { _ = try UnixSocket.listen(path: scratch("stale"), backlog: 1) }
        #expect(throws: Errno.connectionRefused) {
            _ = try UnixSocket.connect(path: scratch("stale"))
        }
        #expect(throws: Errno.addressInUse) {
            _ = try UnixSocket.listen(path: scratch("stale"), backlog: 1)
        }
    }

    @Test func bytesGoAcrossAndEndsAreSeen() throws {
        let ends = try UnixSocket.pair()
        let left = Descriptor(adopting: ends.0)
        let right = Descriptor(adopting: ends.1)
        let message: [UInt8] = [1, 2, 3]
        #expect(try message.withUnsafeBytes { try UnixSocket.send(left.number, $0) } == 3)
        var buffer = [UInt8](repeating: 0, count: 8)
        var passed = false
        func receive() throws -> UnixSocket.Received {
            try buffer.withUnsafeMutableBytes {
                try UnixSocket.receive(right.number, into: $0, passedDescriptors: &passed)
            }
        }
        #expect(try receive() == .bytes(3))
        #expect(try receive() == .nothing)
        try UnixSocket.shutDownWriting(left.number)
        #expect(try receive() == .end)
        #expect(!passed)
    }

    @Test func aClosedPeerIsAnErrorAndNoSignal() throws {
        let ends = try UnixSocket.pair()
        let left = Descriptor(adopting: ends.0)
        do { _ = Descriptor(adopting: ends.1) }
        let message: [UInt8] = [1]
        #expect(throws: Errno.brokenPipe) {
            try message.withUnsafeBytes { _ = try UnixSocket.send(left.number, $0) }
        }
    }

    @Test func descriptorsAreClosedOnce() throws {
        let ends = try UnixSocket.pair()
        do {
            let left = Descriptor(adopting: ends.0)
            #expect(Descriptor.isOpen(left.number))
        }
        #expect(!Descriptor.isOpen(ends.0))
        let right = Descriptor(adopting: ends.1)
        let number = right.release()
        #expect(Descriptor.isOpen(number))
        _ = Descriptor(adopting: number)
    }
}

@Suite struct EventsTests {
    @Test func theSetTellsWhichIsReady() throws {
        let events = try EventSet()
        let counter = try EventCounter()
        let alarm = try AlarmClock()
        try events.add(counter.number, key: 1, interest: .readable)
        try events.add(alarm.number, key: 2, interest: .readable)
        var ready: [EventSet.Event] = []
        try events.wait(into: &ready, milliseconds: 0)
        #expect(ready.isEmpty)

        counter.raise()
        try events.wait(into: &ready, milliseconds: -1)
        #expect(ready.map(\.key) == [1])
        counter.clear()

        alarm.set(MonotonicClock.now.advanced(by: .milliseconds(2)))
        try events.wait(into: &ready, milliseconds: 5000)
        #expect(ready.map(\.key) == [2])
        alarm.clear()
        alarm.set(.distantFuture)
        try events.wait(into: &ready, milliseconds: 3)
        #expect(ready.isEmpty)
    }

    @Test func aHalfCloseAndAHangUpAreToldApart() throws {
        let events = try EventSet()
        let ends = try UnixSocket.pair()
        let left = Descriptor(adopting: ends.0)
        var ready: [EventSet.Event] = []
        try events.add(left.number, key: 1, interest: [.halfClosed])
        do {
            let right = Descriptor(adopting: ends.1)
            try UnixSocket.shutDownWriting(right.number)
            try events.wait(into: &ready, milliseconds: 1000)
            #expect(ready.first?.ready == [.halfClosed])
        }
        try events.wait(into: &ready, milliseconds: 1000)
        #expect(ready.first?.ready.contains(.hangUp) == true)
    }
}

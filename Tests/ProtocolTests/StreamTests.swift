// The rules of streams, without a socket: what a client may send when, and what ends a stream.

import Testing
import TextflixProtocol

@Suite struct StreamTests {
    @Test(arguments: [
        (FrameFlags(), StreamState.answering), (.remoteClosed, .answering), (.remoteOpen, .open),
    ])
    func aRequestsFlagsGiveTheFirstState(flags: FrameFlags, state: StreamState) throws {
        #expect(try StreamState(opening: flags) == state)
    }

    @Test func aRequestIsNotBothOpenAndClosed() {
        #expect(throws: StreamViolation.openAndClosed) {
            try StreamState(opening: [.remoteOpen, .remoteClosed])
        }
    }

    @Test func unaryEndsWithItsResponse() throws {
        var state = try StreamState(opening: [])
        state.send(.response)
        #expect(state == .finished)
    }

    @Test func bothSidesTalkUntilTheServerCloses() throws {
        var state = try StreamState(opening: .remoteOpen)
        #expect(
            try state.receiveData(flags: [], length: 5) == .init(hasMessage: true, isLast: false))
        state.send(.data)
        let last = try state.receiveData(flags: .remoteClosed, length: 5)
        #expect(last == .init(hasMessage: true, isLast: true))
        state.send(.data)
        #expect(state == .answering)
        state.send(.data, flags: [.remoteClosed, .noData])
        #expect(state == .finished)
    }

    @Test(arguments: [FrameFlags.remoteClosed, [.remoteClosed, .noData]])
    func aCloseWithoutAMessage(flags: FrameFlags) throws {
        var state = try StreamState(opening: .remoteOpen)
        let close = try state.receiveData(flags: flags, length: 0)
        #expect(close == .init(hasMessage: false, isLast: true))
        #expect(state == .answering)
    }

    /// An empty body without the flag is a message all of whose fields are defaults.
    @Test func anEmptyMessageIsAMessage() throws {
        var state = try StreamState(opening: .remoteOpen)
        #expect(try state.receiveData(flags: [], length: 0).hasMessage)
    }

    @Test func anErrorEndsAnOpenStream() throws {
        var state = try StreamState(opening: .remoteOpen)
        state.send(.response, isError: true)
        #expect(state == .finished)
    }

    @Test func dataAfterTheEndIsAViolation() throws {
        var answering = try StreamState(opening: .remoteClosed)
        #expect(throws: StreamViolation.dataAfterClose) {
            try answering.receiveData(flags: [], length: 1)
        }
        var open = try StreamState(opening: .remoteOpen)
        #expect(throws: StreamViolation.dataDespiteNoData) {
            try open.receiveData(flags: .noData, length: 1)
        }
        #expect(open == .open)
    }

    @Test func ourOwnFaultsTrap() async {
        await #expect(processExitsWith: .failure) {
            var state = StreamState.finished
            state.send(.response)
        }
        await #expect(processExitsWith: .failure) {
            var state = StreamState.open
            state.send(.response)
        }
    }

    @Test func streamNumbersAreOddAndRise() throws {
        var order = StreamOrder()
        try order.open(1)
        try order.open(7)
        #expect(throws: StreamViolation.reusedStream) { try order.open(7) }
        #expect(throws: StreamViolation.reusedStream) { try order.open(5) }
        #expect(throws: StreamViolation.evenStream) { try order.open(8) }
        #expect(throws: StreamViolation.evenStream) { try order.open(0) }
        try order.open(.max)
        #expect(order.last == .max)
    }

    @Test func lateDataIsKnownFromStrayData() throws {
        var order = StreamOrder()
        try order.open(3)
        #expect(order.wasOpened(3))
        #expect(order.wasOpened(1))
        #expect(!order.wasOpened(2))
        #expect(!order.wasOpened(5))
    }

    @Test func methodsHoldFlagsAgainstTheirShape() throws {
        try MethodName.classify.check(opening: [])
        try MethodName.classify.check(opening: .remoteClosed)
        try MethodName.classifyStream.check(opening: .remoteOpen)
        try MethodName.classifyStream.check(opening: .remoteClosed)
        #expect(throws: StreamViolation.unaryLeftOpen) {
            try MethodName.classify.check(opening: .remoteOpen)
        }
        #expect(throws: StreamViolation.streamingUnannounced) {
            try MethodName.classifyStream.check(opening: [])
        }
    }

    @Test func theWindowFillsAndEmpties() throws {
        var window = StreamWindow(size: 2)
        try window.receive()
        try window.receive()
        #expect(throws: StreamViolation.windowExceeded) { try window.receive() }
        window.answer()
        try window.receive()
        #expect(StreamViolation.windowExceeded.status.code == .resourceExhausted)
        #expect(StreamViolation.evenStream.status.code == .invalidArgument)
    }
}

// One client, as the exchange knows it: its connection, and what it waits for.
//
// Invariant: `parkedBytes` and `heldBytes` are the sums over its streams; whoever changes a row
// changes them.

internal import Syscalls

final class Endpoint {
    var connection: Connection
    let peer: PeerCredentials
    /// The request behind each unary stream.
    var unary: [UInt32: RequestID] = [:]
    /// The messages of each streaming one.
    var streams: [UInt32: MessageRow] = [:]
    /// Reloads that were asked for and are not done.
    var reloads: Set<UInt32> = []
    var parkedBytes = 0
    /// Of answers to stream messages that are not written yet.
    var heldBytes = 0
    /// Those and what is unsent are as much as it may have: until that is less it is not read, and
    /// nothing of it that is parked is queued.
    var isFull = false
    /// Streams whose next answer waits for what is unsent alone: who waits longest comes first.
    var stalled: [UInt32] = []
    /// It stands in the row of those that wait for room.
    var isParked = false
    /// The stream whose parked messages found room last: the one after it tries next.
    var lastResumed: UInt32 = 0
    /// Input that the exchange has counted against the bound on all connections together.
    var countedInput = 0
    /// The earliest timer that was set for it.
    var timer = Instant.distantFuture
    /// The last turn in which it did something, and how much.
    var turn = 0
    var effectsInTurn = 0

    init(connection: Connection, peer: PeerCredentials) {
        self.connection = connection
        self.peer = peer
    }

    /// Streams that have no answer yet.
    var unanswered: [UInt32] { Array(unary.keys) + Array(streams.keys) + Array(reloads) }

    /// It has messages for which room in the queue is all that is missing.
    var waitsForRoom: Bool { parkedBytes > 0 && !isFull }
}

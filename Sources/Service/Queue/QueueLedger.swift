// What the queue holds: texts, bytes and estimated work, in all, by user and by connection.
//
// Invariant: what is held is released once, by the same amounts; a user or a connection that holds
// no text is forgotten. It refuses nothing: the bounds are `Batcher.admit`'s.

struct QueueLedger: Sendable {
    struct Share: Sendable {
        var texts = 0
        var bytes = 0
        /// Estimated nanoseconds of computing, by class.
        var costs = SIMD2<UInt64>()
    }

    struct Account: Sendable {
        var all = Share()
        var connections: [UInt64: Share] = [:]
    }

    private(set) var texts = 0
    private(set) var bytes = 0
    var readyTokens = 0
    private(set) var users: [UInt32: Account] = [:]

    mutating func hold(_ claim: Claim, texts: Int, bytes: Int, cost: UInt64) {
        self.texts += texts
        self.bytes += bytes
        users[claim.user, default: Account()].hold(claim, texts: texts, bytes: bytes, cost: cost)
    }

    mutating func release(_ claim: Claim, texts: Int, bytes: Int, cost: UInt64) {
        self.texts -= texts
        self.bytes -= bytes
        users[claim.user]?.release(claim, texts: texts, bytes: bytes, cost: cost)
        if users[claim.user]?.all.texts == 0 { users[claim.user] = nil }
    }
}

extension QueueLedger.Account {
    mutating func hold(_ claim: Claim, texts: Int, bytes: Int, cost: UInt64) {
        all.change(texts, bytes, claim.workClass, &+, cost)
        connections[claim.connection, default: QueueLedger.Share()]
            .change(texts, bytes, claim.workClass, &+, cost)
    }

    mutating func release(_ claim: Claim, texts: Int, bytes: Int, cost: UInt64) {
        all.change(-texts, -bytes, claim.workClass, &-, cost)
        connections[claim.connection]?.change(-texts, -bytes, claim.workClass, &-, cost)
        if connections[claim.connection]?.texts == 0 { connections[claim.connection] = nil }
    }
}

extension QueueLedger.Share {
    fileprivate mutating func change(
        _ texts: Int, _ bytes: Int, _ workClass: WorkClass,
        _ step: (UInt64, UInt64) -> UInt64, _ cost: UInt64
    ) {
        self.texts += texts
        self.bytes += bytes
        costs[workClass.rawValue] = step(costs[workClass.rawValue], cost)
    }
}

/// As Status tells them.
package struct QueueFigures: Sendable, Equatable {
    package let texts: Int
    package let bytes: Int
    package let tokens: Int
    package let runningTexts: Int
    package let tokensPerSecond: Double
}

// Choices at one instant, while nothing comes: who is next, and who is next after that.
//
// Users contend with users, and the flows of each with each other. It says in heaps what the head
// of `FairQueue` says in words. Invariant: it knows all flows as they are, but for the winner,
// which may have been served and not yet settled.

internal import Syscalls

struct FairRound: Sendable {
    /// The order of flows, and with it that of one user's.
    struct FlowRank: Comparable, Sendable {
        let urgency: Instant
        let time: UInt64
        let request: RequestID

        static func < (left: FlowRank, right: FlowRank) -> Bool {
            if left.urgency != right.urgency { return left.urgency < right.urgency }
            if left.time != right.time { return left.time < right.time }
            return left.request < right.request
        }
    }

    /// A user is as urgent as the best of its flows.
    struct UserRank: Comparable, Sendable {
        let time: UInt64
        let flow: FlowRank

        static func < (left: UserRank, right: UserRank) -> Bool {
            if left.flow.urgency != right.flow.urgency {
                return left.flow.urgency < right.flow.urgency
            }
            return left.time == right.time ? left.flow < right.flow : left.time < right.time
        }
    }

    /// A flow that takes part.
    struct Entrant: Sendable {
        let key: FairQueue.FlowKey
        let time: UInt64
        let rank: FlowRank
    }

    /// A user who takes part.
    struct Member: Sendable {
        let userPlace: Int
        let time: UInt64
        let keys: [FairQueue.FlowKey]
        var flows: Contest<FlowRank>

        /// - Parameter entrants: at least one.
        init(userPlace: Int, time: UInt64, entrants: [Entrant], slack: UInt64) {
            self.userPlace = userPlace
            self.time = time
            keys = entrants.map(\.key)
            flows = Contest(entrants.map { ($0.time, $0.rank) }, slack: slack)
        }
    }

    let batchKey: BatchKey?
    let now: Instant
    private var members: [Member]
    private var users: Contest<UserRank>

    /// - Parameter members: at least one.
    init(batchKey: BatchKey?, now: Instant, members: [Member], slack: UInt64) {
        self.batchKey = batchKey
        self.now = now
        self.members = members
        users = Contest(
            members.map { ($0.time, UserRank(time: $0.time, flow: $0.flows.winner!.rank)) },
            slack: slack)
    }

    /// nil: all were served.
    var winner: (request: RequestID, key: FairQueue.FlowKey, userPlace: Int)? {
        guard let (place, rank) = users.winner, let flow = members[place].flows.winner
        else { return nil }
        return (rank.flow.request, members[place].keys[flow.contestant], members[place].userPlace)
    }

    /// The winner was served.
    /// - Parameters:
    ///   - flow: its flow as it is now; nil: it has ended.
    ///   - userTime: its user's.
    mutating func settle(_ flow: Entrant?, userTime: UInt64) {
        guard let place = users.winner?.contestant else { return }
        members[place].flows.change(flow.map { ($0.time, $0.rank) })
        users.change(
            members[place].flows.winner.map {
                (userTime, UserRank(time: userTime, flow: $0.rank))
            })
    }
}

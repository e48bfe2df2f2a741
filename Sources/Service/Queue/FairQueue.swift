// The order among waiting requests of one class: deadline first, then fair, within bounds that keep
// either from starving the other.
//
// Work waits in flows: what one connection of one user wants of one batch key. Users have virtual
// time: it advances by the tokens they were served, and a user who comes back after a pause starts
// at the time of whoever is served then (start-time fair queueing), so idling saves nothing up. The
// same holds among the flows of one user.
//
//     user A   t=4096   flow 7  [r12, r15]      eligible are users at most `slack` tokens ahead of
//                       flow 9  [r13]           the one served least, and of their flows likewise;
//     user B   t=3900   flow 4  [r14]           among the eligible: earliest deadline, then least
//                                               served, then first come
//
// So a deadline counts, but buys nobody more than `slack` tokens beyond a fair share. One that has
// waited past its patience counts as one whose deadline is that past moment.
//
// Texts are chosen for one batch after another, each at one instant and, after its first text, of
// one batch key. So the choices of a batch are a round: whoever is served in it only falls behind.
//
// It knows requests by name only: what they hold is the batcher's.

internal import Syscalls

struct FairQueue: Sendable {
    struct FlowKey: Hashable, Sendable {
        let batchKey: BatchKey
        let user: UInt32
        let connection: UInt64
    }

    struct Entry: Sendable {
        let request: RequestID
        let deadline: Instant
        /// From then on it goes before all deadlines that are still to come.
        let patience: Instant
    }

    struct Flow: Sendable {
        let key: FlowKey
        let userPlace: Int
        /// Tokens served, counted from where the flow began.
        var time: UInt64
        /// By deadline, then by name.
        var byDeadline: [Entry]
        /// By name, which is the order of arrival.
        var byArrival: [Entry]
    }

    private struct User: Sendable {
        var time: UInt64
        var flowCount = 0
        /// The time of the user's flow that was served last: where a new flow begins.
        var flowNow: UInt64 = 0
    }

    private let slack: UInt64
    private var flows: [Flow] = []
    private var places: [FlowKey: Int] = [:]
    private var users: [User] = []
    private var userPlaces: [UInt32: Int] = [:]
    /// The time of the user who was served last: where one who comes back begins.
    private var virtualNow: UInt64 = 0
    /// The choices since anything came.
    private var round: FairRound?
    /// The last one chosen was served since, or has left.
    private var roundIsStale = false

    /// - Parameter slack: tokens that one may be ahead of a fair share.
    init(slack: Int) { self.slack = UInt64(slack) }

    var isEmpty: Bool { flows.isEmpty }

    // MARK: Coming and going

    mutating func insert(_ entry: Entry, _ key: FlowKey) {
        endRound()
        let place = places[key] ?? addFlow(key)
        flows[place].byDeadline.insert(
            entry, at: flows[place].byDeadline.lengthOfPrefix { $0.precedes(entry) })
        flows[place].byArrival.insert(
            entry, at: flows[place].byArrival.lengthOfPrefix { $0.request < entry.request })
    }

    mutating func remove(_ request: RequestID, _ key: FlowKey) {
        guard let place = places[key] else { return }
        touch(key)
        flows[place].byDeadline.removeAll { $0.request == request }
        flows[place].byArrival.removeAll { $0.request == request }
        if flows[place].byArrival.isEmpty { removeFlow(at: place) }
    }

    private mutating func addFlow(_ key: FlowKey) -> Int {
        let userPlace = userPlaces[key.user] ?? users.count
        if userPlace == users.count {
            users.append(User(time: virtualNow))
            userPlaces[key.user] = userPlace
        }
        if users[userPlace].flowCount == 0 {
            users[userPlace].time = max(users[userPlace].time, virtualNow)
        }
        users[userPlace].flowCount += 1
        places[key] = flows.count
        flows.append(
            Flow(
                key: key, userPlace: userPlace, time: users[userPlace].flowNow, byDeadline: [],
                byArrival: []))
        return flows.count - 1
    }

    private mutating func removeFlow(at place: Int) {
        users[flows[place].userPlace].flowCount -= 1
        places[flows[place].key] = nil
        let last = flows.removeLast()
        if place < flows.count {
            flows[place] = last
            places[last.key] = place
        }
        guard flows.isEmpty else { return }
        // Nobody waits, so nobody is ahead of anybody.
        endRound()
        users.removeAll(keepingCapacity: true)
        userPlaces.removeAll(keepingCapacity: true)
        virtualNow = 0
    }

    // MARK: Choosing

    /// Whose turn it is, among all flows or those of one batch key. While nothing happens between
    /// two calls but that the one chosen is served, the second costs a logarithm.
    mutating func best(
        in batchKey: BatchKey?, now: Instant
    ) -> (request: RequestID, key: FlowKey)? {
        if let round, round.batchKey == batchKey, round.now == now {
            settleRound()
        } else {
            beginRound(in: batchKey, now: now)
        }
        return round?.winner.map { ($0.request, $0.key) }
    }

    private mutating func beginRound(in batchKey: BatchKey?, now: Instant) {
        roundIsStale = false
        var entrants: [[FairRound.Entrant]] = Array(repeating: [], count: users.count)
        for flow in flows where batchKey == nil || flow.key.batchKey == batchKey {
            entrants[flow.userPlace].append(flow.entrant(now))
        }
        let members = users.indices.filter { !entrants[$0].isEmpty }.map { place in
            FairRound.Member(
                userPlace: place, time: users[place].time, entrants: entrants[place], slack: slack)
        }
        round =
            members.isEmpty
            ? nil : FairRound(batchKey: batchKey, now: now, members: members, slack: slack)
    }

    /// Has the winner that was served take part again, as it is now.
    private mutating func settleRound() {
        guard roundIsStale, let winner = round?.winner else { return }
        roundIsStale = false
        let flow = places[winner.key].map { flows[$0].entrant(round!.now) }
        round!.settle(flow, userTime: users[winner.userPlace].time)
    }

    /// Something happened to a flow.
    private mutating func touch(_ key: FlowKey) {
        if round?.winner?.key == key { roundIsStale = true } else { endRound() }
    }

    private mutating func endRound() { (round, roundIsStale) = (nil, false) }

    /// Notes that a flow was served so many tokens.
    mutating func charge(_ key: FlowKey, tokens: Int) {
        guard let place = places[key] else { return }
        touch(key)
        let userPlace = flows[place].userPlace
        virtualNow = max(virtualNow, users[userPlace].time)
        users[userPlace].flowNow = max(users[userPlace].flowNow, flows[place].time)
        users[userPlace].time += UInt64(tokens)
        flows[place].time += UInt64(tokens)
    }

    /// A request whose deadline has passed; nil when there is none.
    func firstExpired(now: Instant) -> RequestID? {
        flows.lazy.compactMap { $0.byDeadline.first }.first { $0.deadline <= now }?.request
    }

    /// The arrival that has waited longest, by name.
    var oldest: RequestID? { flows.lazy.compactMap { $0.byArrival.first?.request }.min() }
}

extension FairQueue.Flow {
    /// The one to serve next: out of patience, else the earliest deadline.
    func head(_ now: Instant) -> FairQueue.Entry {
        byArrival[0].patience <= now ? byArrival[0] : byDeadline[0]
    }

    func entrant(_ now: Instant) -> FairRound.Entrant {
        let entry = head(now)
        return FairRound.Entrant(
            key: key, time: time,
            rank: FairRound.FlowRank(
                urgency: entry.urgency(now), time: time, request: entry.request))
    }
}

extension FairQueue.Entry {
    init(_ claim: Claim, _ limits: ServiceLimits) {
        request = claim.request
        deadline = claim.deadline
        patience = claim.arrival.advanced(
            by: claim.workClass == .interactive ? limits.interactivePatience : limits.bulkPatience)
    }

    func precedes(_ other: FairQueue.Entry) -> Bool {
        deadline == other.deadline ? request < other.request : deadline < other.deadline
    }

    func urgency(_ now: Instant) -> Instant { patience <= now ? min(patience, deadline) : deadline }
}

extension Array {
    /// How many elements, all at the front, satisfy the predicate: where the next one belongs.
    func lengthOfPrefix(_ isBefore: (Element) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if isBefore(self[middle]) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

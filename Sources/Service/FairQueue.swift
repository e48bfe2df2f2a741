// The order among waiting requests of one class: deadline first, then fair, within bounds that keep
// either from starving the other.
//
// Work waits in flows: what one connection of one user wants of one lane. Users have virtual time:
// it advances by the tokens they were served, and a user who comes back after a pause starts at the
// time of whoever is served then (start-time fair queueing), so idling saves nothing up. The same
// holds among the flows of one user.
//
//     user A   t=4096   flow 7  [r12, r15]      eligible are users at most `slack` tokens ahead of
//                       flow 9  [r13]           the one served least, and of their flows likewise;
//     user B   t=3900   flow 4  [r14]           among the eligible: earliest deadline, then least
//                                               served, then first come
//
// So a deadline counts, but buys nobody more than `slack` tokens beyond a fair share. One that has
// waited past its patience counts as one whose deadline is that past moment.
//
// It knows requests by name only: what they hold is the batcher's.

internal import Syscalls

struct FairQueue: Sendable {
    struct FlowKey: Hashable, Sendable {
        let lane: Lane
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
        /// Least time of the user's eligible flows, during one choice.
        var flowFloor: UInt64 = 0
    }

    private let slack: UInt64
    private var flows: [Flow] = []
    private var places: [FlowKey: Int] = [:]
    private var users: [User] = []
    private var userPlaces: [UInt32: Int] = [:]
    /// The time of the user who was served last: where one who comes back begins.
    private var virtualNow: UInt64 = 0

    /// - Parameter slack: tokens that one may be ahead of a fair share.
    init(slack: Int) { self.slack = UInt64(slack) }

    var isEmpty: Bool { flows.isEmpty }

    // MARK: Coming and going

    mutating func insert(_ entry: Entry, _ key: FlowKey) {
        let place = places[key] ?? addFlow(key)
        flows[place].byDeadline.insert(
            entry, at: flows[place].byDeadline.lengthOfPrefix { $0.precedes(entry) })
        flows[place].byArrival.insert(
            entry, at: flows[place].byArrival.lengthOfPrefix { $0.request < entry.request })
    }

    mutating func remove(_ request: RequestID, _ key: FlowKey) {
        guard let place = places[key] else { return }
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
        users.removeAll(keepingCapacity: true)
        userPlaces.removeAll(keepingCapacity: true)
        virtualNow = 0
    }

    // MARK: Choosing

    /// Whose turn it is, among all flows or those of one lane.
    mutating func best(in lane: Lane?, now: Instant) -> (request: RequestID, key: FlowKey)? {
        let userFloor = findFloors(in: lane)
        var best: (entry: Entry, urgency: Instant, place: Int)?
        for place in flows.indices where lane == nil || flows[place].key.lane == lane {
            let user = users[flows[place].userPlace]
            guard user.time <= userFloor + slack, flows[place].time <= user.flowFloor + slack
            else { continue }
            let entry = flows[place].head(now)
            let urgency = entry.urgency(now)
            if let best, !isBefore((entry, urgency, place), best) { continue }
            best = (entry, urgency, place)
        }
        return best.map { ($0.entry.request, flows[$0.place].key) }
    }

    /// Notes the least time of users, and of each user's flows, among the flows of the lane.
    private mutating func findFloors(in lane: Lane?) -> UInt64 {
        for place in users.indices { users[place].flowFloor = .max }
        var userFloor = UInt64.max
        for flow in flows where lane == nil || flow.key.lane == lane {
            userFloor = min(userFloor, users[flow.userPlace].time)
            users[flow.userPlace].flowFloor = min(users[flow.userPlace].flowFloor, flow.time)
        }
        return userFloor == .max ? 0 : userFloor
    }

    private typealias Candidate = (entry: Entry, urgency: Instant, place: Int)

    private func isBefore(_ left: Candidate, _ right: Candidate) -> Bool {
        if left.urgency != right.urgency { return left.urgency < right.urgency }
        let leftUser = users[flows[left.place].userPlace].time
        let rightUser = users[flows[right.place].userPlace].time
        if leftUser != rightUser { return leftUser < rightUser }
        let (leftTime, rightTime) = (flows[left.place].time, flows[right.place].time)
        if leftTime != rightTime { return leftTime < rightTime }
        return left.entry.request < right.entry.request
    }

    /// Notes that a flow was served so many tokens.
    mutating func charge(_ key: FlowKey, tokens: Int) {
        guard let place = places[key] else { return }
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
}

extension FairQueue.Entry {
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

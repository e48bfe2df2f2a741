// Who is next among contestants, each with a time and a rank: the least rank among those who are at
// most `slack` ahead of the least time.
//
//     time   100 ── 140 ── 150 ─────┊── 180 ── 300       eligible by rank, behind by time
//            least              + slack
//
// Only the winner ever changes, and its time only grows. So the least time grows too, and whoever
// is eligible stays it: each choice costs the logarithm of their number.

struct Contest<Rank: Comparable & Sendable>: Sendable {
    private struct Timed: Comparable, Sendable {
        let time: UInt64
        let contestant: Int

        static func < (left: Timed, right: Timed) -> Bool { left.time < right.time }
    }

    private struct Ranked: Comparable, Sendable {
        let rank: Rank
        let contestant: Int

        static func < (left: Ranked, right: Ranked) -> Bool { left.rank < right.rank }
    }

    private let slack: UInt64
    /// By contestant; nil: it has left.
    private var contestants: [(time: UInt64, rank: Rank)?]
    /// All of them, and times that they no longer have.
    private var times: Heap<Timed>
    /// Those who are too far ahead.
    private var ahead = Heap<Timed>()
    private var eligible: Heap<Ranked>

    /// - Parameter contestants: at least one; known by their places from then on.
    init(_ contestants: [(time: UInt64, rank: Rank)], slack: UInt64) {
        self.slack = slack
        self.contestants = contestants
        let timed = contestants.enumerated().map { Timed(time: $1.time, contestant: $0) }
        let limit = timed.min()!.time + slack
        times = Heap(timed)
        ahead = Heap(timed.filter { $0.time > limit })
        eligible = Heap(
            timed.filter { $0.time <= limit }.map {
                Ranked(rank: contestants[$0.contestant].rank, contestant: $0.contestant)
            })
    }

    /// nil: all have left.
    var winner: (contestant: Int, rank: Rank)? {
        eligible.first.map { ($0.contestant, $0.rank) }
    }

    /// The winner goes on with another time, at least its last, and another rank; nil: it leaves.
    mutating func change(_ new: (time: UInt64, rank: Rank)?) {
        guard let contestant = eligible.pop()?.contestant else { return }
        contestants[contestant] = new
        if let new {
            times.push(Timed(time: new.time, contestant: contestant))
            ahead.push(Timed(time: new.time, contestant: contestant))
        }
        while let least = times.first, contestants[least.contestant]?.time != least.time {
            times.pop()
        }
        guard let limit = times.first.map({ $0.time + slack }) else { return }
        while let next = ahead.first, next.time <= limit {
            ahead.pop()
            let rank = contestants[next.contestant]!.rank
            eligible.push(Ranked(rank: rank, contestant: next.contestant))
        }
    }
}

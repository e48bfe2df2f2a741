// The load generator: one thread that waits in one place, for the next request's instant, for
// answers, and for Ctrl-C.
//
//     schedule --due--> pool --frame--> connection --> daemon --> connection --glance--> figures
//         ^                                                                        |
//         '------------------------- closed loop: the next ------------------------'
//
//     |-- warm-up --|-- window 0 --|-- window 1 --|-- window 2 --| answers still out |
//
// Invariant: in an open loop requests are sent at their instants whatever the answers do. When this
// thread itself is late the lag is recorded, and the latency still counts from the instant.

import Randomness
import Syscalls
import TextRuns

struct RunFigures: Sendable {
    var lanes: [LaneFigures]
    /// Less than was planned where the run was stopped, and 0 in the warm-up.
    var measuredSeconds: Double
    /// Processor seconds of this program, and the seconds they were used in.
    var processorSeconds: Double
    var wallSeconds: Double
    var priority: SchedulingPriority
    /// The signal that ended it too early; nil: none did.
    var interruption: SignalQueue.Signal?
    var isInterrupted: Bool { interruption != nil }
}

final class LoadGenerator {
    private enum Key {
        static let alarm = UInt64.max
        static let signals = UInt64.max - 1
    }

    struct LaneState {
        var schedule: ArrivalSchedule
        let pool: RequestPool
        /// 0 in an open loop.
        let concurrency: Int
        var random: RandomSource
        var underWay = 0
        /// Until when those of a closed loop that were refused wait, in this order.
        var resting: [UInt64] = []

        /// Whether a closed loop has all it may have.
        mutating func isFull(at time: UInt64) -> Bool {
            while let first = resting.first, first <= time { resting.removeFirst() }
            return underWay + resting.count >= concurrency
        }
    }

    static let sweepEvery: UInt64 = 100_000_000
    static let watchEvery: UInt64 = 250_000_000
    /// Sends between two looks at the answers.
    static let sendsAtOnce = 256
    /// Before a closed loop asks again after a refusal: without it, it would be a flood.
    static let refusedPause: UInt64 = 20_000_000
    /// Beyond a request's deadline, for the daemon's own word on it.
    static let grace: UInt64 = 1_000_000_000

    let plan: BenchPlan
    let warmEnd: UInt64
    let measuredEnd: UInt64
    private let path: String
    private let events: EventSet
    private let alarm: AlarmClock
    private let signals: SignalQueue
    private var idle: [LoadConnection] = []
    private var begun = MonotonicClock.Instant.zero
    private var nextSweep = LoadGenerator.sweepEvery
    private var nextWatch = LoadGenerator.watchEvery
    private var interruption: SignalQueue.Signal?

    var connections: [LoadConnection?] = []
    var cursor = 0
    var lanes: [LaneState]
    var figures: [LaneFigures]
    /// Requests of the measured time that are under way.
    var awaited = 0

    /// Called a few times a second with the time, the figures so far and what is under way.
    var watch: ((UInt64, [LaneFigures], Int) -> Void)?

    init(_ plan: BenchPlan, pools: [RequestPool], path: String) throws(Failure) {
        self.plan = plan
        self.path = path
        do throws(Errno) {
            events = try EventSet()
            alarm = try AlarmClock()
            signals = try SignalQueue([.interrupt, .terminate])
        } catch { throw Failure(.operatingSystem, error.description) }
        lanes = zip(plan.lanes, pools).enumerated().map { index, pair in
            let seed = plan.seed &+ UInt64(index)
            let concurrency = if case .closed(let count) = pair.0.arrivals { count } else { 0 }
            return LaneState(
                schedule: ArrivalSchedule(pair.0.arrivals, seed: seed), pool: pair.1,
                concurrency: concurrency, random: RandomSource(seed: seed ^ 0x51A7))
        }
        figures = plan.lanes.map { _ in LaneFigures() }
        warmEnd = plan.warmUp.wholeNanoseconds
        measuredEnd = warmEnd + plan.measured.wholeNanoseconds
        try connect()
    }

    /// Nanoseconds since the start of the run.
    var now: UInt64 { MonotonicClock.now.since(begun) }

    /// The measured window of an instant; nil: before, or after.
    func window(of time: UInt64) -> Int? {
        guard time >= warmEnd, time < measuredEnd else { return nil }
        let share = Double(time - warmEnd) / Double(measuredEnd - warmEnd)
        return min(BenchPlan.windows - 1, Int(share * Double(BenchPlan.windows)))
    }

    func run() throws(Failure) -> RunFigures {
        let priority = SchedulingPriority.raise()
        let processor = MonotonicClock.processTime
        begun = MonotonicClock.now
        var ready: [EventSet.Event] = []
        let limit = measuredEnd + plan.timeout.wholeNanoseconds + Self.grace
        while interruption == nil {
            let isBehind = sendDue()
            let time = now
            if time >= nextSweep { sweep(time) }
            if time >= nextWatch { show(time) }
            if time >= measuredEnd, !isBehind, awaited == 0 || time >= limit { break }
            alarm.set(begun.advanced(by: nextWake(after: time)))
            do throws(Errno) {
                try events.wait(into: &ready, milliseconds: isBehind ? 0 : -1)
            } catch { throw Failure(.operatingSystem, error.description) }
            for event in ready { handle(event) }
        }
        // What was under way when it was stopped has not failed.
        if interruption == nil {
            for index in connections.indices { give(up: index, .noAnswer, before: .max) }
        }
        return RunFigures(
            lanes: figures, measuredSeconds: measuredSeconds,
            processorSeconds: Double(MonotonicClock.processTime - processor) / 1e9,
            wallSeconds: Double(now) / 1e9, priority: priority, interruption: interruption)
    }

    /// Of the measured time what has passed: all of it, unless the run was stopped.
    private var measuredSeconds: Double {
        let end = min(now, measuredEnd)
        return end > warmEnd ? Double(end - warmEnd) / 1e9 : 0
    }

    private func nextWake(after time: UInt64) -> UInt64 {
        var wake = nextSweep
        if watch != nil { wake = min(wake, nextWatch) }
        if time < measuredEnd {
            wake = min(wake, measuredEnd)
            for lane in lanes {
                for due in [lane.schedule.nextDue, lane.resting.first] {
                    if let due { wake = min(wake, due) }
                }
            }
        }
        return wake
    }

    private func handle(_ event: EventSet.Event) {
        switch event.key {
        case Key.alarm: alarm.clear()
        case Key.signals:
            interruption = signals.next() ?? interruption
        default:
            let index = Int(event.key)
            guard let connection = connections[index] else { return }
            if event.ready.contains(.writable), !connection.flush() { return lose(index) }
            guard !event.ready.isDisjoint(with: [.readable, .hangUp, .failure]) else { return }
            if !receive(from: connection) { lose(index) }
        }
    }

    private func show(_ time: UInt64) {
        nextWatch = time + Self.watchEvery
        watch?(time, figures, connections.reduce(0) { $0 + ($1?.underWay ?? 0) })
    }

    // MARK: - Connections

    private func connect() throws(Failure) {
        do throws(Errno) {
            try events.add(alarm.number, key: Key.alarm, interest: .readable)
            try events.add(signals.number, key: Key.signals, interest: .readable)
        } catch { throw Failure(.operatingSystem, error.description) }
        for index in 0..<plan.connections {
            connections.append(nil)
            try open(index)
        }
        for _ in 0..<plan.idleConnections { idle.append(try LoadConnection(path: path)) }
    }

    private func open(_ index: Int) throws(Failure) {
        let connection = try LoadConnection(path: path)
        do throws(Errno) {
            try events.add(
                connection.number, key: UInt64(index), interest: [.readable, .halfClosed])
        } catch { throw Failure(.operatingSystem, error.description) }
        connections[index] = connection
    }

    func lose(_ index: Int) {
        give(up: index, .connectionLost, before: .max)
        connections[index] = nil
    }

    /// What has no answer long after its deadline gets none; connections that were lost are sought.
    private func sweep(_ time: UInt64) {
        nextSweep = time + Self.sweepEvery
        let old = time.subtractingReportingOverflow(
            plan.timeout.wholeNanoseconds + Self.grace)
        for index in connections.indices {
            if connections[index] == nil {
                try? open(index)
            } else if !old.overflow {
                give(up: index, .noAnswer, before: old.partialValue)
            }
        }
    }

    /// Awaits room in the socket only while there is something to send.
    func expectRoom(_ index: Int, _ connection: LoadConnection, isFull: Bool) {
        let interest: EventSet.Interest =
            isFull ? [.readable, .halfClosed, .writable] : [.readable, .halfClosed]
        try? events.change(connection.number, key: UInt64(index), interest: interest)
    }
}

// The generator's two directions: requests that are due, and answers that came.

import Randomness
import Syscalls
import TextflixProtocol

extension LoadGenerator {
    /// Sends what is due; true: there may be more, look at the answers first.
    func sendDue() -> Bool {
        var sends = 0
        for index in lanes.indices {
            while sends < Self.sendsAtOnce {
                let time = now
                guard let scheduled = due(index, time) else { break }
                guard send(lane: index, scheduled: scheduled, now: time) else { break }
                sends += 1
            }
        }
        return sends == Self.sendsAtOnce
    }

    /// The instant that the lane's next request is due at, if that is now or past. An open loop's
    /// last ones are due also when the measured time ended before this thread could send them.
    private func due(_ index: Int, _ time: UInt64) -> UInt64? {
        guard let next = lanes[index].schedule.nextDue else {
            return time < measuredEnd && !lanes[index].isFull(at: time) ? time : nil
        }
        return next <= time && next < measuredEnd ? next : nil
    }

    /// - Returns: false when a closed loop cannot send now.
    private func send(lane: Int, scheduled: UInt64, now time: UInt64) -> Bool {
        let window = window(of: scheduled)
        guard let index = nextConnection(lane), let connection = connections[index] else {
            if lanes[lane].concurrency > 0 { return false }
            lanes[lane].schedule.advance()
            if let window {
                figures[lane].windows[window].offered += 1
                figures[lane].count(.notSent)
            }
            return true
        }
        lanes[lane].schedule.advance()
        let frame = lanes[lane].random.below(lanes[lane].pool.count)
        let slot = RequestSlot(lane: Int32(lane), scheduled: scheduled)
        let wasFull = connection.hasUnsent
        let isTaken = connection.queue(lanes[lane].pool, frame, slot)
        if let window {
            figures[lane].windows[window].offered += 1
            if lanes[lane].concurrency == 0 { figures[lane].lag.record(time - scheduled) }
            if isTaken { awaited += 1 } else { figures[lane].count(.notSent) }
        }
        guard isTaken else { return lanes[lane].concurrency == 0 }
        lanes[lane].underWay += 1
        if !connection.flush() {
            lose(index)
        } else if connection.hasUnsent != wasFull {
            expectRoom(index, connection, isFull: !wasFull)
        }
        return true
    }

    /// In turn; in a closed loop one that has not more than its share.
    private func nextConnection(_ lane: Int) -> Int? {
        let count = connections.count
        let concurrency = lanes.reduce(0) { $0 + $1.concurrency }
        let share = (concurrency + count - 1) / count
        var fallback: Int?
        for _ in 0..<count {
            cursor = cursor + 1 < count ? cursor + 1 : 0
            guard let connection = connections[cursor] else { continue }
            if lanes[lane].concurrency == 0 || connection.underWay < share { return cursor }
            fallback = cursor
        }
        return fallback
    }

    /// - Returns: false when the connection is over.
    func receive(from connection: LoadConnection) -> Bool {
        var time: UInt64 = 0
        return connection.receive { slot, body in
            if time == 0 { time = now }  // one clock reading for what came together
            finish(slot, body, time)
        }
    }

    /// Counts an answer under its lane, its window and its code, and lets a closed loop go on.
    private func finish(_ slot: RequestSlot, _ body: UnsafeRawBufferPointer, _ time: UInt64) {
        let lane = Int(slot.lane)
        lanes[lane].underWay -= 1
        guard let glance = ResponseGlance(body) else {
            count(slot) { $0.count(code: StatusCode.internal.rawValue) }
            return
        }
        let code = StatusCode(rawValue: glance.code)
        let latency = time - slot.scheduled
        let isRefusal = isRefusal(code, after: latency)
        if isRefusal, lanes[lane].concurrency > 0 {
            lanes[lane].resting.append(time + Self.refusedPause)
        }
        if glance.code == 0, let window = window(of: time) {
            figures[lane].windows[window].answered += 1
            figures[lane].windows[window].tokens += glance.tokens
        }
        // The window of the instant it was due at: a slow answer belongs to the load that made it.
        guard let window = window(of: slot.scheduled) else { return }
        awaited -= 1
        figures[lane].count(code: glance.code)
        figures[lane].failedTexts += glance.failedTexts
        if isRefusal { figures[lane].refusals.record(latency) }
        switch code {
        case .ok:
            let inDaemon = glance.queuedNanoseconds + glance.computeNanoseconds
            figures[lane].windows[window].latency.record(latency)
            figures[lane].queued.record(glance.queuedNanoseconds)
            figures[lane].computed.record(glance.computeNanoseconds)
            figures[lane].elsewhere.record(latency > inDaemon ? latency - inDaemon : 0)
            figures[lane].batchTexts.record(glance.batchTexts)
            if glance.texts > 0 {
                figures[lane].tokens.record(glance.tokens / UInt64(glance.texts))
            }
        case .deadlineExceeded where !isRefusal: figures[lane].expired += 1
        default: break
        }
    }

    /// A missed deadline is one before its time: the daemon foresaw that it would be late.
    private func isRefusal(_ code: StatusCode?, after latency: UInt64) -> Bool {
        switch code {
        case .resourceExhausted, .unavailable: true
        case .deadlineExceeded: latency < plan.timeout.wholeNanoseconds
        default: false
        }
    }

    /// Ends what was scheduled on a connection before an instant, without an answer.
    func give(up index: Int, _ fate: LaneFigures.Fate, before limit: UInt64) {
        connections[index]?.expire(before: limit) { slot in
            lanes[Int(slot.lane)].underWay -= 1
            count(slot) { $0.count(fate) }
        }
    }

    /// A request of the measured time that ended without a good answer.
    private func count(_ slot: RequestSlot, _ body: (inout LaneFigures) -> Void) {
        guard window(of: slot.scheduled) != nil else { return }
        awaited -= 1
        body(&figures[Int(slot.lane)])
    }
}

// What the service manager hears: readiness, reloads, progress, and signs of life.
//
// Without a service manager every call does nothing. A status line goes out at most once a second.
// The watchdog is fed only while every thread that has work moves: a thread that hangs is found by
// the sign of life that does not come.

internal import CSystemd
internal import Syscalls

package final class Notifier {
    private let pulses: [Pulse]
    private var lastReadings: [UInt64?]
    /// Half of what the service manager allows between two signs of life; nil: it wants none.
    private let watchdogInterval: UInt64?
    private var nextFeeding = Instant.distantFuture
    private var lastStatus = ""
    private var nextStatus = Instant.zero

    package init(pulses: [Pulse], now: Instant) {
        self.pulses = pulses
        lastReadings = pulses.map { _ in nil }
        var microseconds: UInt64 = 0
        let isWanted = sd_watchdog_enabled(0, &microseconds) > 0
        watchdogInterval = isWanted ? microseconds * 1000 / 2 : nil
        if let watchdogInterval { nextFeeding = now.advanced(by: watchdogInterval) }
    }

    package func ready(_ status: String) { send("READY=1\nSTATUS=\(status)") }

    /// Both in one datagram: the time tells the manager which reload is meant.
    package func reloading() {
        send("RELOADING=1\nMONOTONIC_USEC=\(MonotonicClock.now.nanoseconds / 1000)")
    }

    package func stopping(within time: Duration) {
        send("STOPPING=1\nEXTEND_TIMEOUT_USEC=\(time.wholeNanoseconds / 1000)")
    }

    /// Progress while loading: the manager shows it and waits longer.
    package func progress(_ status: String, now: Instant) {
        guard !status.isEmpty, status != lastStatus, now >= nextStatus else { return }
        lastStatus = status
        nextStatus = now.advanced(by: .seconds(1))
        send("STATUS=\(status)\nEXTEND_TIMEOUT_USEC=\(30_000_000)")
    }

    /// When `feed` is due.
    package var nextTimer: Instant { nextFeeding }

    /// Gives a sign of life if all threads moved since the last one, or rest.
    package func feed(now: Instant) {
        guard let watchdogInterval, now >= nextFeeding else { return }
        nextFeeding = now.advanced(by: watchdogInterval)
        let readings = pulses.map(\.reading)
        let allMove = zip(readings, lastReadings).allSatisfy { $0 == nil || $0 != $1 }
        lastReadings = readings
        if allMove { send("WATCHDOG=1") }
    }

    private func send(_ text: String) { _ = sd_notify(0, text) }
}

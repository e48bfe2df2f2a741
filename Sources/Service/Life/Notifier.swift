// What the service manager hears: readiness, reloads, progress, and signs of life.
//
// Without a service manager every call does nothing. A status line goes out at most once a second;
// how long the manager is asked to wait for a load, `LoadPatience` decides.
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
    private var patience = LoadPatience()
    /// From the end of the time to stop to the end of the process: its threads may take two seconds
    /// each to return (see Pipeline).
    private static let timeToEnd = Duration.seconds(10)

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

    /// Longer by a little than the daemon means to take: it gives up by itself, and is not killed.
    package func stopping(within time: Duration) {
        send("STOPPING=1\n\(Self.more(time + Self.timeToEnd))")
    }

    /// To be called again and again: the manager shows how far a load is, and waits longer.
    /// - Parameter progress: nil: nothing is loaded.
    package func follow(load progress: String?, now: Instant) {
        guard let progress else {
            lastStatus = ""
            return patience.rest()
        }
        patience.begin(now: now, .ofThisProcess)
        let isNews = !progress.isEmpty && progress != lastStatus && now >= nextStatus
        if isNews {
            lastStatus = progress
            nextStatus = now.advanced(by: .seconds(1))
        }
        guard patience.look(now: now, .ofThisProcess) || isNews else { return }
        let more = patience.lasts(at: now) ? "\n\(Self.more(LoadPatience.grace))" : ""
        send("STATUS=\(lastStatus)\(more)")
    }

    private static func more(_ time: Duration) -> String {
        "EXTEND_TIMEOUT_USEC=\(time.wholeNanoseconds / 1000)"
    }

    /// When `feed` or `follow` is due.
    package var nextTimer: Instant { min(nextFeeding, patience.nextLook) }

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

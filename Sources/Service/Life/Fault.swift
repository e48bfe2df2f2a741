// Faults made on purpose, so that tests can see what the daemon does about them.
//
// Set only by the environment, `TEXTFLIX_FAULT`: `hang` stops the engine for ever at its first
// batch (what a watchdog is for), `slow=MILLISECONDS` sleeps after every layer (a model of any
// speed on any machine). Anything else is refused at start. No flag and no file can set it.

internal import Syscalls

package enum Fault: Sendable, Equatable {
    case none
    case hang
    case slow(milliseconds: UInt64)

    /// - Returns: nil when the word is no fault.
    package init?(word: String?) {
        guard let word else {
            self = .none
            return
        }
        let parts = word.split(separator: "=", maxSplits: 1)
        switch parts.first {
        case "hang" where parts.count == 1: self = .hang
        case "slow" where parts.count == 2:
            guard let milliseconds = UInt64(parts[1]), milliseconds <= 60_000 else { return nil }
            self = .slow(milliseconds: milliseconds)
        default: return nil
        }
    }

    func beforeBatch() {
        while self == .hang { MonotonicClock.sleep(nanoseconds: 1_000_000_000) }
    }

    func afterLayer() {
        if case .slow(let milliseconds) = self {
            MonotonicClock.sleep(nanoseconds: milliseconds * 1_000_000)
        }
    }
}

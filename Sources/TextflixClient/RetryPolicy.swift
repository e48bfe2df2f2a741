// When to try again: exponential pauses with jitter, never sooner than the daemon asked.
//
// Jitter comes from a small generator seeded by the caller, so that a test sees the same pauses
// each time and a thousand clients do not return in the same millisecond.

public struct RetryPolicy: Sendable, Equatable {
    /// The pause after the first failure; it doubles from there.
    public var firstPause: Duration
    public var longestPause: Duration
    /// How long a request without a deadline is tried, and a lost connection sought.
    public var patience: Duration

    public init(
        firstPause: Duration = .milliseconds(20), longestPause: Duration = .seconds(2),
        patience: Duration = .seconds(30)
    ) {
        self.firstPause = firstPause
        self.longestPause = longestPause
        self.patience = patience
    }

    /// Every failure is reported at once.
    public static let never = RetryPolicy(patience: .zero)

    /// The pause before the next attempt.
    /// - Parameters:
    ///   - attempt: how many have failed, from 1.
    ///   - asked: what the daemon asked for (RetryInfo), a lower bound.
    ///   - jitter: uniform in 0..<1.
    func pause(after attempt: Int, asked: Duration?, jitter: Double) -> Duration {
        let doubled = firstPause * (1 << min(attempt - 1, 20))
        let pause = min(doubled, longestPause)
        // From half the pause to the whole: spread, but never a burst at zero.
        return max(asked ?? .zero, .zero) + pause * (0.5 + 0.5 * jitter)
    }
}

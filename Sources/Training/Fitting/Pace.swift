// How fast the last updates went: what is shown of speed and of the time left. A run that goes on
// after hours of pause, or beside other work, is judged by what it does now. It is not kept in a
// checkpoint.

struct Pace {
    /// Sums over the updates so far, each worth less by this factor an update later.
    private static let memory = 0.95
    private var updates = 0.0
    private var tokens = 0.0
    private var seconds = 0.0

    mutating func record(tokens: Int, seconds: Double) {
        updates = updates * Self.memory + 1
        self.tokens = self.tokens * Self.memory + Double(tokens)
        self.seconds = self.seconds * Self.memory + seconds
    }

    var tokensPerSecond: Double { tokens / max(seconds, 1e-9) }
    var secondsPerUpdate: Double { seconds / max(updates, 1) }
}

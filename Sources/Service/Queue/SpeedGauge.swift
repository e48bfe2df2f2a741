// How fast each model computes, measured batch by batch.
//
// Nanoseconds over tokens, both summed with forgetting, so a tiny batch, which is all overhead,
// counts for little. A model's first batch touches its memory for the first time and is left out.

struct SpeedGauge: Sendable {
    private struct Sums: Sendable {
        /// When it was measured last, counted in measurements.
        var noted: UInt64 = 0
        var isWarm = false
        var nanoseconds = 0.0
        var tokens = 0.0
    }

    private var models: [UInt32: Sums] = [:]
    private var measurements: UInt64 = 0
    private(set) var latest = 0.0

    /// Tokens after which the past counts half: two of the default batches.
    private static let halfLife = 4096.0
    /// Far more than are served at once; each reload brings new numbers.
    static let mostModels = 1024

    mutating func note(tokens: Int, nanoseconds: UInt64, model: UInt32) {
        guard tokens > 0, nanoseconds > 0 else { return }
        if models[model] == nil, models.count >= Self.mostModels { forgetStalest() }
        measurements += 1
        var sums = models[model] ?? Sums()
        sums.noted = measurements
        if sums.isWarm {
            let kept = Self.halfLife / (Self.halfLife + Double(tokens))
            sums.nanoseconds = sums.nanoseconds * kept + Double(nanoseconds)
            sums.tokens = sums.tokens * kept + Double(tokens)
            latest = sums.tokens / sums.nanoseconds * 1e9
        }
        sums.isWarm = true
        models[model] = sums
    }

    private mutating func forgetStalest() {
        guard let stalest = models.min(by: { $0.value.noted < $1.value.noted }) else { return }
        models[stalest.key] = nil
    }

    /// Nanoseconds for so many tokens; 0 while nothing is known.
    func cost(tokens: Int, model: UInt32) -> UInt64 {
        guard let sums = models[model], sums.tokens > 0 else { return 0 }
        return UInt64(sums.nanoseconds / sums.tokens * Double(tokens))
    }
}

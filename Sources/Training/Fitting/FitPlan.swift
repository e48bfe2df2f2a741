// What a fit learns, from which settings, and where its checkpoint is.

package struct FitPlan {
    package let name: String
    package let lesson: any Lesson
    /// Held-out texts and their labels; none: no evaluation, and the last weights count.
    package let heldOut: (tokens: TextTokens, truths: [Int])?
    package let settings: FitSettings
    package let seed: UInt64
    package let checkpoint: Checkpoint
    package let checkpointSeconds: Double

    package init(
        name: String, lesson: any Lesson, heldOut: (tokens: TextTokens, truths: [Int])?,
        settings: FitSettings, seed: UInt64, checkpoint: Checkpoint, checkpointSeconds: Double
    ) {
        self.name = name
        self.lesson = lesson
        self.heldOut = heldOut
        self.settings = settings
        self.seed = seed
        self.checkpoint = checkpoint
        self.checkpointSeconds = checkpointSeconds
    }
}

// The threads that do the work, as one thing to the exchange: tokenise, explain, batch, compute.
//
// Invariant: all threads are started together and stopped together; between the two, whatever is
// submitted either comes back through the mailbox or was cancelled. A thread that hangs is left
// behind after a moment: the process ends without it.

package import Syscalls

package final class Pipeline: WorkSink {
    private let scheduler: Scheduler
    private let tokenising: TokenisingThread
    private let explaining: ExplanationThread
    private let engine: EngineThread
    /// Signs of life, for the watchdog.
    package let pulses: [Pulse]

    /// - Parameter makeEngine: called once, on the engine thread.
    package init(
        limits: ServiceLimits, mailbox: Mailbox, fault: Fault = .none,
        makeEngine: @escaping @Sendable () throws -> any ComputeEngine
    ) {
        let (tokenPulse, explainPulse, enginePulse) = (Pulse(), Pulse(), Pulse())
        pulses = [tokenPulse, explainPulse, enginePulse]
        scheduler = Scheduler(limits: limits)
        tokenising = TokenisingThread(
            scheduler: scheduler, mailbox: mailbox, pulse: tokenPulse, limits: limits)
        explaining = ExplanationThread(
            limits: limits, scheduler: scheduler, mailbox: mailbox, pulse: explainPulse)
        engine = EngineThread(
            scheduler: scheduler, mailbox: mailbox, pulse: enginePulse, fault: fault,
            makeEngine: makeEngine)
    }

    /// How long a stopped thread may take to return: the rest of one layer, generously.
    private static let patience: UInt64 = 2_000_000_000

    /// Starts the threads, lets `body` run beside them, and stops them.
    package func whileRunning<Value>(_ body: () throws(Errno) -> Value) throws(Errno) -> Value {
        try tokenising.start()
        try explaining.start()
        try engine.start()
        let outcome = Result { () throws(Errno) in try body() }
        tokenising.stop()
        explaining.stop()
        scheduler.stop()
        for pulse in pulses { pulse.waitForEnd(nanoseconds: Self.patience) }
        return try outcome.get()
    }

    package var queue: QueueFigures { scheduler.figures }

    package func admit(_ claim: Claim, now: Instant) throws(Refusal) {
        try scheduler.admit(claim, now: now)
    }

    package func tokenise(_ task: TokenisingTask) { tokenising.submit(task) }

    package func explain(_ task: ExplanationTask) { explaining.begin(task) }

    package func deliver(_ outcomes: [TextOutcome]) { explaining.deliver(outcomes) }

    package func cancel(_ request: RequestID) {
        scheduler.cancel(request)
        explaining.drop(request)
    }
}

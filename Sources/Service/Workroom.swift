// The threads that do the work, as one thing to the exchange: tokenise, batch, compute.
//
// Invariant: all threads are started together and joined together; between the two, whatever is
// submitted either comes back through the mailbox or was cancelled.

package import Syscalls

package final class Workroom: WorkSink {
    private let scheduler: Scheduler
    private let tokenising: TokenisingThread
    private let engine: EngineThread
    /// Signs of life, for the watchdog.
    package let pulses: [Pulse]

    /// - Parameter makeEngine: called once, on the engine thread.
    package init(
        limits: ServiceLimits, mailbox: Mailbox, fault: Fault = .none,
        makeEngine: @escaping @Sendable () throws -> any ComputeEngine
    ) {
        let (tokenPulse, enginePulse) = (Pulse(), Pulse())
        pulses = [tokenPulse, enginePulse]
        scheduler = Scheduler(limits: limits)
        tokenising = TokenisingThread(scheduler: scheduler, mailbox: mailbox, pulse: tokenPulse)
        engine = EngineThread(
            scheduler: scheduler, mailbox: mailbox, pulse: enginePulse, fault: fault,
            makeEngine: makeEngine)
    }

    /// Starts the threads, lets `body` run beside them, and joins them.
    package func whileRunning<Value>(_ body: () throws(Errno) -> Value) throws(Errno) -> Value {
        let tokenise = try tokenising.start()
        let compute = try engine.start()
        let outcome = Result { () throws(Errno) in try body() }
        tokenising.stop()
        scheduler.stop()
        tokenise.join()
        compute.join()
        return try outcome.get()
    }

    package var queue: QueueFigures { scheduler.figures }

    package func admit(_ claim: Claim, now: Instant) throws(Refusal) {
        try scheduler.admit(claim, now: now)
    }

    package func tokenise(_ task: TokenisingTask) { tokenising.submit(task) }

    package func cancel(_ request: RequestID) { scheduler.cancel(request) }
}

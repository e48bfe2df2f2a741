// The thread that computes: takes batches, walks through their layers, lets interactive work in
// between, and posts what came out.
//
// Invariant: every text of every batch it took gets exactly one outcome, unless nobody wants the
// batch any more; without an engine it takes none, and says so. It never touches a socket and never
// waits for the I/O thread.

package import Syscalls
internal import TextflixProtocol

package final class EngineThread: Sendable {
    private let scheduler: Scheduler
    private let mailbox: Mailbox
    private let pulse: Pulse
    private let makeEngine: @Sendable () throws -> any ComputeEngine
    private let fault: Fault

    /// - Parameter makeEngine: called on the engine's own thread, which then owns the engine.
    package init(
        scheduler: Scheduler, mailbox: Mailbox, pulse: Pulse, fault: Fault = .none,
        makeEngine: @escaping @Sendable () throws -> any ComputeEngine
    ) {
        self.scheduler = scheduler
        self.mailbox = mailbox
        self.pulse = pulse
        self.fault = fault
        self.makeEngine = makeEngine
    }

    package func start() throws(Errno) {
        // Deep enough for the kernels' blocks on the stack.
        try Thread.spawn(name: "engine", stackBytes: 8 << 20) { [self] in
            run()
            pulse.end()
        }.detach()
    }

    private func run() {
        let engine: any ComputeEngine
        do {
            engine = try makeEngine()
        } catch {
            return mailbox.post(.noEngine(EngineFailure("\(error)")))
        }
        mailbox.post(.engine)
        let run = EngineRun(
            scheduler: scheduler, mailbox: mailbox, pulse: pulse, fault: fault, engine: engine)
        run.loop()
    }
}

/// What lives on the engine thread only.
final class EngineRun {
    private let scheduler: Scheduler
    private let mailbox: Mailbox
    private let pulse: Pulse
    private let fault: Fault
    private let engine: any ComputeEngine

    init(
        scheduler: Scheduler, mailbox: Mailbox, pulse: Pulse, fault: Fault,
        engine: any ComputeEngine
    ) {
        self.scheduler = scheduler
        self.mailbox = mailbox
        self.pulse = pulse
        self.fault = fault
        self.engine = engine
    }

    func loop() {
        while true {
            pulse.rest()
            switch scheduler.nextBatch(onExpiry: postExpired) {
            case .batch(let batch): _ = run(batch)
            case .stopped: return
            }
        }
    }

    private func postExpired(_ requests: [RequestID]) { mailbox.post(.expired(requests)) }

    /// Computes one batch to its end.
    /// - Returns: nanoseconds from its start to its end, interruptions included.
    private func run(_ batch: Batch<TokenisedText>) -> UInt64 {
        pulse.beat()
        let started = MonotonicClock.now
        do {
            // A batch has one key, so one model.
            let model = batch.items[0].payload.model
            let walk = try engine.begin(model, batch.items, batch.batchKey.output)
            defer { walk.end() }
            var progress = Progress()
            let isDone = steps(walk, batch, model, &progress)
            let outcomes = isDone ? Readout(batch: batch, walk: walk).outcomes() : []
            let computed = MonotonicClock.now.since(started) - progress.interrupted
            let share =
                isDone ? 1 : min(1, Double(progress.layers) / Double(max(1, model.layerCount)))
            scheduler.finish(batch.number, computed: computed, share: share)
            report(
                batch, started, computed, progress, outcomes, share: share, abandoned: !isDone)
        } catch {
            fail(batch, started, "\(error)")
        }
        return MonotonicClock.now.since(started)
    }

    private struct Progress {
        var layers = 0
        var interruptions = 0
        /// Nanoseconds that other batches took between its layers.
        var interrupted: UInt64 = 0
    }

    /// All layers, with what comes between them; false when nobody wants the batch any more.
    private func steps(
        _ walk: any ComputeWalk, _ batch: Batch<TokenisedText>, _ model: ServedModel,
        _ progress: inout Progress
    ) -> Bool {
        let worth = max(1, batch.tokenCount / max(1, model.layerCount))
        fault.beforeBatch()
        while walk.step() {
            pulse.beat()
            progress.layers += 1
            fault.afterLayer()
            switch scheduler.stepped(batch.number, worth: worth) {
            case .goOn: continue
            case .abandon: return false
            case .interrupt:
                while let urgent = scheduler.nextInterrupting(onExpiry: postExpired) {
                    progress.interruptions += 1
                    progress.interrupted += run(urgent)
                    guard case .interrupt = scheduler.stepped(batch.number, worth: 0)
                    else { break }
                }
            }
        }
        return true
    }

    private func fail(_ batch: Batch<TokenisedText>, _ started: Instant, _ text: String) {
        let outcomes = batch.items.map {
            TextOutcome(
                request: $0.request, index: $0.index,
                result: .failure(.internal, "the model could not be computed: \(text)"),
                window: $0.window)
        }
        scheduler.finish(batch.number, computed: nil)
        report(batch, started, MonotonicClock.now.since(started), Progress(), outcomes, share: 0)
    }

    /// - Parameter share: of its layers, how many were computed.
    private func report(
        _ batch: Batch<TokenisedText>, _ started: Instant, _ computed: UInt64,
        _ progress: Progress, _ outcomes: [TextOutcome], share: Double, abandoned: Bool = false
    ) {
        mailbox.post(
            .batch(
                BatchReport(
                    model: batch.items[0].payload.model.name, workClass: batch.workClass,
                    closed: batch.closed,
                    textCount: batch.items.count, tokenCount: batch.tokenCount,
                    computedTokens: Int(Double(batch.tokenCount) * share), started: started,
                    computed: computed, interruptions: progress.interruptions,
                    outcomes: outcomes, wasAbandoned: abandoned)))
    }
}

// The daemon put together: configuration in, exit status out.
//
//     main thread      EventLoop ── Exchange ── Connections
//     "tokenise"       TokenisingThread
//     "engine"         EngineThread ── ComputeEngine (with worker threads of its own)
//     "load"           one at a time, while models are read
//
// It wires, and it holds what lives as long as the process. Policy is elsewhere.

internal import Syscalls
internal import Weights

package struct Daemon: Sendable {
    private let configuration: DaemonConfiguration
    private let flags: DaemonConfiguration.Flags
    private let version: String
    private let log: Log

    /// - Parameter flags: kept for reading the configuration again on a reload.
    package init(
        _ configuration: DaemonConfiguration, flags: DaemonConfiguration.Flags, version: String
    ) {
        self.configuration = configuration
        self.flags = flags
        self.version = version
        log = .standard(level: configuration.logLevel)
    }

    /// Serves until it is told to stop.
    /// - Returns: the exit status.
    package func run() -> Int32 {
        do {
            return try serve()
        } catch let failure as StartFailure {
            log(.critical, failure.description)
            return failure.exitStatus.rawValue
        } catch {
            log(.critical, "\(error)")
            return ExitStatus.operatingSystem.rawValue
        }
    }

    private func serve() throws -> Int32 {
        let started = MonotonicClock.now
        let fault = try wantedFault()
        prepareProcess()
        let limits = fittingLimits()
        // Signals are blocked here, before any other thread starts.
        let signals = try SignalQueue([.terminate, .interrupt, .hangUp])
        let listeners = try listen()
        let mailbox = try Mailbox()
        let batchTokens = limits.batchTokens
        let threads = configuration.threads ?? ThisProcess.processorCount
        let pipeline = Pipeline(limits: limits, mailbox: mailbox, fault: fault) {
            try ServingEngine(maxBatchTokens: batchTokens, threads: threads)
        }
        let statusReport = StatusReport(
            version: version, started: started, limits: limits, threads: threads,
            instructionSet: BERTEngine.instructionSet)
        let exchange = Exchange(
            limits: limits, models: configuration.models.map(\.name), sink: pipeline,
            statusReport: statusReport, log: log)
        let reading = ModelReading(
            loader: ModelLoader(
                batchTokens: batchTokens, cache: configuration.packCache, lock: configuration.lock),
            configuration: configuration, flags: flags, mailbox: mailbox, log: log)
        let loop = try EventLoop(
            exchange: exchange, mailbox: mailbox,
            notifier: Notifier(pulses: pipeline.pulses, now: started), listeners: listeners,
            signals: signals, limits: limits, log: log, load: reading.begin)
        log(
            .notice,
            "textflixd \(version): \(threads) threads, \(BERTEngine.instructionSet), listening on "
                + listeners.map(\.path).joined(separator: ", "))
        let code = try pipeline.whileRunning { () throws(Errno) in try loop.run() }
        if code == Lifecycle.badConfiguration {
            let faults = exchange.catalog.faults
            LastWords.say(faults.isEmpty ? statusReport.detail : faults, to: listeners)
        }
        log(.notice, "stopped")
        return code
    }

    /// What a test wants to go wrong.
    private func wantedFault() throws(StartFailure) -> Fault {
        guard let fault = Fault(word: environment("TEXTFLIX_FAULT")) else {
            throw StartFailure(
                "TEXTFLIX_FAULT is neither hang nor slow=MILLISECONDS",
                exitStatus: .configuration)
        }
        if fault != .none { log(.warning, "TEXTFLIX_FAULT is set: \(fault)") }
        return fault
    }

    /// A client that has gone ends nothing; a file that cannot be read any more ends the process
    /// with a word.
    private func prepareProcess() {
        ThisProcess.ignoreBrokenPipes()
        // "<2>" is how a line on standard error tells the journal that it is critical.
        ThisProcess.endOnBusError(
            exitStatus: ExitStatus.inputOutput.rawValue,
            prefix: environment("JOURNAL_STREAM") == nil ? "textflixd: error: " : "<2>")
    }

    /// For a configuration that is none: says so in the log, and to clients that wait.
    /// - Returns: the exit status.
    package static func refuse(_ error: ConfigurationError) -> Int32 {
        Log.standard(level: .info)(.critical, error.description, [Log.Event.badStart.field])
        LastWords.say(error.description, to: (try? Listener.inherited()) ?? [])
        return ExitStatus.configuration.rawValue
    }

    /// Loads every model that is configured, as a start would, and lets it go again. It writes
    /// nothing: whoever checks may be another user than the one who serves. Of a unit's
    /// configuration it also warns of what the unit keeps from the service.
    /// - Returns: what is wrong, one line a model.
    package static func check(_ configuration: DaemonConfiguration) -> [String] {
        let log = Log.standard(level: .info)
        for warning in ServiceSandbox.warnings(configuration) { log(.warning, warning) }
        let faults = ServiceEnvironment(of: configuration)?.faults(configuration) ?? []
        return faults + faultsOfModels(configuration)
    }

    private static func faultsOfModels(_ configuration: DaemonConfiguration) -> [String] {
        let loader = ModelLoader(batchTokens: configuration.limits.batchTokens, cache: nil)
        var labels = LabelRoom()
        return configuration.models.compactMap { source in
            do throws(LoadFailure) {
                try labels.take(try loader.load(source, number: 0).labels)
                return nil
            } catch {
                return "model \(source.name): \(error.text)"
            }
        }
    }

    /// The limits, as far as the process may have descriptors.
    private func fittingLimits() -> ServiceLimits {
        var limits = configuration.limits
        if limits.fit(descriptors: ThisProcess.raiseDescriptorLimit()) {
            log(
                .warning, "only \(limits.connections) connections: the descriptor limit is low",
                [Log.Event.fewerConnections.field])
        }
        return limits
    }

    private func listen() throws(StartFailure) -> [Listener] {
        let inherited = try Listener.inherited()
        if !inherited.isEmpty { return inherited }
        return [
            try Listener.make(
                path: configuration.socketPath ?? defaultSocketPath(),
                mode: configuration.socketMode)
        ]
    }
}

extension DaemonConfiguration {
    /// Where packed weights are kept.
    fileprivate var packCache: PackCache? {
        cacheDirectory.map(PackCache.init) ?? PackCache.usual()
    }
}

// The daemon put together: configuration in, exit status out.
//
//     main thread      EventLoop ── Exchange ── Connections
//     "tokenise"       TokenisingThread
//     "engine"         EngineThread ── ComputeEngine (with worker threads of its own)
//     "load"           one at a time, while models are read
//
// It wires, and it holds what lives as long as the process. Policy is elsewhere.

internal import Encoder
internal import Synchronization
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
            return failure.exitStatus
        } catch {
            log(.critical, "\(error)")
            return StartFailure.operatingSystem
        }
    }

    private func serve() throws -> Int32 {
        let started = MonotonicClock.now
        guard let fault = Fault(word: environment("TEXTFLIX_FAULT")) else {
            throw StartFailure(
                "TEXTFLIX_FAULT is neither hang nor slow=MILLISECONDS",
                exitStatus: StartFailure.configuration)
        }
        if fault != .none { log(.warning, "TEXTFLIX_FAULT is set: \(fault)") }
        ThisProcess.ignoreBrokenPipes()
        // "<2>" is how a line on standard error tells the journal that it is critical.
        ThisProcess.endOnBusError(
            exitStatus: Self.inputOutput,
            prefix: environment("JOURNAL_STREAM") == nil ? "textflixd: error: " : "<2>")
        let limits = fittingLimits()
        // Signals are blocked here, before any other thread starts.
        let signals = try SignalQueue([.terminate, .interrupt, .hangUp])
        let listeners = try listen()
        let mailbox = try Mailbox()
        let batchTokens = limits.batchTokens
        let threads = configuration.threads ?? ThisProcess.processorCount
        let room = Workroom(limits: limits, mailbox: mailbox, fault: fault) {
            try ServingEngine(maxBatchTokens: batchTokens, threads: threads)
        }
        let page = StatusPage(
            version: version, started: started, limits: limits, threads: threads,
            instructionSet: BERTEngine.instructionSet)
        let exchange = Exchange(
            limits: limits, models: configuration.models.map(\.name), sink: room, page: page,
            log: log)
        let loading = Loading(
            loader: ModelLoader(
                batchTokens: batchTokens, cache: configuration.packCache, lock: configuration.lock),
            configuration: configuration, flags: flags, mailbox: mailbox, log: log)
        let loop = try EventLoop(
            exchange: exchange, mailbox: mailbox,
            notifier: Notifier(pulses: room.pulses, now: started), listeners: listeners,
            signals: signals, limits: limits, log: log,
            load: loading.begin)
        log(
            .notice,
            "textflixd \(version): \(threads) threads, \(BERTEngine.instructionSet), listening on "
                + listeners.map(\.path).joined(separator: ", "))
        let code = try room.whileRunning { () throws(Errno) in try loop.run() }
        if code == Lifecycle.badConfiguration {
            let faults = exchange.catalog.faults
            LastWords.say(faults.isEmpty ? page.detail : faults, to: listeners)
        }
        log(.notice, "stopped")
        return code
    }

    private static let inputOutput: Int32 = 74

    /// For a configuration that is none: says so in the log, and to clients that wait.
    /// - Returns: the exit status.
    package static func refuse(_ error: ConfigurationError) -> Int32 {
        Log.standard(level: .info)(.critical, error.description, [Log.Event.badStart.field])
        LastWords.say(error.description, to: (try? Listener.inherited()) ?? [])
        return StartFailure.configuration
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
        return configuration.models.compactMap { source in
            do throws(LoadFailure) {
                _ = try loader.load(source, number: 0)
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

/// Reads models on a thread of its own, and the configuration again before every load but the
/// first. While that is broken no model is read: all stays as it was.
final class Loading: Sendable {
    private let loader: ModelLoader
    private let configuration: DaemonConfiguration
    private let flags: DaemonConfiguration.Flags
    private let mailbox: Mailbox
    private let log: Log
    private let loads = Atomic<UInt32>(0)
    /// Tells each load of each model from all others.
    private let numbers = Atomic<UInt32>(1)

    init(
        loader: ModelLoader, configuration: DaemonConfiguration, flags: DaemonConfiguration.Flags,
        mailbox: Mailbox, log: Log
    ) {
        self.loader = loader
        self.configuration = configuration
        self.flags = flags
        self.mailbox = mailbox
        self.log = log
    }

    func begin() {
        let isFirst = loads.wrappingAdd(1, ordering: .relaxed).oldValue == 0
        do {
            let thread = try Thread.spawn(name: "load", stackBytes: 4 << 20) { [self] in
                mailbox.post(isFirst ? .loaded(load(configuration)) : again())
            }
            thread.detach()
        } catch {
            let text = "the models are not read: \(error)"
            log(.error, text)
            mailbox.post(.notLoaded(LoadFailure(text)))
        }
    }

    /// The models as the file names them now.
    private func again() -> Notice {
        do throws(ConfigurationError) {
            return .loaded(load(try DaemonConfiguration.resolve(flags)))
        } catch {
            let text = "the configuration is not read again: \(error)"
            log(.error, text, [Log.Event.configurationRefused.field])
            return .notLoaded(LoadFailure(text))
        }
    }

    private func load(_ configuration: DaemonConfiguration) -> [LoadedModel] {
        configuration.models.enumerated().map { place, source in
            mailbox.post(
                .loading("loading \(source.name) (\(place + 1) of \(configuration.models.count))"))
            let number = numbers.wrappingAdd(1, ordering: .relaxed).newValue
            let began = MonotonicClock.now
            let outcome = Result { () throws(LoadFailure) in
                try loader.load(source, number: number) { tell(source.name, $0) }
            }.mapError { ServiceSandbox.explained($0, source, configuration) }
            return LoadedModel(
                name: source.name, outcome: outcome, nanoseconds: MonotonicClock.now.since(began))
        }
    }

    private func tell(_ name: String, _ notice: LoadNotice) {
        switch notice {
        case .packing: mailbox.post(.loading("model \(name): \(notice)"))
        case .mapped: log(.debug, "model \(name): \(notice)")
        case .packed: log(.notice, "model \(name): \(notice)")
        case .unusable, .notCached, .notLocked: log(.warning, "model \(name): \(notice)")
        }
    }
}

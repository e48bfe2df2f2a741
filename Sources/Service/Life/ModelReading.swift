// Reads models on a thread of its own, and the configuration again before every load but the first.
//
// Invariant: each load that begins has one end in the mailbox. While the configuration is broken no
// model is read: all stays as it was. Who asks for a load, and that there is one at a time, is
// `Lifecycle`'s.

internal import Encoder
internal import Synchronization
internal import Syscalls

final class ModelReading: Sendable {
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
        var labels = LabelRoom()
        return configuration.models.enumerated().map { place, source in
            mailbox.post(
                .loading("loading \(source.name) (\(place + 1) of \(configuration.models.count))"))
            let number = numbers.wrappingAdd(1, ordering: .relaxed).newValue
            let began = MonotonicClock.now
            let outcome = Result { () throws(LoadFailure) in
                let model = try loader.load(source, number: number) { tell(source.name, $0) }
                try labels.take(model.labels)
                return model
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

// The daemon's life as a state machine: loading, ready, reloading, draining, gone.
//
//     loading ──loaded──> ready <──loaded── reloading          SIGTERM from anywhere:
//        │                  └──reload─────────┘                draining ──drained, or time──> exit
//        └──failed──> exit 78         no engine, anywhere, or no thread that loads: exit 71
//
// Invariants: the service manager hears of ready once the engine has started too; at most one load
// is under way; reload requests that come meanwhile share the next one, so a storm of them is two
// loads; a failed reload changes nothing; after the first SIGTERM the end comes within `drainTime`,
// after the second within `hastyDrainTime`. It loads nothing and stops nobody: its effects say what
// to do.

internal import Syscalls

/// A stream of a connection: where an answer belongs.
package struct StreamAddress: Hashable, Sendable {
    package let connection: UInt64
    package let stream: UInt32

    package init(connection: UInt64, stream: UInt32) {
        self.connection = connection
        self.stream = stream
    }

    /// As the log names a request.
    var text: String { "\(connection).\(stream)" }
}

package struct Lifecycle: Sendable {
    package enum State: Sendable { case loading, ready, draining }

    package enum Effect: Sendable, Equatable {
        /// Read the models, on a thread of its own, and call `loaded`.
        case load
        /// Tell the service manager.
        case notifyReady
        case notifyReloading
        case notifyStopping
        /// The reload that these asked for is done.
        case answerReload([StreamAddress])
        /// It has read nothing, for this reason.
        case failReload([StreamAddress], String)
        /// The reload that these asked for will not be done.
        case refuseReload([StreamAddress])
        /// Accept no connections and no work any more; call `drained` when none is left.
        case drain
        case exit(Int32)
        /// The time to stop is up, and work is left: tell whoever waits, and end.
        case giveUp
    }

    package static let badConfiguration = ExitStatus.configuration.rawValue
    /// It lacks memory or threads.
    package static let noResources = ExitStatus.operatingSystem.rawValue

    package private(set) var state = State.loading
    private let limits: ServiceLimits
    private(set) var isLoading = false
    /// Who waits for the load under way, and for the one after it.
    private var waiting: [StreamAddress] = []
    private var waitingForNext: [StreamAddress] = []
    private var loadAgain = false
    private var hasEngine = false
    /// The models are there, the engine not yet.
    private var isReadyDue = false
    private var drainDeadline = Instant.distantFuture

    package init(limits: ServiceLimits) { self.limits = limits }

    /// When `tick` has something to do.
    package var deadline: Instant { drainDeadline }

    package mutating func start() -> [Effect] {
        isLoading = true
        return [.load]
    }

    /// By SIGHUP (nobody waits), or by a Reload request.
    package mutating func reload(for address: StreamAddress? = nil) -> [Effect] {
        guard state != .draining else { return [] }
        if isLoading {
            // What is being read may be older than what was just written: read once more.
            loadAgain = true
            if let address { waitingForNext.append(address) }
            return []
        }
        isLoading = true
        if let address { waiting.append(address) }
        return [.notifyReloading, .load]
    }

    /// A load has ended.
    /// - Parameters:
    ///   - canServe: there is at least one model, new or old.
    ///   - fault: why nothing was read; nil: something was. Of the first load: a lack of threads.
    package mutating func loaded(canServe: Bool, fault: String? = nil) -> [Effect] {
        isLoading = false
        guard state != .draining else { return [] }
        guard canServe else {
            let unanswered = waiting + waitingForNext
            return (unanswered.isEmpty ? [] : [.refuseReload(unanswered)])
                + [.exit(fault == nil ? Self.badConfiguration : Self.noResources)]
        }
        state = .ready
        var effects: [Effect] = hasEngine ? [.notifyReady] : []
        isReadyDue = !hasEngine
        if !waiting.isEmpty {
            effects.append(fault.map { .failReload(waiting, $0) } ?? .answerReload(waiting))
        }
        waiting = []
        if loadAgain {
            loadAgain = false
            swap(&waiting, &waitingForNext)
            isLoading = true
            effects += [.notifyReloading, .load]
        }
        return effects
    }

    /// From now on something can be computed.
    package mutating func engineStarted() -> [Effect] {
        hasEngine = true
        defer { isReadyDue = false }
        return isReadyDue && state != .draining ? [.notifyReady] : []
    }

    /// There is no engine and will be none. Nothing is waited for: no answer can come.
    package func engineFailed() -> [Effect] { [.exit(Self.noResources)] }

    /// SIGTERM or SIGINT.
    package mutating func terminate(now: Instant) -> [Effect] {
        guard state != .draining else {
            drainDeadline = min(drainDeadline, now.advanced(by: limits.hastyDrainTime))
            return []
        }
        state = .draining
        drainDeadline = now.advanced(by: limits.drainTime)
        let unanswered = waiting + waitingForNext
        (waiting, waitingForNext, loadAgain) = ([], [], false)
        return [.notifyStopping, .drain]
            + (unanswered.isEmpty ? [] : [.refuseReload(unanswered)])
    }

    /// No accepted work is left, and every answer was sent.
    package mutating func drained() -> [Effect] { state == .draining ? [.exit(0)] : [] }

    package mutating func tick(now: Instant) -> [Effect] {
        guard now >= drainDeadline else { return [] }
        drainDeadline = .distantFuture
        return [.giveUp]
    }
}

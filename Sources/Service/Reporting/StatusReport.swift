// What Status answers: assembled on the I/O thread from what it has at hand, in microseconds.

internal import Syscalls
internal import TextflixProtocol

package final class StatusReport {
    private let version: String
    private let started: Instant
    private let limits: ServiceLimits
    private let threads: Int
    private let instructionSet: String
    /// How far the load under way is, in one line.
    package var progress = ""
    /// What the last load refused as a whole, in one line; empty: nothing. Once the daemon serves
    /// this is all that Status says of loads, so nobody takes progress for trouble.
    package var detail = ""

    package init(
        version: String, started: Instant, limits: ServiceLimits, threads: Int,
        instructionSet: String
    ) {
        self.version = version
        self.started = started
        self.limits = limits
        self.threads = threads
        self.instructionSet = instructionSet
    }

    func response(
        lifecycle: Lifecycle, models: [ModelStatus], queue: QueueFigures, connections: Int,
        figures: Figures, now: Instant
    ) -> StatusResponse {
        let resident = ThisProcess.residentBytes
        return StatusResponse(
            version: version, state: state(lifecycle), uptimeNs: now.since(started),
            processId: UInt32(ThisProcess.identifier), models: models,
            queue: QueueStatus(
                texts: UInt32(queue.texts), bytes: UInt64(queue.bytes),
                tokens: UInt64(queue.tokens), runningTexts: UInt32(queue.runningTexts),
                connections: UInt32(connections)),
            limits: limitsStatus, counters: figures.counterMessages,
            histograms: figures.histogramMessages,
            engine: EngineStatus(
                threads: UInt32(threads), instructionSet: instructionSet,
                tokensPerSecond: queue.tokensPerSecond,
                privateBytes: UInt64(max(0, resident.all - resident.ofFiles))),
            detail: lifecycle.state == .loading ? progress : detail)
    }

    private func state(_ lifecycle: Lifecycle) -> ServerState {
        switch lifecycle.state {
        case .loading: .loading
        case .ready: .ready
        case .draining: .draining
        }
    }

    private var limitsStatus: LimitsStatus {
        LimitsStatus(
            bodyBytes: UInt32(Limits.bodyBytes), textsPerRequest: UInt32(Limits.textsPerRequest),
            textBytes: UInt32(Limits.textBytes), queueTexts: UInt32(clamping: limits.queueTexts),
            queueBytes: UInt64(limits.queueBytes),
            queueTextsPerUser: UInt32(clamping: limits.queueTextsPerUser),
            batchTokens: UInt32(clamping: limits.batchTokens),
            connections: UInt32(clamping: limits.connections),
            streamsPerConnection: UInt32(clamping: limits.streamsPerConnection),
            streamWindow: UInt32(Limits.streamWindow),
            connectionsPerUser: UInt32(clamping: limits.connectionsPerUser),
            configured: LimitSetting.all.map {
                NamedLimit(name: $0.key, value: $0.value(in: limits))
            })
    }
}

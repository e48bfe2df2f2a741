// The I/O thread: waits for everything at once and moves bytes between sockets and the exchange.
//
// Level-triggered epoll; each ready connection gets one turn of bounded size, so none holds up the
// others. It never tokenises, never computes, never blocks but in the wait itself. Everything that
// is decided is decided in `Exchange`.

package import Syscalls

package final class EventLoop {
    /// Keys of the event set below those of connections.
    private enum Source {
        static let mailbox: UInt64 = 0
        static let signals: UInt64 = 1
        static let alarm: UInt64 = 2
        static let firstListener: UInt64 = 16
        static let firstConnection: UInt64 = 1024
    }

    private final class Socket {
        let descriptor: Descriptor
        var interest: EventSet.Interest = []
        init(_ descriptor: consuming Descriptor) { self.descriptor = descriptor }
    }

    private let exchange: Exchange
    private let mailbox: Mailbox
    private let notifier: Notifier
    private let log: Log
    private let limits: ServiceLimits
    /// Starts a load on a thread of its own.
    private let load: () -> Void
    private let events: EventSet
    private let signals: SignalQueue
    private let alarm: AlarmClock
    private let listeners: [Listener]
    private var sockets: [UInt64: Socket] = [:]
    /// Given up for a moment when the process has no descriptor left, to turn a client away.
    private var reserve: Descriptor?
    private var acceptAgainAt = Instant.distantFuture
    private var isListening = false
    private var exitCode: Int32?
    /// The last look at the event set found nothing.
    private var isQuiet = false
    /// One turn of reading.
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 64)
    private static let readsPerTurn = 4  // 256 KiB
    private static let acceptsPerTurn = 64

    package init(
        exchange: Exchange, mailbox: Mailbox, notifier: Notifier, listeners: [Listener],
        signals: consuming SignalQueue, limits: ServiceLimits, log: Log,
        load: @escaping () -> Void
    ) throws(Errno) {
        self.exchange = exchange
        self.mailbox = mailbox
        self.notifier = notifier
        self.listeners = listeners
        self.limits = limits
        self.log = log
        self.load = load
        events = try EventSet()
        alarm = try AlarmClock()
        self.signals = signals
        reserve = try? openForReading("/dev/null")
        try events.add(mailbox.descriptor, key: Source.mailbox, interest: .readable)
        try events.add(self.signals.number, key: Source.signals, interest: .readable)
        try events.add(alarm.number, key: Source.alarm, interest: .readable)
    }

    deinit { buffer.deallocate() }

    /// Serves until the end.
    /// - Returns: the exit status.
    package func run() throws(Errno) -> Int32 {
        exchange.start()
        acceptAgainAt = MonotonicClock.now.advanced(by: limits.acceptDelay)
        settle(now: MonotonicClock.now)
        var ready: [EventSet.Event] = []
        while exitCode == nil {
            alarm.set(min(exchange.nextTimer, notifier.nextTimer, acceptAgainAt))
            // The end comes only after a look that found nothing more to read: what was sent
            // before we stopped reading gets its answer.
            let mayBlock =
                (isQuiet || exchange.lifecycle.state != .draining) && !exchange.hasUnfinished
            try events.wait(into: &ready, milliseconds: mayBlock ? -1 : 0)
            isQuiet = ready.isEmpty && !exchange.hasUnfinished
            let now = MonotonicClock.now
            exchange.beginTurn(now: now)
            for event in ready { handle(event, now: now) }
            exchange.timeOut(now: now)
            notifier.feed(now: now)
            settle(now: now)
            if now >= acceptAgainAt { try listen() }
        }
        return exitCode ?? 0
    }

    private func handle(_ event: EventSet.Event, now: Instant) {
        switch event.key {
        case Source.mailbox: exchange.handle(mailbox.take(), now: now)
        case Source.signals: while let signal = signals.next() { exchange.take(signal, now: now) }
        case Source.alarm: alarm.clear()
        case Source.firstListener..<Source.firstConnection:
            accept(listeners[Int(event.key - Source.firstListener)], now: now)
        default: handle(event, connection: event.key - Source.firstConnection, now: now)
        }
    }

    // MARK: Connections

    private func handle(_ event: EventSet.Event, connection key: UInt64, now: Instant) {
        guard let socket = sockets[key] else { return }
        if !event.ready.isDisjoint(with: [.hangUp, .failure]) {
            return exchange.peerGone(key, now: now)
        }
        if !event.ready.isDisjoint(with: [.readable, .halfClosed]) {
            read(key, socket, now: now)
        }
        // Writing, and watching anew, is done for all touched connections in `settle`.
        exchange.touch(key)
    }

    private func read(_ key: UInt64, _ socket: Socket, now: Instant) {
        var passedDescriptors = false
        defer { if passedDescriptors { exchange.noteDescriptors() } }
        for _ in 0..<Self.readsPerTurn where exchange.interest(of: key)?.input == true {
            do throws(Errno) {
                switch try UnixSocket.receive(
                    socket.descriptor.number, into: buffer, passedDescriptors: &passedDescriptors)
                {
                case .bytes(let count):
                    let bytes = UnsafeRawBufferPointer(rebasing: buffer.prefix(count))
                    exchange.receive(key, bytes, now: now)
                    if count < buffer.count { return }
                case .end: return exchange.inputEnded(key, now: now)
                case .nothing: return
                }
            } catch {
                return exchange.peerGone(key, now: now)
            }
        }
    }

    /// Writes what connections have to say, watches them anew, and does what the life of the daemon
    /// asks for, until nothing is left to do.
    private func settle(now: Instant) {
        while true {
            exchange.resumeParked(now: now)
            if isQuiet { exchange.checkDrained() }
            // First what the daemon does, then what it says, so nobody hears of what is not yet so.
            let effects = exchange.takeLifecycleEffects()
            for effect in effects { apply(effect, now: now) }
            let touched = exchange.takeTouched()
            for key in touched { write(key, now: now) }
            close(exchange.takeClosed())
            if exitCode != nil { break }
            if touched.isEmpty, effects.isEmpty, !exchange.hasLifecycleEffects { break }
        }
        let life = exchange.lifecycle
        let isLoading = life.isLoading && life.state != .draining
        notifier.follow(load: isLoading ? exchange.statusReport.progress : nil, now: now)
    }

    private func write(_ key: UInt64, now: Instant) {
        guard let socket = sockets[key] else { return }
        var isBroken = false
        if exchange.interest(of: key)?.output == true {
            exchange.send(key, now: now) { bytes in
                do throws(Errno) {
                    return try UnixSocket.send(socket.descriptor.number, bytes)
                } catch {
                    isBroken = true
                    return 0
                }
            }
        }
        if isBroken { exchange.peerGone(key, now: now) }
        watch(key, socket)
    }

    private func watch(_ key: UInt64, _ socket: Socket) {
        guard let wanted = exchange.interest(of: key) else { return }
        var interest: EventSet.Interest = wanted.input ? [.readable, .halfClosed] : []
        if wanted.output { interest.insert(.writable) }
        guard interest != socket.interest else { return }
        socket.interest = interest
        try? events.change(
            socket.descriptor.number, key: key + Source.firstConnection, interest: interest)
    }

    private func close(_ keys: [UInt64]) {
        // Closing the descriptor takes it out of the event set.
        for key in keys { sockets[key] = nil }
    }

    // MARK: Accepting

    private func listen() throws(Errno) {
        acceptAgainAt = .distantFuture
        guard !isListening, exchange.lifecycle.state != .draining else { return }
        isListening = true
        for (place, listener) in listeners.enumerated() {
            try events.add(
                listener.socket.number, key: Source.firstListener + UInt64(place),
                interest: .readable)
        }
    }

    private func stopListening() {
        guard isListening else { return }
        isListening = false
        for listener in listeners { try? events.remove(listener.socket.number) }
    }

    private func accept(_ listener: Listener, now: Instant) {
        for _ in 0..<Self.acceptsPerTurn where isListening {
            do throws(Errno) {
                guard let peer = try UnixSocket.accept(listener.socket.number) else { return }
                try welcome(peer)
            } catch {
                return turnAway(listener, error, now: now)
            }
        }
    }

    private func welcome(_ peer: consuming Descriptor) throws(Errno) {
        let credentials = try PeerCredentials(of: peer.number)
        guard let key = exchange.connect(credentials) else { return refuse(peer) }
        let socket = Socket(peer)
        socket.interest = [.readable, .halfClosed]
        do throws(Errno) {
            try events.add(
                socket.descriptor.number, key: key + Source.firstConnection,
                interest: socket.interest)
        } catch {
            exchange.peerGone(key, now: MonotonicClock.now)
            throw error
        }
        sockets[key] = socket
    }

    private func refuse(_ peer: borrowing Descriptor) {
        let number = peer.number
        _ = Exchange.refusal.withUnsafeBytes { try? UnixSocket.send(number, $0) }
    }

    /// Without a descriptor for it a client can only be turned away: with the one in reserve, and
    /// then a pause, because the listener stays readable.
    private func turnAway(_ listener: Listener, _ error: Errno, now: Instant) {
        log.limited(.error, "cannot accept: \(error)")
        if error == .processLimit || error == .systemLimit {
            reserve = nil
            if let peer = try? UnixSocket.accept(listener.socket.number) {
                exchange.noteTurnedAway()
                refuse(peer)
            }
            reserve = try? openForReading("/dev/null")
        }
        stopListening()
        acceptAgainAt = now.advanced(by: limits.acceptPause)
    }

    // MARK: Life

    private func apply(_ effect: Lifecycle.Effect, now: Instant) {
        switch effect {
        case .load: load()
        case .notifyReady:
            acceptAgainAt = now
            notifier.ready(exchange.summary)
        case .notifyReloading: notifier.reloading()
        case .notifyStopping: notifier.stopping(within: limits.drainTime)
        case .answerReload(let addresses):
            exchange.answerReload(addresses)
        case .failReload(let addresses, let fault): exchange.failReload(addresses, fault)
        case .refuseReload(let addresses): exchange.refuseReload(addresses)
        case .drain:
            stopListening()
            acceptAgainAt = .distantFuture
            for listener in listeners { listener.unlink() }
        case .exit(let code):
            if code != 0 { exchange.giveUp() }
            exitCode = code
        case .giveUp:
            log(.warning, "the time to stop is up: some work is left without an answer")
            exchange.giveUp()
            exitCode = 0
        }
    }
}

extension SignalQueue.Signal {
    var name: String {
        switch self {
        case .hangUp: "SIGHUP"
        case .interrupt: "SIGINT"
        case .terminate: "SIGTERM"
        }
    }
}

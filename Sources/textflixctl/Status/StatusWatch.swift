// `status --watch`: the page on the terminal's alternate screen, renewed until `q` or Ctrl-C.
//
// Whatever ends it, or stops it for a while, the terminal comes back as it was: keys by `KeyMode`,
// the screen and cursor by `leaving`. On a dumb terminal one page follows another. A daemon that
// goes away is waited for; the page says so and stays.

import Presentation
import Syscalls
import TextRuns
import TextflixClient
import TextflixProtocol

struct StatusWatch: ~Copyable {
    // The alternate screen, without a cursor and without wrapping: a long line is cut, not broken.
    private static let entering = "\u{1B}[?1049h\u{1B}[?25l\u{1B}[?7l"
    private static let leaving = "\u{1B}[?7h\u{1B}[?25h\u{1B}[?1049l"
    private static let home = "\u{1B}[H"
    private static let restOfLine = "\u{1B}[K"
    private static let restOfScreen = "\u{1B}[J"
    /// Longer than this without an answer is worth a word on the page.
    private static let patience: Duration = .seconds(3)
    /// A page renewed more often is no better to read.
    private static let leastInterval: Duration = .milliseconds(50)

    private let client: Client
    private let interval: Duration
    private let signals: SignalQueue
    private let stops: StopRequests
    /// Takes no sequences.
    private let isDumb = environment("TERM") == "dumb"
    /// Held here, for a local value that nothing reads is ended at once. nil: input is no terminal;
    /// Ctrl-C still ends it.
    private var keys: KeyMode?
    /// What was shown last: it stays when the daemon goes.
    private var last: StatusResponse?
    private var hasKeys: Bool
    private var speed = SpeedTrace()

    static func run(_ client: Client, every interval: Duration) throws(Failure) -> ExitStatus {
        guard isTerminal(StandardStream.output.rawValue) else {
            throw Failure(.usage, "--watch needs a terminal")
        }
        do throws(Errno) {
            var watch = StatusWatch(
                client: client, interval: max(interval, leastInterval),
                signals: try SignalQueue([.interrupt, .terminate]), stops: try StopRequests())
            watch.enter()
            let status = watch.loop()
            watch.leave()
            return status
        } catch { throw Failure(.operatingSystem, error.description) }
    }

    private init(
        client: Client, interval: Duration, signals: consuming SignalQueue,
        stops: consuming StopRequests
    ) {
        keys = nil
        hasKeys = false
        self.client = client
        self.interval = interval
        self.signals = signals
        self.stops = stops
    }

    private mutating func enter() {
        keys = try? KeyMode(StandardStream.input.rawValue)
        hasKeys = keys != nil
        if !isDumb { printOutput(Self.entering) }
    }

    private mutating func leave() {
        if !isDumb { printOutput(Self.leaving) }
        keys = nil
    }

    private mutating func loop() -> ExitStatus {
        while true {
            let due = MonotonicClock.now.advanced(by: interval)
            draw(fetch())
            if let status = wait(until: due) { return status }
        }
    }

    /// What the daemon says, or why it does not.
    private mutating func fetch() -> ClientError? {
        do throws(ClientError) {
            let status = try client.call(.status, StatusRequest(), timeout: Self.patience)
            speed.take(status)
            last = status
            return nil
        } catch { return error }
    }

    /// Over the old page, line by line, so that nothing flickers.
    private func draw(_ error: ClientError?) {
        let screen = Screen(of: .output)
        var lines: [String] = []
        if let error {
            let first = error.description.split(separator: "\n").first ?? ""
            lines.append(screen.paint(DisplayWidth.cut(String(first), to: screen.columns), .red))
        }
        if let last {
            lines += StatusPage(status: last, path: client.path, screen: screen).lines
            lines += ["", speed.line(on: screen)]
        }
        guard !isDumb else { return printLines(lines + [""]) }
        let shown = lines.prefix(max(1, screen.rows - 1)).map { $0 + Self.restOfLine + "\r\n" }
        printOutput(Self.home + shown.joined() + Self.restOfScreen)
    }

    /// A status when the user wants to stop. It listens also when the answer took longer than the
    /// interval: a daemon that is away must not make keys unheard.
    private mutating func wait(until due: MonotonicClock.Instant) -> ExitStatus? {
        while true {
            let left = due.since(MonotonicClock.now)
            let milliseconds = left > 0 ? left / 1_000_000 + 1 : 0
            var entries = [
                PollEntry(signals.number, toRead: true),
                PollEntry(StandardStream.input.rawValue, toRead: hasKeys),
                PollEntry(stops.number, toRead: true),
            ]
            try? waitForAny(&entries, milliseconds: Int32(clamping: milliseconds))
            if entries[0].isReadable {
                return signals.next() == .terminate ? .terminated : .interrupted
            }
            if entries[2].isReadable {
                leave()
                stops.obey()
                enter()
                return nil
            }
            guard entries[1].isReadable else {
                if left == 0 { return nil }
                continue
            }
            switch Self.readKeys() {
            case true?: return .success
            case false?: break
            case nil: hasKeys = false
            }
        }
    }

    /// Whether one of the keys pressed is `q`; nil at the end of the input.
    private static func readKeys() -> Bool? {
        var room: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0]
        let count = room.withUnsafeMutableBytes {
            (try? readOnce(StandardStream.input.rawValue, into: $0)) ?? 0
        }
        guard count > 0 else { return nil }
        return room.prefix(count).contains { $0 == UInt8(ascii: "q") || $0 == 0x04 }
    }
}

/// Tokens a second over the last minute, as a row of bars.
struct SpeedTrace: Sendable {
    private static let bars = Array("▁▂▃▄▅▆▇█")
    private static let kept = 60

    private var speeds: [Double] = []
    private var before: (time: UInt64, tokens: UInt64)?

    mutating func take(_ status: StatusResponse) {
        let tokens = status.counters.filter { $0.name == "textflix_tokens_total" }
            .reduce(0) { $0 + $1.value }
        if let before, status.uptimeNs > before.time, tokens >= before.tokens {
            let seconds = Double(status.uptimeNs - before.time) / 1e9
            speeds.append(Double(tokens - before.tokens) / seconds)
            if speeds.count > Self.kept { speeds.removeFirst() }
        }
        before = (status.uptimeNs, tokens)
    }

    func line(on screen: Screen) -> String {
        guard let last = speeds.last else { return "" }
        let top = max(speeds.max() ?? 0, 1)
        let trace = speeds.map { speed in
            String(Self.bars[min(7, Int((speed / top * 8).rounded(.down)))])
        }.joined()
        return screen.paint("Tokens/s  ", .bold) + screen.paint(trace, .cyan)
            + "  \(grouped(Int(last)))"
    }
}

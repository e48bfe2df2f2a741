// What the daemon says: to the journal with levels and fields, to a terminal as readable lines.
//
// Never a text of a user's: messages are made of names, numbers and errors. What a peer can cause
// at will goes through `limited`, which lets a burst through and then counts in silence.
//
// Invariant: no message waits for its reader. Where a journal is stuck or nobody reads standard
// error, it is dropped and counted; a daemon goes on without being heard.

internal import Synchronization
internal import Syscalls

package final class Log: Sendable {
    /// As syslog numbers them.
    package enum Level: Int, Sendable, Comparable {
        case critical = 2
        case error = 3
        case warning = 4
        case notice = 5
        case info = 6
        case debug = 7

        package static func < (left: Level, right: Level) -> Bool {
            left.rawValue < right.rawValue
        }
    }

    package typealias Field = (name: String, value: String)

    /// Events that the message catalog explains, under the numbers that they have there
    /// (systemd/textflixd.catalog).
    package enum Event: String, Sendable, CaseIterable {
        case modelRefused = "ece1f12ac9da475ab6eed99199abe3aa"
        case configurationRefused = "17762c942bf14581a4a7cd1dd7e97f9a"
        case badStart = "6fb1d1b6e2cf4d26a6a25ab9a4ff0c63"
        case fewerConnections = "692fb93933ab40fea2a49d7dc432a46a"

        var field: Field { ("MESSAGE_ID", rawValue) }
    }

    package enum Target: Sendable {
        case journal
        /// A line on standard error.
        case lines
        /// For tests.
        case closure(@Sendable (Level, String) -> Void)
    }

    private let target: Target
    private let level: Level
    /// One a level: what is seldom seen is not used up by what is often said.
    private let limiters = Mutex<[Level: RateLimiter]>([:])
    private let lost = Atomic(0)
    /// From asking whether there is room for a line until it is written: room is for one thread.
    private let writing = Mutex(())
    /// nil: none could be made, or it is not needed.
    private let journal: DatagramSender?

    package init(_ target: Target, level: Level = .info) {
        self.target = target
        self.level = level
        if case .journal = target {
            journal = try? DatagramSender(to: JournalEntry.socketPath)
        } else {
            journal = nil
        }
    }

    /// The journal where standard error is connected to it, lines otherwise.
    package static func standard(level: Level) -> Log {
        guard let stream = environment("JOURNAL_STREAM"),
            let status = try? FileStatus(ofDescriptor: StandardStream.error.rawValue),
            stream == "\(status.device):\(status.inode)"
        else { return Log(.lines, level: level) }
        return Log(.journal, level: level)
    }

    /// Whether a message of this level goes anywhere: for those that cost something to make.
    package func isOn(_ level: Level) -> Bool { level <= self.level }

    package func callAsFunction(_ level: Level, _ message: String, _ fields: [Field] = []) {
        guard level <= self.level else { return }
        let lost = lost.exchange(0, ordering: .relaxed)
        let message = lost > 0 ? "\(message) (\(lost) messages before it were lost)" : message
        if !deliver(level, message, fields) { self.lost.add(lost + 1, ordering: .relaxed) }
    }

    /// A message as one line. It may name what a client sent: control characters, line ends and
    /// marks of direction are written as in Swift, so that none forges another line, commands the
    /// terminal or turns a line round.
    package static func line(_ level: Level, _ message: String) -> String {
        var shown = ""
        for scalar in message.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .lineSeparator, .paragraphSeparator,
                .format where scalar.properties.isBidiControl:
                shown += scalar.escaped(asASCII: true)
            default: shown.unicodeScalars.append(scalar)
            }
        }
        return "textflixd: \(level.word)\(shown)\n"
    }

    /// For what a peer can provoke: at most ten at once, then one a second. What is not said is not
    /// made either.
    package func limited(
        _ level: Level, _ message: @autoclosure () -> String,
        _ fields: @autoclosure () -> [Field] = []
    ) {
        guard isOn(level) else { return }
        let verdict = limiters.withLock {
            $0[level, default: RateLimiter(burst: 10, perSecond: 1)].admit(now: MonotonicClock.now)
        }
        switch verdict {
        case .pass(let suppressed):
            let note = suppressed > 0 ? " (\(suppressed) more like it were not logged)" : ""
            self(level, message() + note, fields())
        case .suppress: return
        }
    }

    /// - Returns: whether the target took it.
    private func deliver(_ level: Level, _ message: String, _ fields: [Field]) -> Bool {
        switch target {
        case .journal: return sendToJournal(level, message, fields)
        case .lines: return writing.withLock { _ in printErrorNow(Self.line(level, message)) }
        case .closure(let take):
            take(level, message)
            return true
        }
    }

    /// - Returns: whether the journal took it.
    private func sendToJournal(_ level: Level, _ message: String, _ fields: [Field]) -> Bool {
        let pairs = [
            ("MESSAGE", message), ("PRIORITY", "\(level.rawValue)"),
            ("SYSLOG_IDENTIFIER", "textflixd"),
        ]
        var entry = JournalEntry()
        for (name, value) in pairs + fields { entry.add(name, value) }
        return (try? journal?.send(entry.bytes)) != nil
    }
}

extension Log.Level {
    fileprivate var word: String {
        switch self {
        case .critical, .error: "error: "
        case .warning: "warning: "
        case .notice, .info: ""
        case .debug: "debug: "
        }
    }
}

/// Lets a burst through, then a steady few: a bucket of tokens that refills with time.
package struct RateLimiter: Sendable {
    package enum Verdict: Sendable, Equatable {
        /// With how many were suppressed before it.
        case pass(suppressed: Int)
        case suppress
    }

    private let burst: Double
    private let perSecond: Double
    private var tokens: Double
    private var last = Instant.zero
    private var suppressed = 0

    package init(burst: Int, perSecond: Int) {
        self.burst = Double(burst)
        self.perSecond = Double(perSecond)
        tokens = Double(burst)
    }

    package mutating func admit(now: Instant) -> Verdict {
        tokens = min(burst, tokens + Double(now.since(last)) / 1e9 * perSecond)
        last = now
        guard tokens >= 1 else {
            suppressed += 1
            return .suppress
        }
        tokens -= 1
        defer { suppressed = 0 }
        return .pass(suppressed: suppressed)
    }
}

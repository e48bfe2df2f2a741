// The loop of every command that takes texts: input to output, in one thread.
//
//     input --lines--> group --request--> daemon --answers, any order--> batches --in order--> out
//                        ^                                                 |
//                        '----------- FlowWindow: texts under way ---------'
//
// Invariant: answers leave in the order of their texts, each once; what is held is at most the
// window's texts, however long the input. It waits in one place, for the input, the daemon and
// Ctrl-C at once, so lines that trickle in are answered as they come.

package import CommandLineTable
import Presentation
import Syscalls
package import TextflixClient
import TextflixProtocol

package struct TextRunSettings: Sendable {
    /// Which program says what has to be said.
    package let program: String
    /// How long the daemon may keep a text waiting without answering anything.
    package var timeout: Duration
    package var isStrict = false
    /// How a text is named in messages: `line 7`, `text 2`.
    package var itemName = "line"
    /// A closing line also when all went well.
    package var wantsSummary = false
    /// What is said of progress also when answers come out on the terminal: they come at the end.
    package var answersComeLast = false
    /// Before the progress line.
    package var progressName = ""
    /// Where answers are written.
    package var output = StandardStream.output.rawValue

    package init(
        _ program: String, timeout: Duration, isStrict: Bool = false, itemName: String = "line",
        wantsSummary: Bool = false
    ) {
        self.program = program
        self.timeout = timeout
        self.isStrict = isStrict
        self.itemName = itemName
        self.wantsSummary = wantsSummary
    }
}

package struct TextRun<Task: TextTask>: ~Copyable {
    private struct Batch {
        let items: [TextItem]
        let bytes: Int
        let begun: MonotonicClock.Instant
        /// When it was sent last.
        var sent: MonotonicClock.Instant
        var answers: [Task.Answer]?
        var tries = 1
    }

    /// Bytes of texts that share a request: an answer should not wait for a megabyte.
    private static var groupBytes: Int { 256 << 10 }
    /// A busy daemon is asked so often, each time with fewer texts under way.
    private static var mostTries: Int { 4 }

    private let client: Client
    private var task: Task
    private var input: TextInput
    private var output: OutputStream
    private let signals: SignalQueue
    private let settings: TextRunSettings
    private var window = FlowWindow()
    private var progress: Progress
    private var tally = Tally()
    private let begun = MonotonicClock.now
    /// When anything was answered last.
    private var lastAnswer = MonotonicClock.Instant.zero

    /// Under way, oldest first; `firstBatch` counts those that are gone.
    private var batches: [Batch] = []
    private var firstBatch = 0
    private var underWay = (texts: 0, bytes: 0)
    private var batchOfCall: [UInt64: Int] = [:]
    /// A text that did not fit into the last request.
    private var heldBack: TextItem?
    private var inputIsOver = false
    /// Why the run ends once what was before is answered.
    private var verdict: Failure?

    package init(
        _ task: Task, client: Client, input: consuming TextInput, settings: TextRunSettings
    ) throws(Failure) {
        do throws(Errno) {
            signals = try SignalQueue([.interrupt, .terminate])
        } catch { throw Failure(.operatingSystem, error.description) }
        self.task = task
        self.client = client
        self.settings = settings
        output = OutputStream(settings.output, signals: signals.number)
        let screen = settings.answersComeLast ? Screen(isTerminal: false, isColoured: false) : nil
        progress = Progress(
            settings.progressName, output: screen ?? Screen(of: .output), totalBytes: input.size,
            now: begun)
        self.input = input
    }

    /// Until the input is over and answered, the user stops it, or it fails for good.
    package mutating func run() throws(Failure) -> ExitStatus {
        while true {
            fill()
            if batches.isEmpty, inputIsOver { break }
            try output.flush()
            showProgress()
            if batches.first?.answers == nil, let status = try wait() { return status }
            try takeAnswers()
        }
        try output.flush()
        closingWords()
        if let verdict { throw verdict }
        return tally.failed > 0 ? .someFailed : .success
    }

    // MARK: - In

    private mutating func fill() {
        while !inputIsOver || heldBack != nil {
            guard window.hasRoom(texts: underWay.texts, bytes: underWay.bytes) else { return }
            let (group, known) = nextGroup()
            guard !group.isEmpty else { return }
            let size = group.reduce(0) { $0 + $1.text.utf8.count }
            let now = MonotonicClock.now
            batches.append(
                Batch(items: group, bytes: size, begun: now, sent: now, answers: known))
            underWay.texts += group.count
            underWay.bytes += size
            guard known == nil else { continue }
            submit(firstBatch + batches.count - 1, timeout: settings.timeout)
        }
    }

    /// Texts that are there now, as many as share a request, or whose answers are known already.
    private mutating func nextGroup() -> (items: [TextItem], answers: [Task.Answer]?) {
        var group: [TextItem] = []
        var known: [Task.Answer] = []
        var bytes = 0
        while group.count < min(window.group, task.mostTogether), let item = nextItem() {
            let answer = task.known(item)
            bytes += item.text.utf8.count
            let isOfAnotherKind = (answer != nil) != !known.isEmpty
            if !group.isEmpty, bytes > Self.groupBytes || isOfAnotherKind {
                heldBack = item
                break
            }
            group.append(item)
            if let answer { known.append(answer) }
        }
        return (group, known.isEmpty ? nil : known)
    }

    /// The next good text that is there; bad ones are reported on the way.
    private mutating func nextItem() -> TextItem? {
        if let item = heldBack.take() { return item }
        while !inputIsOver {
            switch input.next() {
            case .text(let item) where item.text.utf8.count > Limits.textBytes:
                reject(
                    item.number,
                    "a text of \(item.text.utf8.count) bytes; the limit is \(Limits.textBytes)")
            case .text(let item): return item
            case .bad(let line): reject(line.number, line.reason)
            case .nothingYet: return nil
            case .end: inputIsOver = true
            }
        }
        return nil
    }

    /// Says what is wrong with a text; in strict mode it is the last.
    private mutating func reject(_ number: Int, _ reason: String) {
        tally.failed += 1
        say("\(settings.itemName) \(number): \(reason)")
        guard settings.isStrict else { return }
        verdict = Failure(.data, "stopped at \(settings.itemName) \(number) (--strict)")
        inputIsOver = true
        heldBack = nil
    }

    private mutating func submit(_ sequence: Int, timeout: Duration) {
        let batch = batches[sequence - firstBatch]
        let request = task.request(batch.items.map(\.text))
        let ticket = client.start(task.procedure, request, timeout: timeout)
        batchOfCall[ticket.number] = sequence
    }

    // MARK: - Waiting

    /// Waits for anything to do; a status when the user wants to stop.
    private mutating func wait() throws(Failure) -> ExitStatus? {
        var entries = [PollEntry(signals.number, toRead: true)]
        let hasRoom = window.hasRoom(texts: underWay.texts, bytes: underWay.bytes)
        if hasRoom, !inputIsOver, !input.hasEnded, let number = input.number {
            entries.append(PollEntry(number, toRead: true))
        }
        do throws(ClientError) {
            try client.wait(until: progress.wake, watching: &entries)
        } catch { throw Failure(error) }
        if output.isInterrupted || entries[0].isReadable { return try stop() }
        if entries.count > 1, entries[1].isReadable { try input.read() }
        return nil
    }

    /// Whole lines only are left behind, and the status says which signal it was.
    private mutating func stop() throws(Failure) -> ExitStatus {
        let signal = signals.next()
        printError(progress.erase())
        try output.flush()
        return signal == .terminate ? .terminated : .interrupted
    }

    // MARK: - Out

    /// Whatever came, in any order; then out goes what stands at the front.
    private mutating func takeAnswers() throws(Failure) {
        for answer in client.takeAnswers() {
            guard let sequence = batchOfCall.removeValue(forKey: answer.call) else { continue }
            try take(answer, for: sequence)
        }
        while let answers = batches.first?.answers {
            let batch = batches.removeFirst()
            firstBatch += 1
            underWay.texts -= batch.items.count
            underWay.bytes -= batch.bytes
            try emit(batch.items, answers)
        }
    }

    /// Notes an answer, or sends the request again.
    private mutating func take(_ answer: Answer, for sequence: Int) throws(Failure) {
        let index = sequence - firstBatch
        do throws(ClientError) {
            let response = try Client.decoded(answer, as: Task.Response.self)
            let answers = task.answers(of: response)
            let items = batches[index].items
            guard answers.count == items.count else {
                throw .notThisProtocol("\(answers.count) answers to \(items.count) texts")
            }
            lastAnswer = MonotonicClock.now
            let time = lastAnswer.since(batches[index].sent)
            window.answered(
                items.count, after: .nanoseconds(Int64(time)), attempts: answer.attempts)
            batches[index].answers = answers
        } catch {
            if batches[index].items.count == 1, let answer = task.failure(error) {
                batches[index].answers = [answer]
                return
            }
            let left = timeLeft(batches[index])
            guard error.isWorthAnotherTry, left > .zero, batches[index].tries < Self.mostTries
            else {
                try output.flush()
                throw Failure(error)
            }
            window.refused()
            batches[index].tries += 1
            batches[index].sent = MonotonicClock.now
            submit(sequence, timeout: left)
        }
    }

    /// What is left of the timeout: it runs from the first sending, however often a request is sent
    /// again, and begins anew only when something is answered, since then the daemon is alive and
    /// the wait was for texts of our own.
    private func timeLeft(_ batch: Batch) -> Duration {
        let silent = MonotonicClock.now.since(max(batch.begun, lastAnswer))
        return settings.timeout - .nanoseconds(Int64(clamping: silent))
    }

    private mutating func emit(_ items: [TextItem], _ answers: [Task.Answer]) throws(Failure) {
        var lines: [UInt8] = []
        for (item, answer) in zip(items, answers) {
            guard answer.code == 0 else {
                let code = StatusCode(rawValue: answer.code)?.name ?? "code \(answer.code)"
                reject(item.number, "\(code): \(DisplayWidth.oneLine(answer.error.utf8))")
                guard settings.isStrict else { continue }
                abandonRest()
                break
            }
            tally.count(answer, agrees: task.agrees(answer, with: item))
            try task.show(answer, of: item, to: &lines)
        }
        try output.write(lines)
    }

    /// After a bad text in strict mode nothing that stood behind it is shown.
    private mutating func abandonRest() {
        batches = []
        batchOfCall = [:]
    }

    // MARK: - Words

    /// On standard error, with the progress line out of the way.
    private mutating func say(_ message: String) {
        printError("\(progress.erase())\(settings.program): \(message)\n")
    }

    private mutating func showProgress() {
        let line = progress.line(
            texts: tally.answered, bytes: input.bytesRead, now: MonotonicClock.now)
        if let line { printError(line) }
    }

    private mutating func closingWords() {
        let seconds = Double(MonotonicClock.now.since(begun)) / 1e9
        printError(progress.erase())
        if let summary = tally.summary(after: seconds, isWanted: settings.wantsSummary) {
            say(summary)
        }
    }
}

extension ClientError {
    /// For a long input, which should survive what a single request would give up on.
    package var isWorthAnotherTry: Bool {
        switch self {
        case .timedOut: true
        case .failed(let status): status.code == .deadlineExceeded || isTransient
        default: false
        }
    }
}

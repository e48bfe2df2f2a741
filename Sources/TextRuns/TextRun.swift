// The loop of every command that takes texts: input to output, in one thread.
//
//     input --lines--> group --request--> daemon --answers, any order--> batches --in order--> out
//                        ^                                                 |
//                        '----------- FlowWindow: texts under way ---------'
//
// Invariant: answers leave in the order of their texts, each once; what is held is at most the
// window's texts, however long the input. It waits in one place, for the input, the daemon and
// Ctrl-C at once, so lines that trickle in are answered as they come. What becomes of an answer, or
// of a refusal, stands in TextRun+Answers.swift.

import CommandLineTable
import Presentation
package import Syscalls
package import TextflixClient
import TextflixProtocol

package struct TextRun<Task: TextTask>: ~Copyable {
    enum Outcome {
        case answer(Task.Answer)
        /// This text alone failed, and why.
        case failure(String)
    }

    struct Batch {
        let items: [TextItem]
        let bytes: Int
        var outcomes: [Outcome?]
        var missing: Int

        init(_ items: [TextItem], known: [Task.Answer]?) {
            self.items = items
            bytes = items.reduce(0) { $0 + $1.text.utf8.count }
            outcomes = known?.map { .answer($0) } ?? items.map { _ in nil }
            missing = known == nil ? items.count : 0
        }
    }

    /// Bytes of texts that share a request: an answer should not wait for a megabyte.
    private static var groupBytes: Int { 256 << 10 }

    let client: Client
    var task: Task
    private var input: TextInput
    var output: OutputStream
    private let signals: SignalQueue
    let settings: TextRunSettings
    var dispatch = Dispatch()
    private var progress: Progress
    package internal(set) var tally = Tally()
    private let begun = MonotonicClock.now
    /// When anything was answered last, and how many texts have been too slow since.
    var lastAnswer = MonotonicClock.Instant.zero
    var lateInARow = 0

    /// Not yet written, oldest first; `firstBatch` counts those that are gone.
    var batches: [Batch] = []
    var firstBatch = 0
    var held = (texts: 0, bytes: 0)
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
            sendAgain()
            try fill()
            if batches.isEmpty, inputIsOver { break }
            try output.flush()
            if output.isInterrupted { return try stop() }
            showProgress()
            if batches.first?.missing != 0, let status = try wait() { return status }
            try takeAnswers()
        }
        try output.flush()
        if output.isInterrupted { return try stop() }
        closingWords()
        if let verdict { throw verdict }
        // Each was told already.
        if tally.answered == 0, lateInARow > 0 { throw Failure(.tryAgain, "") }
        return tally.failed > 0 ? .someFailed : .success
    }

    // MARK: - In

    /// What was refused and may be sent by now.
    private mutating func sendAgain() {
        let now = MonotonicClock.now
        while let part = dispatch.due(now) {
            submit(part, now: now)
        }
    }

    private mutating func fill() throws(Failure) {
        while !inputIsOver || heldBack != nil {
            guard hasRoom else { return }
            let (group, known) = try nextGroup()
            guard !group.isEmpty else { return }
            let batch = Batch(group, known: known)
            batches.append(batch)
            held.texts += group.count
            held.bytes += batch.bytes
            guard known == nil else { continue }
            let (now, number) = (MonotonicClock.now, firstBatch + batches.count - 1)
            let part = Dispatch.Part(batch: number, texts: group.indices, now: now)
            submit(part, now: now)
        }
    }

    private var hasRoom: Bool {
        dispatch.takesNew && held.texts < task.mostUnderWay
            && dispatch.window.hasRoom(texts: held.texts, bytes: held.bytes)
    }

    /// Texts that are there now, as many as share a request, or whose answers are known already.
    private mutating func nextGroup() throws(Failure) -> (
        items: [TextItem], answers: [Task.Answer]?
    ) {
        var group: [TextItem] = []
        var known: [Task.Answer] = []
        var bytes = 0
        while group.count < min(dispatch.window.group, task.mostTogether), let item = try nextItem()
        {
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
    private mutating func nextItem() throws(Failure) -> TextItem? {
        if let item = heldBack.take() { return item }
        while !inputIsOver {
            switch try input.next() {
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
    mutating func reject(_ number: Int, _ reason: String) {
        tally.failed += 1
        say("\(settings.itemName) \(number): \(reason)")
        guard settings.isStrict else { return }
        verdict = Failure(.data, "stopped at \(settings.itemName) \(number) (--strict)")
        inputIsOver = true
        heldBack = nil
    }

    private mutating func submit(_ part: Dispatch.Part, now: MonotonicClock.Instant) {
        let part = dispatch.ready(part, now: now)
        let texts = batches[part.batch - firstBatch].items[part.texts].map(\.text)
        let timeout = max(timeLeft(part, now), .milliseconds(1))
        let ticket = client.start(task.procedure, task.request(texts), timeout: timeout)
        dispatch.sent(part, as: ticket.number)
    }

    // MARK: - Waiting

    /// Waits for anything to do; a status when the user wants to stop.
    private mutating func wait() throws(Failure) -> ExitStatus? {
        var entries = [PollEntry(signals.number, toRead: true)]
        if hasRoom, !inputIsOver, !input.hasEnded, let number = input.number {
            entries.append(PollEntry(number, toRead: true))
        }
        do throws(ClientError) {
            let wake = min(progress.wake, dispatch.nextDue ?? .distantFuture)
            try client.wait(until: wake, watching: &entries)
        } catch { throw Failure(error) }
        if entries[0].isReadable { return try stop() }
        if entries.count > 1, entries[1].isReadable { try input.read() }
        return nil
    }

    /// Whole lines only are left behind, and the status says which signal it was.
    private mutating func stop() throws(Failure) -> ExitStatus {
        let signal = signals.next()
        printError(progress.erase())
        output.interrupt()
        try output.flush()
        return signal == .terminate ? .terminated : .interrupted
    }

    // MARK: - Words

    /// On standard error, with the progress line out of the way.
    private mutating func say(_ message: String) {
        printError(progress.erase())
        printMessage("\(settings.program): \(message)\n")
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

// The thread that explains: takes texts apart, has their variants scored through the queue, and
// solves.
//
// An explanation is a few hundred texts to everybody else: they are admitted a wave at a time,
// charged to the user, dropped with the request. So one large explanation neither fills the queue
// nor keeps another's first variants waiting. It computes no model and touches no socket.
//
// Invariant: every task that was begun and is still wanted gets exactly one outcome.

internal import Insight
internal import Synchronization
package import Syscalls
internal import TextflixProtocol
internal import Tokenization

package final class ExplanationThread: Sendable {
    enum Letter: Sendable {
        case begin(ExplanationTask)
        case outcomes([TextOutcome])
        case drop(RequestID)
        case stop
    }

    private let letters = Mutex<[Letter]>([])
    private let bell = Futex()
    private let scheduler: Scheduler
    private let mailbox: Mailbox
    private let pulse: Pulse

    package init(scheduler: Scheduler, mailbox: Mailbox, pulse: Pulse) {
        self.scheduler = scheduler
        self.mailbox = mailbox
        self.pulse = pulse
    }

    package func start() throws(Errno) {
        try Thread.spawn(name: "explain", stackBytes: 1 << 20) { [self] in
            run()
            pulse.end()
        }.detach()
    }

    package func begin(_ task: ExplanationTask) { post(.begin(task)) }

    package func deliver(_ outcomes: [TextOutcome]) { post(.outcomes(outcomes)) }

    package func drop(_ request: RequestID) { post(.drop(request)) }

    package func stop() { post(.stop) }

    private func post(_ letter: Letter) {
        letters.withLock { $0.append(letter) }
        bell.add(1)
        bell.wake()
    }

    private func run() {
        var desk = ExplanationDesk(scheduler: scheduler, mailbox: mailbox)
        while true {
            let seen = bell.value
            let taken = letters.withLock { letters in
                defer { letters = [] }
                return letters
            }
            if taken.isEmpty {
                pulse.rest()
                bell.wait(while: seen)
                continue
            }
            for letter in taken {
                pulse.beat()
                switch letter {
                case .begin(let task): desk.begin(task)
                case .outcomes(let outcomes): desk.take(outcomes, pulse)
                case .drop(let request): desk.drop(request)
                case .stop: return
                }
            }
        }
    }
}

/// What lives on the explanation thread only.
struct ExplanationDesk {
    private let scheduler: Scheduler
    private let mailbox: Mailbox
    private var runs: [RequestID: ExplanationRun] = [:]
    private var buffer = TokenBuffer()

    /// Variants of one explanation that wait or are computed at a time: some of the largest batches
    /// of short texts, a sixteenth of a user's share of the queue.
    private static let wave = 256

    init(scheduler: Scheduler, mailbox: Mailbox) {
        self.scheduler = scheduler
        self.mailbox = mailbox
    }

    mutating func begin(_ task: ExplanationTask) {
        guard scheduler.wants(task.request) else { return }
        do throws(Status) {
            let text = try read(task)
            let now = MonotonicClock.now
            // On average a variant keeps half of the text.
            let affordable = scheduler.affordableTexts(
                task.request, tokens: max(1, text.reading.usedTokens / 2), now: now)
            var run = try ExplanationRun(task, text, affordable: affordable, now: now)
            try feed(&run)
            runs[task.request] = run
        } catch {
            fail(task.request, error)
        }
    }

    mutating func take(_ outcomes: [TextOutcome], _ pulse: Pulse) {
        for (request, outcomes) in Dictionary(grouping: outcomes, by: \.request) {
            // The largest takes seconds to solve, and several may end together.
            pulse.beat()
            guard var run = runs.removeValue(forKey: request) else { continue }
            do throws(Status) {
                for outcome in outcomes { try run.note(outcome) }
                if run.isDone {
                    finish(run)
                } else if run.settles(now: MonotonicClock.now) {
                    // Nobody waits for the variants that are still in the queue.
                    scheduler.cancel(request)
                    finish(run)
                } else {
                    try feed(&run)
                    runs[request] = run
                }
            } catch {
                fail(request, error)
            }
        }
    }

    mutating func drop(_ request: RequestID) { runs[request] = nil }

    private func finish(_ run: ExplanationRun) {
        mailbox.post(
            .text(
                TextOutcome(
                    request: run.task.request, index: 0,
                    result: .explained(ExplanationAnswer(run: run).response()))))
    }

    private func fail(_ request: RequestID, _ status: Status) {
        scheduler.cancel(request)
        mailbox.post(.text(TextOutcome(request: request, index: 0, result: .refused(status))))
    }

    // MARK: Reading

    private mutating func read(_ task: ExplanationTask) throws(Status) -> ExplainedText {
        let order = task.order
        let isExact = order.way == .fixed(.exactLime) || order.way == .fixed(.shapley)
        let limit = isExact ? ExplainOrder.exactSentences : ExplainOrder.sentences
        return try ExplainedText(
            task.text.utf8, reading: reading(task), unit: order.unit, sentences: limit)
    }

    private mutating func reading(
        _ task: ExplanationTask
    ) throws(Status) -> ExplainedText.Reading {
        switch task.model.computation {
        case .network(_, let tokenizer):
            return try TextReading(tokenizer: tokenizer, model: task.model).read(
                task.text.utf8, truncation: task.truncation, &buffer)
        case .linear:
            if let offset = task.text.firstInvalidByte() {
                throw .invalid(TokenizationError.invalidUTF8(offset: offset).description)
            }
            return ExplainedText.Reading(
                ranges: [[0..<task.text.utf8.count]], usedTokens: LinearEngine.cost(of: task.text))
        }
    }

    // MARK: Feeding the queue

    /// Hands the next variants to the queue. The run's first admitted text is kept for its last
    /// variant; the others need room of their own.
    private mutating func feed(_ run: inout ExplanationRun) throws(Status) {
        let room = Self.wave - run.outstanding
        guard run.left > 0, room >= Self.wave / 2 else { return }
        var count = min(run.left, room)
        while try !feed(&run, count) {
            // What is under way makes room: its outcomes lead here again.
            if run.outstanding > 0 { return }
            count /= 2
        }
    }

    /// - Returns: false where the queue has no room for so many, and fewer may fit.
    private mutating func feed(
        _ run: inout ExplanationRun, _ count: Int
    ) throws(Status) -> Bool {
        let isLast = count == run.left
        let range = run.take(count)
        var items = range.map { item(run, $0) }
        let extra = isLast ? items.dropLast() : items[...]
        if !extra.isEmpty {
            do throws(Refusal) {
                try scheduler.extend(
                    run.task.request, texts: extra.count,
                    bytes: extra.reduce(0) { $0 + $1.byteCount }, now: MonotonicClock.now)
            } catch {
                run.giveBack(items.count)
                guard error.isOfRoom, count > 1 || run.outstanding > 0 else {
                    throw Status(error)
                }
                return false
            }
        }
        // Equal lengths together: a batch of them leaves less of its budget unused.
        items.sort { $0.tokenCount > $1.tokenCount }
        for item in items { scheduler.enqueue(item) }
        return true
    }

    private mutating func item(_ run: ExplanationRun, _ index: Int) -> WorkItem<TokenisedText> {
        let bytes = run.bytes(of: index)
        let byteCount = run.isLast(index) ? run.task.text.utf8.count : bytes.count
        let request = run.task.request
        guard case .network(_, let tokenizer) = run.task.model.computation else {
            let text = Text(utf8: bytes)
            return WorkItem(
                request: request, index: index, tokenCount: LinearEngine.cost(of: text),
                byteCount: byteCount,
                payload: TokenisedText(
                    model: run.task.model, ids: [], total: nil, isTruncated: false,
                    nanoseconds: 0, places: nil, text: text))
        }
        // The text was validated, and no part is longer than the model reads.
        let policy =
            run.isWholeText(index) ? run.task.model.policy(run.task.truncation) : .head
        let source = run.isWholeText(index) ? run.task.text.utf8 : bytes
        let count = try? tokenizer.tokenize(
            source, truncation: policy, maxTokens: run.task.model.maxTokens, into: &buffer)
        return WorkItem(
            request: request, index: index, tokenCount: count?.used ?? 0, byteCount: byteCount,
            payload: TokenisedText(
                model: run.task.model, ids: buffer.ids.withUnsafeBufferPointer { Array($0) },
                total: nil, isTruncated: false,
                nanoseconds: 0, places: nil))
    }
}

extension Refusal {
    /// Whether fewer texts, or the same later, may be taken.
    fileprivate var isOfRoom: Bool {
        switch self {
        case .queueFull, .userShareFull, .connectionShareFull, .neverFits: true
        case .tooLate, .expired: false
        }
    }
}

extension Status {
    /// A refusal in the middle of an explanation.
    fileprivate init(_ refusal: Refusal) {
        switch refusal {
        case .queueFull(let wait), .userShareFull(let wait), .connectionShareFull(let wait):
            self.init(
                code: .resourceExhausted,
                message: "the queue has no room for the variants of the text",
                retryAfter: .nanoseconds(Int64(wait)))
        case .neverFits:
            self.init(
                code: .resourceExhausted,
                message: "the queue never has room for the variants of such a text")
        case .tooLate, .expired:
            self.init(code: .deadlineExceeded, message: "not done by its deadline")
        }
    }
}

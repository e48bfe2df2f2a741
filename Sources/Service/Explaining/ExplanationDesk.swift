// What lives on the explanation thread only: the explanations under way.
//
//     begin ──> rows ──> taken apart ──> waves of variants ──> scored ──> rows ──> worked out
//
// An explanation is a few hundred texts to everybody else: they are admitted a wave at a time,
// charged to the user, dropped with the request. So one large explanation neither fills the queue
// nor keeps another's first variants waiting. The queue is asked before a variant is made.
//
// Invariant: every task that was begun and is still wanted gets exactly one outcome.

internal import Insight
internal import Syscalls
internal import TextflixProtocol
internal import Tokenization

struct ExplanationDesk {
    private let scheduler: Scheduler
    private let mailbox: Mailbox
    private var rows: ExplanationRows
    /// Those whose variants are being scored.
    private var runs: [RequestID: ExplanationRun] = [:]
    private var buffer = TokenBuffer()

    init(limits: ServiceLimits, scheduler: Scheduler, mailbox: Mailbox) {
        self.scheduler = scheduler
        self.mailbox = mailbox
        rows = ExplanationRows(limits: limits)
    }

    // MARK: Letters

    mutating func begin(_ task: ExplanationTask) {
        guard let claim = scheduler.claim(of: task.request) else { return }
        rows.add(.begin(task), of: claim)
    }

    mutating func take(_ outcomes: [TextOutcome]) {
        for (request, outcomes) in Dictionary(grouping: outcomes, by: \.request) {
            guard var run = runs.removeValue(forKey: request) else { continue }
            do throws(Status) {
                for outcome in outcomes { try run.note(outcome) }
                if run.isDone {
                    rows.add(.answer(ExplanationAnswer(run)), of: run.claim)
                } else if run.settles(now: MonotonicClock.now) {
                    // Nobody waits for the variants that are still in the queue.
                    scheduler.cancel(request)
                    rows.add(.answer(ExplanationAnswer(run)), of: run.claim)
                } else {
                    try feed(&run)
                    runs[request] = run
                }
            } catch {
                fail(request, error)
            }
        }
    }

    mutating func drop(_ request: RequestID) {
        runs[request] = nil
        rows.remove(request)
    }

    private func fail(_ request: RequestID, _ status: Status) {
        scheduler.cancel(request)
        mailbox.post(.text(TextOutcome(request: request, index: 0, result: .refused(status))))
    }

    // MARK: Turns

    /// Does some of what waits.
    /// - Returns: false when nothing does.
    mutating func takeTurn() -> Bool {
        let start = MonotonicClock.now
        guard let turn = rows.next(now: start) else { return false }
        let isOver: Bool
        switch turn.work {
        case .begin(let task):
            takeApart(task, turn.claim)
            isOver = true
        case .answer(let answer): isOver = advance(answer, since: start)
        }
        rows.charge(turn, microseconds: Int(MonotonicClock.now.since(start) / 1000))
        if isOver { rows.remove(turn.claim.request) }
        return true
    }

    private mutating func takeApart(_ task: ExplanationTask, _ claim: Claim) {
        guard scheduler.wants(task.request) else { return }
        do throws(Status) {
            let text = try read(task)
            let now = MonotonicClock.now
            // On average a variant keeps half of the text.
            let affordable = scheduler.affordableTexts(
                task.request, tokens: max(1, text.reading.usedTokens / 2), now: now)
            var run = try ExplanationRun(task, claim, text, affordable: affordable, now: now)
            try feed(&run)
            runs[task.request] = run
        } catch {
            fail(task.request, error)
        }
    }

    /// - Returns: whether the answer is there, and has gone out.
    private func advance(_ answer: ExplanationAnswer, since start: Instant) -> Bool {
        let end = start.advanced(by: UInt64(ExplanationRows.sliceMicroseconds) * 1000)
        repeat {
            guard let response = answer.step() else { continue }
            mailbox.post(
                .text(
                    TextOutcome(
                        request: answer.request, index: 0, result: .explained(response))))
            return true
        } while MonotonicClock.now < end
        return false
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

    /// Hands the next variants to the queue, as many as it has room for.
    private mutating func feed(_ run: inout ExplanationRun) throws(Status) {
        guard run.left > 0, run.outstanding <= run.wave / 2 else { return }
        var count = min(run.left, run.wave - run.outstanding)
        while try !extend(run, count) {
            run.noteRefusal(of: count)
            // What is under way makes room: its outcomes lead here again.
            if run.outstanding > 0 { return }
            count = run.wave
        }
        run.noteRoom()
        var items = run.take(count).map { item(run, $0) }
        // Equal lengths together: a batch of them leaves less of its budget unused.
        items.sort { $0.tokenCount > $1.tokenCount }
        for item in items { scheduler.enqueue(item) }
    }

    /// Has room made for the next variants. The run's first admitted text is kept for its last
    /// variant; the others need room of their own.
    /// - Returns: false where the queue has no room for so many, and fewer may fit.
    private func extend(_ run: ExplanationRun, _ count: Int) throws(Status) -> Bool {
        let others = run.upcoming(count).filter { !run.isLast($0) }
        if others.isEmpty { return true }
        do throws(Refusal) {
            try scheduler.extend(
                run.task.request, texts: others.count,
                bytes: others.reduce(0) { $0 + run.byteCount(of: $1) }, now: MonotonicClock.now)
            return true
        } catch {
            guard error.isOfRoom, count > 1 || run.outstanding > 0 else { throw Status(error) }
            return false
        }
    }

    private mutating func item(_ run: ExplanationRun, _ index: Int) -> WorkItem<TokenisedText> {
        let bytes = run.bytes(of: index)
        let byteCount = run.byteCount(of: index)
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

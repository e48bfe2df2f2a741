// What becomes of what the daemon says: answers go out in order; what it refused is sent again, in
// smaller pieces, or is told as the failure of its text.
//
//     answered              kept until what stands before it is written
//     late beside others    parked; the window shrinks
//     late, alone           parted in two; one text: until the timeout is over, then it has failed
//     busy or away          parked, as long as the timeout lasts
//     never to be answered  parted in two; one text has failed
//     anything else         ends the run
//
// Invariant: a text fails alone, with its number and the reason; a daemon that answers nothing any
// more ends the run.

import Presentation
import Syscalls
import TextflixClient
import TextflixProtocol

extension TextRun {
    /// After so many texts in a row that were too slow by themselves the run ends.
    private static var mostLateInARow: Int { 4 }

    /// Whatever came, in any order; then out goes what stands at the front.
    mutating func takeAnswers() throws(Failure) {
        for answer in client.takeAnswers() {
            guard let part = dispatch.ended(answer.call) else { continue }
            try take(answer, for: part)
        }
        while batches.first?.missing == 0, !output.isInterrupted {
            let batch = batches.removeFirst()
            firstBatch += 1
            held.texts -= batch.items.count
            held.bytes -= batch.bytes
            try emit(batch)
        }
    }

    private mutating func take(_ answer: Answer, for part: Dispatch.Part) throws(Failure) {
        let response: Task.Response
        do throws(ClientError) {
            response = try Client.decoded(answer, as: Task.Response.self)
        } catch { return try refused(part, error) }
        let answers = try task.answers(of: response)
        guard answers.count == part.texts.count else {
            let words = "\(answers.count) answers to \(part.texts.count) texts"
            return try refused(part, .notThisProtocol(words))
        }
        lastAnswer = MonotonicClock.now
        lateInARow = 0
        dispatch.window.answered(
            answers.count, after: .nanoseconds(Int64(lastAnswer.since(part.sent))),
            attempts: answer.attempts)
        note(part, answers.map { .answer($0) })
    }

    private mutating func note(_ part: Dispatch.Part, _ outcomes: [Outcome]) {
        let index = part.batch - firstBatch
        for (place, outcome) in zip(part.texts, outcomes) {
            batches[index].outcomes[place] = outcome
        }
        batches[index].missing -= outcomes.count
    }

    // MARK: - Refusals

    private mutating func refused(
        _ part: Dispatch.Part, _ error: ClientError
    ) throws(Failure) {
        let now = MonotonicClock.now
        guard case .failed(let status) = error else {
            return try park(part, error, asked: nil, now)
        }
        let isLate = status.code == .deadlineExceeded
        let isOfTheseTexts =
            status.code == .resourceExhausted && !error.isTransient
            || status.code == .invalidArgument && task.mostTogether == 1
        if isLate { dispatch.window.refused() }
        if isOfTheseTexts || isLate && part.isAlone, part.texts.count > 1 {
            for half in part.halves(now: now) { dispatch.park(half, until: now) }
        } else if isOfTheseTexts {
            note(part, [.failure(Self.words(status.code.rawValue, status.message))])
        } else if isLate, part.isAlone, timeLeft(part, now) <= pause(part, status) {
            try failLate(part, status)
        } else if isLate {
            dispatch.park(part, until: now.advanced(by: pause(part, status)))
        } else {
            try park(part, error, asked: status.retryAfter, now)
        }
    }

    private func pause(_ part: Dispatch.Part, _ status: Status) -> Duration {
        Dispatch.pause(part, asked: status.retryAfter)
    }

    /// Of a daemon that is busy, away or silent, unless it has been so for too long.
    private mutating func park(
        _ part: Dispatch.Part, _ error: ClientError, asked: Duration?,
        _ now: MonotonicClock.Instant
    ) throws(Failure) {
        let pause = Dispatch.pause(part, asked: asked)
        guard error.isWorthAnotherTry, timeLeft(part, now) > pause else {
            try output.flush()
            throw Failure(error)
        }
        dispatch.window.refused()
        dispatch.park(part, until: now.advanced(by: pause))
    }

    /// A text that had the daemon for itself, as far as we know, and the whole timeout.
    private mutating func failLate(
        _ part: Dispatch.Part, _ status: Status
    ) throws(Failure) {
        lateInARow += 1
        let words = Self.words(status.code.rawValue, status.message)
        note(part, [.failure(words)])
        guard lateInARow >= Self.mostLateInARow, !settings.isStrict else { return }
        let number = batches[part.batch - firstBatch].items[part.texts.lowerBound].number
        try takeAnswers()
        try output.flush()
        throw Failure(
            .tryAgain,
            "\(lateInARow) texts in a row were too slow, the last of them "
                + "\(settings.itemName) \(number); --timeout gives more time")
    }

    /// What is left of the timeout: it runs from the first sending, however often a request is sent
    /// again, and begins anew only when something is answered, since then the daemon is alive and
    /// the wait was for texts of our own.
    func timeLeft(_ part: Dispatch.Part, _ now: MonotonicClock.Instant) -> Duration {
        let silent = now.since(max(part.begun, lastAnswer))
        return settings.timeout - .nanoseconds(Int64(clamping: silent))
    }

    // MARK: - Out

    private mutating func emit(_ batch: Batch) throws(Failure) {
        var lines: [UInt8] = []
        for (item, outcome) in zip(batch.items, batch.outcomes) {
            if let reason = Self.reason(outcome) {
                reject(item.number, reason)
                guard settings.isStrict else { continue }
                abandonRest()
                break
            }
            guard case .answer(let answer) = outcome else { continue }
            tally.count(answer, agrees: task.agrees(answer, with: item))
            try task.show(answer, of: item, to: &lines)
        }
        try output.write(lines)
    }

    /// Why a text has no answer; nil: it has one.
    private static func reason(_ outcome: Outcome?) -> String? {
        switch outcome {
        case .failure(let words): words
        case .answer(let answer): answer.code == 0 ? nil : words(answer.code, answer.error)
        case nil: nil
        }
    }

    private static func words(_ code: Int32, _ message: String) -> String {
        let name = StatusCode(rawValue: code)?.name ?? "code \(code)"
        return "\(name): \(DisplayWidth.oneLine(message))"
    }

    /// After a bad text in strict mode nothing that stood behind it is shown.
    private mutating func abandonRest() {
        batches = []
        dispatch.abandon()
    }
}

extension ClientError {
    /// For a long input, which should survive what a single request would give up on.
    package var isWorthAnotherTry: Bool { self.isTransient || self.isTimeOut }

    private var isTimeOut: Bool {
        if case .timedOut = self { true } else { false }
    }
}

// The thread that turns texts into tokens.
//
// Tasks wait in rows, of which `TaskRows` has the order, and each gets a slice of text in turn: a
// request of a thousand long texts does not keep a short one waiting. Texts go on one by one, so
// the engine starts on the first while the second is still read.

internal import Synchronization
package import Syscalls
package import TextflixProtocol
internal import Tokenization
package import Weights

/// A text of a request, ready to be computed.
package struct TokenisedText: Sendable {
    package let model: ServedModel
    package let ids: [UInt32]
    /// nil: not counted to the end.
    package let total: Int?
    package let isTruncated: Bool
    /// What reading it took.
    package let nanoseconds: UInt64
    /// For the outputs that speak of places in the text: the text, and each token's bytes.
    package let places: TokenPlaces?
    /// For a model that reads bytes: the text itself, and no ids.
    package let text: Text?

    package init(
        model: ServedModel, ids: [UInt32], total: Int?, isTruncated: Bool, nanoseconds: UInt64,
        places: TokenPlaces?, text: Text? = nil
    ) {
        self.model = model
        self.ids = ids
        self.total = total
        self.isTruncated = isTruncated
        self.nanoseconds = nanoseconds
        self.places = places
        self.text = text
    }
}

package struct TokenPlaces: Sendable {
    package let text: Text
    package let starts: [UInt32]
    package let ends: [UInt32]
    /// Index of the first token after the cut of head-and-tail truncation.
    package let cut: Int?
}

/// The texts of an accepted request, and how they are to be read.
package struct TokenisingTask: Sendable {
    package let request: RequestID
    package let user: UInt32
    package let connection: UInt64
    package let model: ServedModel
    package let workClass: WorkClass
    package let output: OutputKind
    package let truncation: ModelSettings.Truncation
    package let specialTokens: Bool
    package let texts: [Text]
    /// Which text of the request each is: some may be answered already.
    package let indices: [Int]
    package var next = 0
    /// Of `.tokens`: bytes that the answer still has room for; below zero: it had too few.
    var answerRoom = Limits.bodyBytes

    var hasMore: Bool { next < texts.count }

    package init(
        request: RequestID, user: UInt32, connection: UInt64, model: ServedModel,
        workClass: WorkClass, output: OutputKind, truncation: ModelSettings.Truncation,
        specialTokens: Bool = true, texts: [Text], indices: [Int]
    ) {
        self.request = request
        self.user = user
        self.connection = connection
        self.model = model
        self.workClass = workClass
        self.output = output
        self.truncation = truncation
        self.specialTokens = specialTokens
        self.texts = texts
        self.indices = indices
    }
}

package final class TokenisingThread: Sendable {
    /// Texts up to this size are counted to their end, so that the answer can say how much was cut.
    private static let countedBytes = 256 << 10
    /// What a token takes in an answer: a byte at least for its number, its start and its end.
    private static let leastTokenBytes = 3

    private let rows: Mutex<TaskRows>
    private let isStopped = Atomic(false)
    private let bell = Futex()
    private let scheduler: Scheduler
    private let mailbox: Mailbox
    private let pulse: Pulse

    package init(
        scheduler: Scheduler, mailbox: Mailbox, pulse: Pulse, limits: ServiceLimits
    ) {
        rows = Mutex(TaskRows(bulkShareOneIn: limits.bulkShareOneIn))
        self.scheduler = scheduler
        self.mailbox = mailbox
        self.pulse = pulse
    }

    package func start() throws(Errno) {
        try Thread.spawn(name: "tokenise") { [self] in
            run()
            pulse.end()
        }.detach()
    }

    package func submit(_ task: TokenisingTask) {
        rows.withLock { $0.add(task) }
        bell.add(1)
        bell.wake()
    }

    package func stop() {
        isStopped.store(true, ordering: .releasing)
        bell.add(1)
        bell.wake()
    }

    private func run() {
        var buffer = TokenBuffer()
        while true {
            let seen = bell.value
            if isStopped.load(ordering: .acquiring) { return }
            guard var task = rows.withLock({ $0.take() }) else {
                pulse.rest()
                bell.wait(while: seen)
                continue
            }
            pulse.beat()
            let bytes = readSlice(&task, &buffer)
            rows.withLock { $0.end(task, used: bytes) }
        }
    }

    /// - Returns: how much was read.
    private func readSlice(_ task: inout TokenisingTask, _ buffer: inout TokenBuffer) -> Int {
        var bytes = 0
        while task.hasMore, bytes < TaskRows.sliceBytes {
            // Whoever has gone meanwhile is not worth a single token.
            guard scheduler.wants(task.request) else {
                task.next = task.texts.count
                return bytes
            }
            let text = task.texts[task.next]
            bytes += text.utf8.count + 64
            let index = task.indices[task.next]
            if task.output == .tokens {
                answer(text, index, &task, &buffer)
            } else {
                read(text, index, task, &buffer)
            }
            task.next += 1
        }
        return bytes
    }

    private func read(
        _ text: Text, _ index: Int, _ task: TokenisingTask, _ buffer: inout TokenBuffer
    ) {
        let model = task.model
        guard case .network(_, let tokenizer) = model.computation else {
            return pass(text, index, task)
        }
        if task.truncation == .windows {
            return readWindows(text, index, task, tokenizer, &buffer)
        }
        let start = MonotonicClock.now
        let count: TokenCount
        do throws(TokenizationError) {
            count = try tokenizer.tokenize(
                text.utf8, truncation: model.policy(task.truncation), maxTokens: model.maxTokens,
                countAll: text.utf8.count <= Self.countedBytes,
                specialTokens: task.specialTokens, into: &buffer)
        } catch {
            return fail(text, index, task, .invalidArgument, error.description)
        }
        scheduler.enqueue(
            WorkItem(
                request: task.request, index: index, tokenCount: count.used,
                byteCount: text.utf8.count,
                payload: TokenisedText(
                    model: model, ids: buffer.ids.withUnsafeBufferPointer { Array($0) },
                    total: count.total, isTruncated: count.truncated,
                    nanoseconds: MonotonicClock.now.since(start),
                    places: places(text, task, count, buffer))))
    }

    /// Hands on a text as windows, if it is too long for the model; they make one answer again.
    private func readWindows(
        _ text: Text, _ index: Int, _ task: TokenisingTask, _ tokenizer: WordPiece,
        _ buffer: inout TokenBuffer
    ) {
        let start = MonotonicClock.now
        let windows: [TokenWindow]
        do throws(TokenizationError) {
            windows = try tokenizer.windows(
                text.utf8, maxTokens: task.model.maxTokens, atMost: Limits.textWindows,
                into: &buffer)
        } catch {
            return fail(text, index, task, .invalidArgument, error.description)
        }
        for (number, window) in windows.enumerated() {
            let isLast = number == windows.count - 1
            let ids =
                [tokenizer.classification] + buffer.ids[window.tokens] + [tokenizer.separator]
            scheduler.enqueue(
                WorkItem(
                    request: task.request, index: index, tokenCount: ids.count,
                    byteCount: window.bytes.count,
                    window: windows.count == 1
                        ? nil : TextWindow(number: number, count: windows.count),
                    payload: TokenisedText(
                        model: task.model, ids: ids, total: buffer.count + 2, isTruncated: false,
                        nanoseconds: isLast ? MonotonicClock.now.since(start) : 0,
                        places: places(text, task, buffer, of: window))))
        }
    }

    /// Answers a text with its tokens. The first that the answer has no room for, and all after it,
    /// are not read further: the request is refused.
    private func answer(
        _ text: Text, _ index: Int, _ task: inout TokenisingTask, _ buffer: inout TokenBuffer
    ) {
        guard case .network(_, let tokenizer) = task.model.computation else {
            preconditionFailure("a model that reads bytes has no tokens")
        }
        guard task.answerRoom >= 0 else { return refuse(text, index, task) }
        let count: TokenCount
        do throws(TokenizationError) {
            count = try tokenizer.tokenize(
                text.utf8, maxTokens: max(2, task.answerRoom / Self.leastTokenBytes),
                specialTokens: task.specialTokens, into: &buffer)
        } catch {
            return fail(text, index, task, .invalidArgument, error.description)
        }
        task.answerRoom = count.truncated ? -1 : task.answerRoom - buffer.answerBytes
        guard task.answerRoom >= 0 else { return refuse(text, index, task) }
        leave(
            TextOutcome(
                request: task.request, index: index,
                result: tokens(buffer, task.specialTokens, end: text.utf8.count),
                tokenCount: count.used, totalTokens: count.total), text)
    }

    private func refuse(_ text: Text, _ index: Int, _ task: TokenisingTask) {
        let result = TextOutcome.Result.refused(Connection.oversizedAnswer)
        leave(TextOutcome(request: task.request, index: index, result: result), text)
    }

    /// A model that reads bytes takes the text as it is, once it is known to be UTF-8.
    private func pass(_ text: Text, _ index: Int, _ task: TokenisingTask) {
        if let offset = text.firstInvalidByte() {
            let error = TokenizationError.invalidUTF8(offset: offset)
            return fail(text, index, task, .invalidArgument, error.description)
        }
        scheduler.enqueue(
            LinearEngine.item(text, request: task.request, index: index, model: task.model))
    }

    /// The buffer as an answer: [SEP] lies at the end of the text, not at its beginning.
    private func tokens(
        _ buffer: TokenBuffer, _ specialTokens: Bool, end: Int
    ) -> TextOutcome.Result {
        var (starts, ends) = (buffer.starts, buffer.ends)
        if specialTokens {
            starts[starts.count - 1] = UInt32(end)
            ends[ends.count - 1] = UInt32(end)
        }
        return .tokens(ids: buffer.ids, starts: starts, ends: ends)
    }

    private func places(
        _ text: Text, _ task: TokenisingTask, _ count: TokenCount, _ buffer: TokenBuffer
    ) -> TokenPlaces? {
        guard task.output == .tokenLogits else { return nil }
        var cut: Int?
        if count.truncated, case .headAndTail(let head) = task.model.policy(task.truncation) {
            cut = head + 1  // after [CLS] and the head
        }
        return TokenPlaces(text: text, starts: buffer.starts, ends: buffer.ends, cut: cut)
    }

    /// As above, of a window.
    private func places(
        _ text: Text, _ task: TokenisingTask, _ buffer: TokenBuffer, of window: TokenWindow
    ) -> TokenPlaces? {
        guard task.output == .tokenLogits else { return nil }
        return TokenPlaces(
            text: text, starts: [0] + buffer.starts[window.tokens] + [0],
            ends: [0] + buffer.ends[window.tokens] + [0], cut: nil)
    }

    private func fail(
        _ text: Text, _ index: Int, _ task: TokenisingTask, _ code: StatusCode, _ message: String
    ) {
        leave(
            TextOutcome(request: task.request, index: index, result: .failure(code, message)), text)
    }

    private func leave(_ outcome: TextOutcome, _ text: Text) {
        scheduler.withdraw(outcome.request, byteCount: text.utf8.count)
        mailbox.post(.text(outcome))
    }
}

extension TokenBuffer {
    /// What the tokens take in an answer, but for the few bytes around them.
    fileprivate var answerBytes: Int {
        [ids, starts, ends].reduce(0) { sum, numbers in
            numbers.reduce(sum) { $0 + Self.wireBytes($1) }
        }
    }

    /// Of a number of variable length: seven bits a byte.
    private static func wireBytes(_ number: UInt32) -> Int {
        (38 - (number | 1).leadingZeroBitCount) / 7
    }
}

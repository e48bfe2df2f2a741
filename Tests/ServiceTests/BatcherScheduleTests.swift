// The batcher under thousands of random schedules, with a simulated clock.
//
// A schedule is made of a seed: users with several connections claim, tokenise, cancel and wait,
// while an engine takes batches, steps through layers, is interrupted, and finishes. After every
// move a plain model of what should be true is compared with what the batcher says.

import Randomness
import Service
import Syscalls
import Testing

@Suite struct BatcherScheduleTests {
    @Test(arguments: 0..<40)
    func nothingIsLostAndNothingComesTwice(block: Int) {
        for seed in 0..<50 {
            var schedule = Schedule(seed: UInt64(block * 50 + seed))
            schedule.run(moves: 400)
            schedule.runDry()
            if let fault = schedule.fault {
                Issue.record("seed \(block * 50 + seed): \(fault)")
                return
            }
        }
    }
}

/// One random schedule and the plain model beside it.
struct Schedule {
    private enum Place { case unready, ready, computing }

    private struct Text {
        let request: RequestID
        /// One, unless it is read in windows.
        let windows: [(tokens: Int, bytes: Int)]
        /// Until its last window is computed it is `ready`.
        var place = Place.unready
        var taken = 0
        var finished = 0

        /// Of what waits.
        var tokens: Int { windows[taken...].reduce(0) { $0 + $1.tokens } }
        var bytes: Int { windows[taken...].reduce(0) { $0 + $1.bytes } }
    }

    private struct Request {
        let claim: Claim
        var texts: [Text]
        var unreadyFrom = 0
    }

    private(set) var fault: String?
    private var random: RandomSource
    private var now = Instant(nanoseconds: 1_000_000)
    private let limits: ServiceLimits
    private var batcher: Batcher<Int>
    private var requests: [RequestID: Request] = [:]
    private var nextRequest: UInt64 = 1
    /// Innermost last: a second one interrupts the first.
    private var running: [(batch: Batch<Int>, stepsLeft: Int)] = []
    private var serial = 0

    init(seed: UInt64) {
        random = RandomSource(seed: seed)
        var limits = ServiceLimits()
        limits.batchTokens = random.pick(16...200)
        limits.batchTexts = random.pick(2...12)
        limits.queueTexts = random.pick(8...60)
        limits.queueTextsPerUser = random.pick(4...limits.queueTexts)
        limits.queueBytes = random.pick(500...4000)
        limits.interactivePatience = .milliseconds(random.pick(5...500))
        limits.bulkPatience = .milliseconds(random.pick(50...5000))
        limits.batchDelay = random.oneIn(3) ? .milliseconds(random.pick(1...20)) : .zero
        self.limits = limits
        batcher = Batcher(limits: limits)
    }

    mutating func run(moves: Int) {
        for _ in 0..<moves where fault == nil {
            now = now.advanced(by: UInt64(random.pick(0...2_000_000)))
            switch random.pick(0...9) {
            case 0...2: claim()
            case 3...5: tokenise()
            case 6: if random.oneIn(4) { cancel() }
            default: engineMove()
            }
            compare()
        }
    }

    /// Lets all that is left come to its end, and sees that it does.
    mutating func runDry() {
        var rounds = 0
        while fault == nil, !requests.isEmpty {
            now = now.advanced(by: 5_000_000)
            tokenise()
            engineMove()
            compare()
            rounds += 1
            if rounds > 20_000 { fail("work is left over for ever") }
        }
        while fault == nil, !running.isEmpty { engineMove() }
        if fault == nil, !batcher.isIdle { fail("idle, and the batcher thinks otherwise") }
    }

    private mutating func fail(_ text: String) { if fault == nil { fault = text } }

    // MARK: Moves

    private mutating func claim() {
        let count = random.pick(1...6)
        let texts = (0..<count).map { _ in
            let windows = random.oneIn(4) ? random.pick(2...4) : 1
            return Text(
                request: RequestID(nextRequest),
                windows: (0..<windows).map { _ in
                    (random.pick(1...120), random.pick(0...300 / windows))
                })
        }
        let claim = Claim(
            request: RequestID(nextRequest), user: UInt32(random.pick(0...3)),
            connection: UInt64(random.pick(0...5)),
            workClass: random.oneIn(2) ? .bulk : .interactive,
            batchKey: BatchKey(model: UInt32(random.pick(0...1)), output: .logits), arrival: now,
            deadline: random.oneIn(3)
                ? now.advanced(by: UInt64(random.pick(0...200_000_000))) : .distantFuture,
            textCount: count, byteCount: texts.reduce(0) { $0 + $1.bytes },
            estimatedTokens: texts.reduce(0) { $0 + $1.tokens })
        nextRequest += 1
        do {
            try batcher.admit(claim, now: now)
            requests[claim.request] = Request(claim: claim, texts: texts)
        } catch {
            checkRefusal(error, claim)
        }
    }

    private mutating func checkRefusal(_ refusal: Refusal, _ claim: Claim) {
        let waiting = waitingTexts()
        let mine = waiting.filter { requests[$0.request]!.claim.user == claim.user }
        let here = mine.filter { requests[$0.request]!.claim.connection == claim.connection }
        func bytes(_ texts: [Text]) -> Int { texts.reduce(0) { $0 + $1.bytes } }
        let free = limits.queueTexts - waiting.count
        let freeTexts = min(limits.queueTextsPerUser, free) - mine.count
        let freeBytes = limits.queueBytes - bytes(waiting)
        switch refusal {
        case .expired: if claim.deadline > now { fail("refused as expired, and was not") }
        case .neverFits:
            if claim.textCount <= limits.queueTextsPerUser, claim.byteCount <= limits.queueBytes {
                fail("refused for ever, and would fit")
            }
        case .userShareFull:
            if claim.textCount <= freeTexts, bytes(mine) + claim.byteCount <= freeBytes {
                fail("the share had room")
            }
        case .connectionShareFull:
            if here.count + claim.textCount <= freeTexts,
                bytes(here) + bytes(mine) + claim.byteCount <= freeBytes
            {
                fail("the connection had room")
            }
            if here.isEmpty, bytes(mine) == 0 { fail("nothing of the user waits") }
        case .queueFull:
            if waiting.count + claim.textCount <= limits.queueTexts, claim.byteCount <= freeBytes {
                fail("the queue had room")
            }
        case .tooLate: if claim.deadline == .distantFuture { fail("late without a deadline") }
        }
    }

    /// Gives the next few texts their tokens; now and then one turns out to be no text at all.
    private mutating func tokenise() {
        for _ in 0..<random.pick(1...8) {
            let open = requests.filter { $0.value.unreadyFrom < $0.value.texts.count }
            guard let request = open.keys.min() else { return }
            let index = requests[request]!.unreadyFrom
            let text = requests[request]!.texts[index]
            requests[request]!.unreadyFrom += 1
            if random.oneIn(15) {
                batcher.withdraw(request, byteCount: text.bytes)
                leave(request, index)
                continue
            }
            requests[request]!.texts[index].place = .ready
            enqueue(text, index)
        }
    }

    private mutating func enqueue(_ text: Text, _ index: Int) {
        let count = text.windows.count
        for (number, window) in text.windows.enumerated() {
            serial += 1
            let kept = batcher.enqueue(
                WorkItem(
                    request: text.request, index: index, tokenCount: window.tokens,
                    byteCount: window.bytes,
                    window: count > 1 ? TextWindow(number: number, count: count) : nil,
                    payload: serial))
            if !kept { fail("\(text.request) was not wanted any more") }
        }
    }

    private var gone: [RequestID: Int] = [:]

    private mutating func leave(_ request: RequestID, _ index: Int) {
        gone[request, default: 0] += 1
        if gone[request] == requests[request]?.texts.count { requests[request] = nil }
    }

    private mutating func cancel() {
        guard let request = requests.keys.sorted().randomElement(using: &random) else { return }
        batcher.cancel(request)
        requests[request] = nil
        if batcher.wants(request) { fail("a cancelled request is still wanted") }
    }

    // MARK: The engine

    private mutating func engineMove() {
        expire()
        if running.isEmpty { return startBatch(interrupting: false) }
        let place = running.count - 1
        running[place].stepsLeft -= 1
        if running[place].stepsLeft == 0 { return finish() }
        let batch = running[place].batch
        switch batcher.stepped(batch.number, worth: batch.tokenCount / 4) {
        case .goOn: break
        case .interrupt:
            if place > 0 { return fail("an interrupting batch was interrupted") }
            startBatch(interrupting: true)
        case .abandon:
            if batch.items.contains(where: { requests[$0.request] != nil }) {
                fail("a wanted batch was abandoned")
            }
            running.removeLast()
            batcher.finish(batch.number, computed: nil)
        }
    }

    private mutating func expire() {
        for request in batcher.expire(now: now) {
            guard let known = requests[request] else { return fail("expired and unknown") }
            if known.claim.deadline > now { fail("expired before its deadline") }
            requests[request] = nil
        }
    }

    private mutating func startBatch(interrupting: Bool) {
        let ready = requests.values.flatMap(\.texts).filter { $0.place == .ready }
        switch batcher.next(now: now, interrupting: interrupting) {
        case .idle:
            if !ready.isEmpty, !interrupting { fail("idle beside \(ready.count) ready texts") }
        case .wait(let until):
            if limits.batchDelay == .zero || until <= now { fail("waits without a reason") }
        case .run(let batch):
            check(batch)
            running.append((batch, random.pick(1...4)))
        }
    }

    private mutating func check(_ batch: Batch<Int>) {
        if batch.items.isEmpty { return fail("an empty batch") }
        if batch.items.count > limits.batchTexts { fail("too many texts in a batch") }
        let tokens = batch.items.reduce(0) { $0 + $1.tokenCount }
        if tokens != batch.tokenCount { fail("a batch miscounts its tokens") }
        if tokens > limits.batchTokens, batch.items.count > 1 { fail("over the token budget") }
        for item in batch.items {
            guard let request = requests[item.request] else { return fail("computes the unwanted") }
            let text = request.texts[item.index]
            if text.place != .ready { fail("computed twice, or unready") }
            if let window = item.window, window.number != text.taken { fail("windows in disorder") }
            if request.claim.batchKey != batch.batchKey { fail("two keys in a batch") }
            if request.claim.workClass != batch.workClass { fail("two classes in a batch") }
            if request.claim.deadline <= now { fail("computes what has expired") }
            requests[item.request]!.texts[item.index].taken += 1
            if item.window?.number ?? 0 == text.windows.count - 1 {
                requests[item.request]!.texts[item.index].place = .computing
            }
        }
        for item in batch.items where fault == nil { checkOrder(item.request) }
    }

    /// Within one flow nothing ready may be due earlier than what was taken, but for patience.
    private mutating func checkOrder(_ taken: RequestID) {
        let claim = requests[taken]!.claim
        let patience =
            claim.workClass == .interactive ? limits.interactivePatience : limits.bulkPatience
        guard claim.arrival.advanced(by: patience) > now else { return }
        for other in requests.values
        where other.claim.user == claim.user && other.claim.connection == claim.connection
            && other.claim.batchKey == claim.batchKey && other.claim.workClass == claim.workClass
            && other.claim.deadline < claim.deadline
            && other.texts.contains(where: { $0.place == .ready })
        { fail("\(taken) went before \(other.claim.request), which is due earlier") }
    }

    private mutating func finish() {
        let (batch, _) = running.removeLast()
        batcher.finish(batch.number, computed: UInt64(batch.tokenCount) * 20_000)
        for item in batch.items where requests[item.request] != nil {
            requests[item.request]!.texts[item.index].finished += 1
            let text = requests[item.request]!.texts[item.index]
            if text.finished == text.windows.count { leave(item.request, item.index) }
        }
    }

    // MARK: The plain model

    private func waitingTexts() -> [Text] {
        var waiting: [Text] = []
        for request in requests.values {
            for (index, text) in request.texts.enumerated() {
                // Withdrawn texts keep the place `unready`, but were passed already.
                let isWithdrawn = text.place == .unready && index < request.unreadyFrom
                if text.place != .computing, !isWithdrawn { waiting.append(text) }
            }
        }
        return waiting
    }

    private mutating func compare() {
        let waiting = waitingTexts()
        let figures = batcher.figures
        let bytes = waiting.reduce(0) { $0 + $1.bytes }
        let tokens = waiting.filter { $0.place == .ready }.reduce(0) { $0 + $1.tokens }
        if figures.texts != waiting.count { fail("counts \(figures.texts), not \(waiting.count)") }
        if figures.bytes != bytes { fail("counts \(figures.bytes) bytes, not \(bytes)") }
        if figures.tokens != tokens { fail("counts \(figures.tokens) tokens, not \(tokens)") }
        if waiting.count > limits.queueTexts { fail("more texts than the queue may hold") }
        if bytes > limits.queueBytes { fail("more bytes than the queue may hold") }
        for (user, texts) in Dictionary(
            grouping: waiting, by: { requests[$0.request]!.claim.user })
        where texts.count > limits.queueTextsPerUser { fail("user \(user) holds too many") }
    }
}

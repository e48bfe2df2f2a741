// Whose turn it is on the thread that explains: texts to take apart, answers to work out.
//
// A turn lasts a few milliseconds, so whoever comes waits for one of them and not for the end of
// an answer that takes seconds. Interactive work goes before bulk work, which has one in so many of
// the microseconds whatever happens. Within a class the order is `FairQueue`'s, counted in
// microseconds instead of tokens: users in turn, and in turn what one user's connections want. What
// is to be begun and what is to be worked out are flows of their own, so the engine has a text's
// variants while the answer before it is still being worked out.
//
// Invariant: a request waits for one thing at a time.

struct ExplanationRows {
    enum Work {
        case begin(ExplanationTask)
        case answer(ExplanationAnswer)
    }

    struct Turn {
        let claim: Claim
        let work: Work
    }

    /// What a turn may last, as nearly as steps allow.
    static let sliceMicroseconds = 2000

    private let limits: ServiceLimits
    /// By class.
    private var queues: [FairQueue]
    private var turns: [RequestID: Turn] = [:]
    /// Counted in microseconds.
    private var bulkShare: BulkShare

    init(limits: ServiceLimits) {
        self.limits = limits
        queues = WorkClass.allCases.map { _ in FairQueue(slack: Self.sliceMicroseconds) }
        bulkShare = BulkShare(oneIn: limits.bulkShareOneIn, slice: Self.sliceMicroseconds)
    }

    // MARK: Coming and going

    mutating func add(_ work: Work, of claim: Claim) {
        let turn = Turn(claim: claim, work: work)
        turns[claim.request] = turn
        queues[claim.workClass.rawValue].insert(FairQueue.Entry(claim, limits), turn.flow)
    }

    mutating func remove(_ request: RequestID) {
        guard let turn = turns.removeValue(forKey: request) else { return }
        queues[turn.claim.workClass.rawValue].remove(request, turn.flow)
    }

    // MARK: Turns

    /// - Returns: nil when nothing waits.
    mutating func next(now: Instant) -> Turn? {
        guard let best = queues[nextClass.rawValue].best(in: nil, now: now) else { return nil }
        return turns[best.request]
    }

    private var nextClass: WorkClass {
        let bulkWaits = !queues[WorkClass.bulk.rawValue].isEmpty
        let interactiveWaits = !queues[WorkClass.interactive.rawValue].isEmpty
        return bulkWaits && (bulkShare.isDue || !interactiveWaits) ? .bulk : .interactive
    }

    /// Notes how long a turn was, before the request is removed.
    mutating func charge(_ turn: Turn, microseconds: Int) {
        queues[turn.claim.workClass.rawValue].charge(turn.flow, tokens: microseconds)
        if turn.claim.workClass == .bulk {
            bulkShare.repay(bulk: microseconds)
        } else if !queues[WorkClass.bulk.rawValue].isEmpty {
            bulkShare.charge(interactive: microseconds)
        }
    }
}

extension ExplanationRows.Turn {
    fileprivate var flow: FairQueue.FlowKey {
        let output: OutputKind
        switch work {
        case .begin: output = .tokens
        case .answer: output = .logits
        }
        return FairQueue.FlowKey(
            batchKey: BatchKey(model: claim.batchKey.model, output: output), user: claim.user,
            connection: claim.connection)
    }
}

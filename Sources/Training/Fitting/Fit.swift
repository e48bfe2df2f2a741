// The loop: updates one after another, from a state to a state.
//
//     epoch e      order = shuffle(seed, e)          every text once
//     update u     texts u·batch ..< (u+1)·batch of it, by length into parts of micro_tokens
//                  each part adds its gradient; then one step of the optimiser
//     now and then evaluate the held-out texts, keep the best weights if asked; write a checkpoint
//
// Invariant: what happens in an update depends on the settings, the seed and the learner's state
// alone, so a run that was stopped and goes on is bit for bit the run that was not, on one kind of
// processor. The clock decides only when a checkpoint is written and what is shown.

internal import Encoder
internal import Gradients
internal import Randomness
internal import Syscalls
internal import Weights

package final class Fit {
    /// Points of a curve.
    private static let curvePoints = 400

    private let student: any Learner
    private let plan: FitPlan
    private let watch: TrainingWatch
    private let total: Int
    private let inEpoch: Int
    private let schedule: RateSchedule
    private let rates: [Double]
    private var state = FitState()
    private var best: [[Float]] = []
    /// What the kept weights answer to the held-out texts; nil where a run before this one asked.
    package private(set) var keptAnswers: ScoredLogits?
    private var pace = Pace()
    private var order: (epoch: Int, places: [Int]) = (-1, [])

    package init(_ student: any Learner, _ plan: FitPlan, watch: TrainingWatch) {
        self.student = student
        self.plan = plan
        self.watch = watch
        let settings = plan.settings
        let texts = plan.lesson.tokens.count
        precondition(texts > 0, "nothing to learn from")
        total = settings.updates(texts: texts)
        inEpoch = settings.updatesInEpoch(texts: texts)
        schedule = RateSchedule(settings.schedule, warmup: settings.warmup, updates: total)
        rates = settings.rates(depths: student.depthCount)
    }

    /// Runs to the end, from a checkpoint where there is one.
    /// - Returns: with the student at the point that the settings keep.
    /// - Throws: `TrainingInterruption` after a checkpoint, when it is asked to stop.
    package func run() throws -> FitState {
        if let (state, best) = try plan.checkpoint.read(into: student) {
            self.state = state
            self.best = best
            watch.tell("\(plan.name): goes on after update \(state.updates) of \(total)")
        }
        var started = MonotonicClock.now
        var lastWritten = started
        while state.updates < total, !isStale {
            try update(since: &started)
            if isTimeToEvaluate { try evaluate() }
            let now = MonotonicClock.now
            state.heldOutSeconds += Double(now.since(started)) / 1e9
            started = now
            let isDue =
                Double(now.since(lastWritten)) / 1e9 >= plan.checkpointSeconds
            let stops = watch.asksToStop()
            guard isDue || stops else { continue }
            try plan.checkpoint.write(state, student, best: best)
            lastWritten = MonotonicClock.now
            started = lastWritten
            if stops { throw TrainingInterruption(checkpoint: plan.checkpoint.path) }
        }
        // A run that is stopped after this must not fit again.
        try plan.checkpoint.write(state, student, best: best)
        restoreBest()
        return state
    }

    private var isStale: Bool {
        plan.settings.patience.map { state.staleEvaluations >= $0 } ?? false
    }

    private var isTimeToEvaluate: Bool {
        guard plan.heldOut != nil else { return false }
        return state.updates == total
            || plan.settings.evaluates(after: state.updates, inEpoch: inEpoch)
    }

    private func update(since started: inout MonotonicClock.Instant) throws {
        let number = state.updates
        let epoch = number / inEpoch
        let questions = questions(update: number, epoch: epoch)
        let count = questions.reduce(0) { $0 + $1.count }
        let lowest = plan.settings.lowestTrained(epoch: epoch, depths: student.depthCount)
        student.lowestTrained = lowest
        var loss = Loss()
        let tokensBefore = state.tokens
        for (index, part) in questions.enumerated() where part.count > 0 {
            loss += try student.learn(
                part.batch, part.targets, scale: 1 / Float(count),
                draw: mixed(plan.seed, UInt64(number), UInt64(index)))
            state.tokens += part.batch.tokenCount
        }
        let factor = schedule.factor(number)
        // An update of short texts may have no masked word: then there is no gradient.
        let gradient =
            count == 0
            ? 0
            : student.update(
                rates: rates.indices.map { $0 < lowest ? nil : Float(rates[$0] * factor) },
                clip: plan.settings.clip.map { Float($0) })
        guard loss.sum.isFinite, gradient.isFinite else {
            throw TrainingError.diverged(step: plan.name, update: number + 1)
        }
        // Of the top layer where it learns, else of the head.
        let head = rates.count - 1
        let rate = rates[lowest < head ? head - 1 : head] * factor
        state.record(
            loss, rate: rate, gradient: Double(gradient), stretch: max(1, total / Self.curvePoints))
        let now = MonotonicClock.now
        let seconds = Double(now.since(started)) / 1e9
        state.seconds += seconds
        pace.record(tokens: state.tokens - tokensBefore, seconds: seconds)
        started = now
        if count > 0 { watch.progress(progress(loss, rate)) }
    }

    /// The texts of an update in parts that fit into memory.
    private func questions(update: Int, epoch: Int) -> [Questions] {
        if order.epoch != epoch {
            var places = Array(0..<plan.lesson.tokens.count)
            var random = RandomSource(seed: mixed(plan.seed, 0x0DE2, UInt64(epoch)))
            random.shuffle(&places)
            order = (epoch, places)
        }
        let first = update % inEpoch * plan.settings.batch
        let places = order.places[first...].prefix(plan.settings.batch)
        return plan.lesson.tokens.parts(places, tokens: plan.settings.microTokens)
            .map { plan.lesson.questions($0, epoch: epoch) }
    }

    private func evaluate() throws {
        guard let (tokens, truths) = plan.heldOut else { return }
        let logits = try student.logits(of: tokens, partTokens: plan.settings.microTokens)
        let scores = ScoredLogits(logits: logits, truths: truths)
        let evaluation = FitState.Evaluation(
            update: state.updates, loss: scores.meanLoss, accuracy: scores.accuracy)
        state.evaluations.append(evaluation)
        let isBest = state.best.map(evaluation.isBetter) ?? true
        if isBest || plan.settings.keep == .last { keptAnswers = scores }
        if isBest {
            state.best = evaluation
            if plan.settings.keep == .best {
                keepWeights()
            }
        }
        watch.evaluated(plan.name, evaluation, of: total, isBest: isBest)
    }

    /// Over those kept before: a second copy would be a gigabyte.
    private func keepWeights() {
        let weights = student.buffers.filter(\.isWeight)
        guard best.count == weights.count else {
            best = weights.map { Array($0.floats) }
            return
        }
        for (place, buffer) in weights.enumerated() {
            best[place].withUnsafeMutableBufferPointer { _ = $0.update(from: buffer.floats) }
        }
    }

    private func restoreBest() {
        guard !best.isEmpty else { return }
        for (buffer, floats) in zip(student.buffers.filter(\.isWeight), best) {
            _ = buffer.floats.update(from: floats)
        }
        student.buffersChanged()
    }

    private func progress(_ loss: Loss, _ rate: Double) -> FitProgress {
        FitProgress(
            step: plan.name, update: state.updates, updates: total,
            epoch: Double(state.updates) / Double(inEpoch), loss: loss.mean,
            accuracy: Double(loss.right) / Double(max(1, loss.count)), rate: rate,
            tokensPerSecond: pace.tokensPerSecond,
            secondsLeft: pace.secondsPerUpdate * Double(total - state.updates))
    }
}

extension Learner {
    /// [texts][C], in the order of the texts.
    package func logits(of tokens: TextTokens, partTokens: Int) throws -> [[Double]] {
        var rows = [[Double]](repeating: [], count: tokens.count)
        for part in tokens.parts(0..<tokens.count, tokens: partTokens) {
            let logits = try self.logits(tokens.batch(part))
            for (row, place) in part.enumerated() {
                rows[place] = logits[row * labelCount..<(row + 1) * labelCount].map(Double.init)
            }
        }
        return rows
    }
}

// The loop: it learns, it goes on after a stop as if there had been none, it keeps the best point,
// and it is a function of its seed.

import Encoder
import Gradients
import Syscalls
import Testing
import Tokenization
import Training
import Weights

@Suite final class FitTests {
    private let folder: TrainingFolder
    private let tokenizer: WordPiece
    private let labelled: LabelledTexts
    private let dev: LabelledTexts

    init() throws {
        folder = try TrainingFolder()
        let words = [
            "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "film", "number", "warm", "loved",
            "fine", "bright", "dull", "bore", "poor", "flat",
        ]
        tokenizer = try WordPiece(vocabularyText: Array(words.joined(separator: "\n").utf8))
        let labels = ["negative", "positive"]
        let train = try folder.write("train.jsonl", TrainingFolder.reviews(61, from: 0))
        let held = try folder.write("dev.jsonl", TrainingFolder.reviews(20, from: 100))
        labelled = try LabelledTexts(path: train, fields: .init(), labels: labels)
        dev = try LabelledTexts(path: held, fields: .init(), labels: labels)
    }

    private func tokens(_ texts: [[UInt8]]) throws -> TextTokens {
        try TextTokens(texts, tokenizer, truncation: .head, maxTokens: 16)
    }

    private func plan(
        _ settings: FitSettings, seed: UInt64 = 3, checkpoint: String = "a", seconds: Double = 1e9
    ) throws -> FitPlan {
        let targets = LabelLesson.targets(
            truths: labelled.truths, labelCount: 2, smoothing: settings.labelSmoothing)
        return FitPlan(
            name: "tune",
            lesson: LabelLesson(try tokens(labelled.texts), labelCount: 2, targets: targets),
            heldOut: (tokens: try tokens(dev.texts), truths: dev.truths), settings: settings,
            seed: seed,
            checkpoint: Checkpoint(
                path: "\(folder.path)/\(checkpoint).safetensors", task: "task \(seed)"),
            checkpointSeconds: seconds)
    }

    private var settings: FitSettings {
        var settings = FitSettings()
        settings.length = .epochs(4)
        settings.batch = 8
        settings.microTokens = 20
        settings.rate = 0.3
        return settings
    }

    private func weights(_ student: WordBagStudent) -> [Float] {
        student.buffers.flatMap { Array($0.floats) }
    }

    private func student() -> WordBagStudent { WordBagStudent(vocabulary: 16, labelCount: 2) }

    @Test func itLearnsWhatTheWordsSay() throws {
        let state = try Fit(student(), plan(settings), watch: TrainingWatch()).run()
        // 61 texts are 8 updates of at most 8 texts.
        #expect(state.updates == 32 && state.evaluations.count == 4)
        #expect(state.best?.accuracy == 1)
        #expect(state.curve.last!.loss < state.curve.first!.loss / 2)
    }

    /// As often as was asked in an epoch of 8 updates, also where that does not divide 8.
    @Test(arguments: [(1, 4), (3, 12), (5, 20), (8, 32), (100, 32)])
    func evaluationsAreAsManyAsWereAskedFor(_ inEpoch: Int, _ all: Int) throws {
        var settings = settings
        settings.evaluations = inEpoch
        let state = try Fit(student(), plan(settings), watch: TrainingWatch()).run()
        #expect(state.evaluations.count == all && state.evaluations.last?.update == 32)
    }

    @Test func theRateOfWhatLearnsIsTold() throws {
        var settings = settings
        settings.extent = .head
        settings.headRate = 0.6
        settings.schedule = .constant
        settings.warmup = 0
        let state = try Fit(student(), plan(settings), watch: TrainingWatch()).run()
        #expect(state.curve.allSatisfy { $0.rate == 0.6 })
    }

    @Test func theSameSeedIsTheSameRun() throws {
        var runs: [[Float]] = []
        for (name, seed) in [("a", UInt64(3)), ("b", 3), ("c", 4)] {
            let student = student()
            let plan = try plan(settings, seed: seed, checkpoint: name)
            _ = try Fit(student, plan, watch: TrainingWatch()).run()
            runs.append(weights(student))
        }
        #expect(runs[0] == runs[1])
        #expect(runs[0] != runs[2])
    }

    /// Stopped after every single update, each time with a fresh student: bit for bit the same.
    @Test func aStoppedRunGoesOnAsIfItHadNot() throws {
        let unbroken = student()
        let whole = try Fit(unbroken, plan(settings, checkpoint: "whole"), watch: TrainingWatch())
            .run()
        var stops = 0
        while true {
            let broken = student()
            let watch = TrainingWatch(asksToStop: { true })
            do {
                let state = try Fit(broken, plan(settings, checkpoint: "broken"), watch: watch)
                    .run()
                #expect(weights(broken) == weights(unbroken))
                #expect(state.curve == whole.curve && state.evaluations == whole.evaluations)
                break
            } catch is TrainingInterruption { stops += 1 }
        }
        #expect(stops == 32)
    }

    /// A process that dies goes on from its last checkpoint: here one is written each update.
    @Test func aKilledRunLosesAtMostOneInterval() throws {
        struct Death: Error {}
        let unbroken = student()
        _ = try Fit(unbroken, plan(settings, checkpoint: "whole"), watch: TrainingWatch()).run()
        let path = folder.path + "/killed.safetensors"
        var updates = 0
        var kept: [UInt8] = []
        let watch = TrainingWatch(
            progress: { _ in
                updates += 1
                // What a kill in the middle of update 11 would leave.
                if updates == 11 { kept = (try? readFile(path, limit: 1 << 20)) ?? [] }
            })
        _ = try Fit(student(), plan(settings, checkpoint: "killed", seconds: 1e-9), watch: watch)
            .run()
        try writeFileAtomically(path, bytes: kept)
        updates = 0
        let resumed = student()
        _ = try Fit(
            resumed, plan(settings, checkpoint: "killed"),
            watch: TrainingWatch(progress: { _ in updates += 1 })
        ).run()
        #expect(updates == 22)
        #expect(weights(resumed) == weights(unbroken))
    }

    @Test func aCheckpointOfAnotherRunIsRefused() throws {
        _ = try Fit(student(), plan(settings, seed: 1), watch: TrainingWatch()).run()
        let error = #expect(throws: WeightsError.self) {
            try Fit(student(), plan(settings, seed: 2), watch: TrainingWatch()).run()
        }
        #expect(error?.message.contains("another run") == true)
    }

    @Test func patienceEndsItAndTheBestWeightsCount() throws {
        var settings = settings
        settings.length = .epochs(50)
        settings.patience = 3
        // So large that the loss swings after everything is right.
        settings.schedule = .constant
        let student = student()
        let state = try Fit(student, plan(settings), watch: TrainingWatch()).run()
        let best = try #require(state.best)
        #expect(state.updates < 400)
        #expect(state.evaluations.count { $0.update > best.update } == 3)
        let logits = try student.logits(of: tokens(dev.texts), partTokens: 64)
        let scores = ScoredLogits(logits: logits, truths: dev.truths)
        #expect(scores.meanLoss == best.loss && scores.accuracy == best.accuracy)
    }

    @Test func theLastWeightsCountWhereTheyAreKept() throws {
        var settings = settings
        settings.length = .epochs(50)
        settings.patience = 3
        settings.schedule = .constant
        settings.keep = .last
        let student = student()
        let state = try Fit(student, plan(settings), watch: TrainingWatch()).run()
        let last = try #require(state.evaluations.last)
        #expect(state.best != last)
        let logits = try student.logits(of: tokens(dev.texts), partTokens: 64)
        #expect(ScoredLogits(logits: logits, truths: dev.truths).meanLoss == last.loss)
    }

    @Test func partsHoldEachTextOnceUnderTheBudget() throws {
        let tokens = try tokens(labelled.texts)
        let parts = tokens.parts(0..<tokens.count, tokens: 30)
        #expect(parts.flatMap(\.self).sorted() == Array(0..<tokens.count))
        for part in parts { #expect(part.map(tokens.length).reduce(0, +) <= 30) }
        let lengths = parts.map { tokens.length($0[0]) }
        #expect(lengths == lengths.sorted())
    }

    @Test func maskedPiecesAreOthersEachEpoch() throws {
        let tokens = try tokens(labelled.texts)
        let lesson = MaskedLesson(tokens, share: 0.15, mask: 4, vocabularyCount: 16, seed: 1)
        let places = Array(0..<tokens.count)
        var total = 0
        var masks = 0
        for epoch in 0..<40 {
            let questions = lesson.questions(places, epoch: epoch)
            guard case .pieces(let masked) = questions.targets else {
                Issue.record("another case")
                return
            }
            total += masked.count
            for piece in masked {
                #expect(![2, 3].contains(piece.id))
                masks += questions.batch.ids[piece.row] == 4 ? 1 : 0
            }
        }
        let pieces = tokens.store.tokenCount - 2 * tokens.count
        // Binomial: four deviations are 4 √(n p q).
        let share = Double(total) / Double(40 * pieces)
        #expect(abs(share - 0.15) < 4 * (0.15 * 0.85 / Double(40 * pieces)).squareRoot())
        let hidden = Double(masks) / Double(total)
        // 80 %, and one in sixteen of the swapped 10 %.
        #expect(abs(hidden - 0.80625) < 4 * (0.16 / Double(total)).squareRoot())
        guard case .pieces(let first) = lesson.questions(places, epoch: 0).targets,
            case .pieces(let again) = lesson.questions(places, epoch: 0).targets,
            case .pieces(let other) = lesson.questions(places, epoch: 1).targets
        else { return }
        #expect(first == again && first != other)
    }
}

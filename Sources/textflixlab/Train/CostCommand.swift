// textflixlab cost: what an experiment will take, before it starts.
//
// Operations and memory come from arithmetic (TrainingCost), the time from the speed that a few
// updates of the same kind have here and now. Teachers that are folders, and the test, are answered
// by the encoder's engine, which is measured too; of the test its texts alone are read. Reading,
// checkpoints and the regression of a frozen step are not counted.

import CommandLineTable
import Encoder
import Numerics
import Presentation
import Syscalls
import Tokenization
import Training
import Weights

enum CostCommand {
    private static let texts = Option(
        "data", .folder("DIR"), "where relative paths of texts are seen from, if not the file's")
    private static let base = Option(
        "base", .folder("DIR"), "the pretrained encoder, whatever the file says")
    private static let seconds = Option(
        "seconds", .integer(1...600), default: "4", "how long each speed is measured")

    static let command = Command(
        "cost", "estimate the time and memory of training",
        details: "Reads the experiment's texts, counts operations and memory, measures for a few "
            + "seconds how fast this machine is at them, and tells the time of each step and of "
            + "the test. The regression of a frozen step is not counted. It trains nothing and "
            + "writes nothing.",
        options: [texts, base, seconds], operands: [Operand("EXPERIMENT", "the file")],
        examples: [
            Example("textflixlab cost --data reviews deploy/experiments/500-mpnet-full.json5")
        ])

    static func run(_ call: Invocation) throws -> ExitStatus {
        guard
            case .encoder(var experiment) = try Experiment(
                path: call.operands[0], texts: call.text(texts))
        else {
            throw call.complaint(
                "a baseline takes seconds to minutes, and its teacher says how long as it answers: "
                    + "there is nothing to estimate")
        }
        if let folder = call.text(base) { experiment.model.base = folder }
        let estimate = try CostEstimate(experiment, seconds: Double(call.integer(seconds) ?? 4))
        for line in try estimate.lines(on: Screen(of: .output)) { printOutput(line + "\n") }
        return .success
    }
}

struct CostEstimate {
    private let experiment: EncoderExperiment
    private let seconds: Double
    private let texts: TrainingTexts
    private let base: ModelFolder
    private let tokenizer: WordPiece
    private let shape: EncoderShape

    init(_ experiment: EncoderExperiment, seconds: Double) throws {
        self.experiment = experiment
        self.seconds = seconds
        let reads = experiment.steps.contains { $0.kind == .masked || $0.kind == .distil }
        texts = try TrainingTexts(experiment.data, seed: experiment.seeds[0], unlabelled: reads)
        base = try ModelFolder.open(experiment.model.base)
        tokenizer = try WordPiece(of: base)
        try base.checkVocabulary(count: tokenizer.vocabularyCount)
        try experiment.check(base)
        shape = EncoderShape(base.configuration)
    }

    func lines(on screen: Screen) throws -> [String] {
        var table = TextTable([
            .init(title: "step"), .init(title: "texts", isNumber: true),
            .init(title: "updates", isNumber: true), .init(title: "tokens", isNumber: true),
            .init(title: "TFLOP", isNumber: true), .init(title: "GFLOP/s", isNumber: true),
            .init(title: "time", isNumber: true), .init(title: "memory", isNumber: true),
        ])
        var total = 0.0
        for (index, step) in experiment.steps.enumerated() {
            let row = try row(step, index + 1)
            total += row.seconds
            table.append(["\(index + 1) \(step.kind.rawValue)"] + row.cells)
        }
        if experiment.makesClassifier, let path = experiment.data.test {
            let row = try testRow(path)
            total += row.seconds
            table.append(["test"] + row.cells)
        }
        let seeds = experiment.seeds.count
        let whole = age(total * Double(seeds))
        return table.lines(on: screen) + [
            "\(seeds) seed\(seeds == 1 ? "" : "s"): \(whole)",
            "estimated at the speed measured now; a busier machine takes longer",
        ]
    }

    private func age(_ seconds: Double) -> String {
        ageText(seconds: max(1, seconds))
    }

    private func row(
        _ step: TrainingStep, _ number: Int
    ) throws -> (cells: [String], seconds: Double) {
        let learned = try tokens(texts(of: step, number), maxTokens: step.maxTokens)
        let dev = try tokens(texts.dev.texts, maxTokens: nil)
        let lengths = (0..<learned.count).map(learned.length)
        let held = (0..<dev.count).map(dev.length)
        guard let fit = step.fit else {
            return answerRow(lengths + held, speed: try answerSpeed(learned, .f32))
        }
        let answered = step.kind == .masked ? [] : held
        let cost = TrainingCost(
            fit, shape, lengths: lengths, answered: answered,
            keepsBest: !answered.isEmpty && fit.keep == .best, masked: masked(step))
        let speed = try learnSpeed(step, fit, learned)
        var time = cost.learning / speed
        if cost.answering > 0 {
            let precision = experiment.model.precision.learned(by: .best())
            time += cost.answering / (try answerSpeed(learned, precision))
        }
        let labelled = texts(labelledOf: step).count
        let teaching = teaching(step, lengths.dropLast(labelled))
        if teaching > 0 {
            time += teaching / (try answerSpeed(learned, experiment.model.answers))
        }
        let cells = cells(
            lengths.count, cost.updates, cost.tokens, cost.learning + cost.answering, speed,
            cost.bytes)
        return (cells(time), time)
    }

    private func testRow(_ path: String) throws -> (cells: [String], seconds: Double) {
        let fields = experiment.data.fields
        let unlabelled = try UnlabelledTexts(
            paths: [path], textField: fields.text, idField: fields.id)
        let tokens = try tokens(unlabelled.texts, maxTokens: nil)
        return answerRow(
            (0..<tokens.count).map(tokens.length),
            speed: try answerSpeed(tokens, experiment.model.answers))
    }

    /// Of texts that are answered once, and not learned.
    private func answerRow(
        _ lengths: [Int], speed: Double
    ) -> (cells: [String], seconds: Double) {
        let work = shape.forward(lengths)
        let cells = cells(lengths.count, 0, lengths.reduce(0, +), work, speed, 4 * shape.weights)
        return (cells(work / speed), work / speed)
    }

    private func cells(
        _ texts: Int, _ updates: Int, _ tokens: Int, _ work: Double, _ speed: Double, _ bytes: Int
    ) -> (Double) -> [String] {
        { time in
            [
                grouped(texts), grouped(updates), grouped(tokens),
                fixed(work / 1e12, decimals: 1), fixed(speed / 1e9, decimals: 0), age(time),
                byteText(UInt64(bytes)),
            ]
        }
    }

    /// Those that the step will learn in a run of the first seed; confidence and balance may leave
    /// some of them out.
    private func texts(of step: TrainingStep, _ number: Int) -> [[UInt8]] {
        let seed = TrainingStep.seed(number, ofRun: experiment.seeds[0])
        let drawn = texts.drawn(by: step, seed: seed).texts
        return switch step.kind {
        case .frozen, .tune: texts.train.texts
        case .masked: drawn
        case .distil: drawn + texts(labelledOf: step)
        }
    }

    /// Those among a distilling step's texts, which teachers are not asked about; they come last.
    private func texts(labelledOf step: TrainingStep) -> [[UInt8]] {
        guard case .distil(let settings) = step else { return [] }
        return (0..<settings.labelledTimes).flatMap { _ in texts.train.texts }
    }

    private func masked(_ step: TrainingStep) -> (share: Double, words: Int)? {
        guard case .masked(let settings) = step else { return nil }
        return (settings.share, base.configuration.vocabularySize)
    }

    /// Each teacher answers once for each text. One that is not there yet, and the step before, are
    /// taken for models of the base's shape; files of answers and linear models cost nothing.
    private func teaching(_ step: TrainingStep, _ lengths: some Sequence<Int>) -> Double {
        guard case .distil(let settings) = step else { return 0 }
        let seed = experiment.seeds[0]
        let teachers = settings.teaching.teachers.map { TrainingTexts.named($0, seed) }
        return teachers.reduce(0.0) { sum, teacher in
            guard fileExists(teacher) else { return sum + shape.forward(lengths) }
            let folder = try? ModelFolder.open(teacher)
            return sum + (folder.map { EncoderShape($0.configuration).forward(lengths) } ?? 0)
        }
    }

    private func tokens(_ texts: [[UInt8]], maxTokens: Int?) throws -> TextTokens {
        try TextTokens(
            texts, tokenizer, truncation: experiment.model.truncation,
            maxTokens: maxTokens ?? experiment.model.maxTokens)
    }
}

// MARK: - Speeds, in operations a second

extension CostEstimate {
    /// Of updates as the step makes them.
    private func learnSpeed(
        _ step: TrainingStep, _ fit: FitSettings, _ tokens: TextTokens
    ) throws -> Double {
        let student = try NetworkStudent(
            base, StudentPlan(step, experiment, seed: experiment.seeds[0]))
        student.lowestTrained = fit.extent == .head ? student.depthCount - 1 : 0
        let lesson: any Lesson =
            if let masked = masked(step) {
                MaskedLesson(
                    tokens, share: masked.share, mask: tokenizer.mask ?? 0,
                    vocabularyCount: tokenizer.vocabularyCount, seed: 0)
            } else {
                LabelLesson(
                    tokens, labelCount: student.labelCount,
                    targets: LabelLesson.targets(
                        truths: Array(repeating: 0, count: tokens.count),
                        labelCount: student.labelCount, smoothing: 0))
            }
        let rates = (0..<student.depthCount).map { depth -> Float? in
            depth < student.lowestTrained ? nil : 0
        }
        let trial = SpeedTrial(
            batches: batches(tokens, fit),
            work: { self.work($0, tokens, factor: fit.extent.passes) },
            answer: { part, draw in
                let questions = lesson.questions(part, epoch: 0)
                _ = try student.learn(questions.batch, questions.targets, scale: 1, draw: draw)
            },
            update: { _ = student.update(rates: rates, clip: fit.clip.map { Float($0) }) })
        return try trial.run(seconds: seconds)
    }

    private func work(_ part: [Int], _ tokens: TextTokens, factor: Double) -> Double {
        factor * shape.forward(part.map(tokens.length))
    }

    /// Some texts as an epoch has them: so many an update, in parts that are computed at once.
    private func batches(_ tokens: TextTokens, _ fit: FitSettings) -> [[[Int]]] {
        let most = max(Self.triedTexts / fit.batch, 1) * fit.batch
        let count = min(tokens.count, most)
        return stride(from: 0, to: count, by: fit.batch).map { first in
            tokens.parts(first..<min(count, first + fit.batch), tokens: fit.microTokens)
        }
    }

    /// Texts that speeds are measured with.
    private static let triedTexts = 512

    /// Of the encoder's engine.
    private func answerSpeed(_ tokens: TextTokens, _ precision: Precision) throws -> Double {
        let model = try BERTModel.load(folder: base, precision: precision)
        let parts = tokens.parts(0..<min(tokens.count, Self.triedTexts), tokens: 8192)
        let longest = (0..<tokens.count).map(tokens.length).max() ?? 1
        let engine = try EncoderEngine(maxBatchTokens: max(8192, longest))
        let trial = SpeedTrial(
            batches: parts.map { [$0] }, work: { self.work($0, tokens, factor: 1) },
            answer: { part, _ in
                let walk = try engine.begin(
                    model, tokens.batch(part), output: .embedding(.mean, normalize: false))
                while walk.step() {}
                walk.end()
            },
            update: {})
        return try trial.run(seconds: seconds)
    }
}

/// The speed of batches that are computed in parts, each batch with an update after them.
///
/// Parts and updates are timed apart: of a batch that is larger than the time allows some parts are
/// computed, and the update still counts as once a batch.
private struct SpeedTrial {
    /// [batches][parts][texts]
    let batches: [[[Int]]]
    /// Operations of a part.
    let work: (_ part: [Int]) -> Double
    let answer: (_ part: [Int], _ draw: UInt64) throws -> Void
    let update: () -> Void

    func run(seconds: Double) throws -> Double {
        guard !batches.isEmpty else {
            throw TrainingError.unfit("there are no texts to measure the speed with")
        }
        // Once to warm up; then batches from all over the texts.
        try answer(batches[batches.count / 2][0], 0)
        update()
        let step = [7, 11, 13].first { batches.count % $0 != 0 } ?? 1
        var (done, turn, draw) = (0.0, 0, UInt64(1))
        var (answering, updating) = (0.0, 0.0)
        while answering + updating < seconds {
            for part in batches[turn * step % batches.count] {
                answering += try Self.seconds { try answer(part, draw) }
                done += work(part)
                draw += 1
                if answering + updating >= seconds { break }
            }
            updating += Self.seconds(update)
            turn += 1
        }
        let all = batches.joined().reduce(0.0) { $0 + work($1) }
        let updates = updating / Double(turn) * Double(batches.count)
        return all / (answering / done * all + updates)
    }

    private static func seconds(_ body: () throws -> Void) rethrows -> Double {
        let started = MonotonicClock.now
        try body()
        return Double(MonotonicClock.now.since(started)) / 1e9
    }
}

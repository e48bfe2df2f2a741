// What each kind of step does.

internal import Encoder
internal import Numerics
internal import Syscalls
internal import Tokenization
internal import Weights

extension StepWork {
    func frozen(
        _ settings: FrozenSettings, _ base: ModelFolder
    ) throws -> (Stage, StepReport) {
        let pooling = experiment.model.frozenPooling
        let train = try tokens(texts.train.texts, base)
        let dev = try tokens(texts.dev.texts, base)
        let frozen = FrozenFeatures(
            labelCount: labelCount, costs: settings.costs, seed: seed, pause: stopIfAsked)
        let rows = try frozen.features(base, train, pooling: pooling)
        let held = try frozen.features(base, dev, pooling: pooling)
        let firsts = TextFingerprints.firstPlaces(texts.train.texts)
        let outcome = try frozen.fit(rows, texts.train.truths, firsts: firsts)
        let logits = held.map { FrozenFeatures.logits($0, outcome.weights, outcome.biases) }
        let heldOut = ScoredLogits(logits: logits, truths: texts.dev.truths)
        let width = base.configuration.hiddenSize
        try outcome.weights.withUnsafeBufferPointer { weights in
            try outcome.biases.withUnsafeBufferPointer { biases in
                try writer(base, heldOut, pooling).writeHeadAlone([
                    WrittenTensor(
                        name: "head.weight", shape: [labelCount, width], values: .floats(weights)),
                    WrittenTensor(
                        name: "head.bias", shape: [labelCount], values: .floats(biases)),
                ])
            }
        }
        let trials = outcome.trials.map { "\($0.cost): \($0.accuracy)" }.joined(separator: ", ")
        let share = (heldOut.accuracy * 1000).rounded() / 10
        watch.tell(
            "\(name): cost \(outcome.cost)"
                + (heldOut.truths.isEmpty ? "" : ", held-out accuracy \(share) %"))
        let report = report(train, nil, notes: [("cost", "\(outcome.cost)"), ("trials", trials)])
        return (try Stage(path: modelFolder, heldOut: heldOut), report)
    }

    func masked(
        _ settings: MaskedSettings, _ base: ModelFolder, _ task: String
    ) throws -> (Stage, StepReport) {
        let chosen = texts.drawn(by: step, seed: seed)
        guard chosen.count > 0 else {
            throw TrainingError.unfit("\(name): there are no unlabelled texts to learn from")
        }
        let tokenizer = try WordPiece(of: base)
        guard let mask = tokenizer.mask else {
            throw TrainingError.unfit("\(base.path): the tokenizer has no [MASK]")
        }
        let tokens = try tokens(chosen.texts, base, maxTokens: settings.maxTokens)
        let lesson = MaskedLesson(
            tokens, share: settings.share, mask: mask,
            vocabularyCount: tokenizer.vocabularyCount, seed: seed)
        let student = try training.maker(base, StudentPlan(step, experiment, seed: seed))
        let (state, _) = try fit(student, lesson, heldOut: nil, settings.fit, task)
        let writer = ModelWriter(folder: modelFolder, base: base, settings: self.settings(1))
        try writer.writeEncoder(student.tensors, as: writtenType)
        return (try Stage(path: modelFolder), report(tokens, state, notes: []))
    }

    func tune(
        _ settings: FitSettings, _ base: ModelFolder, _ task: String
    ) throws -> (Stage, StepReport) {
        let tokens = try tokens(texts.train.texts, base)
        let targets = LabelLesson.targets(
            truths: texts.train.truths, labelCount: labelCount, smoothing: settings.labelSmoothing)
        let lesson = LabelLesson(tokens, labelCount: labelCount, targets: targets)
        return try learn(lesson, settings, base, task, notes: [])
    }

    func distil(
        _ settings: DistilSettings, _ base: ModelFolder, teacher: String, _ task: String
    ) throws -> (Stage, StepReport) {
        let teaching = settings.teaching
        let chosen = texts.drawn(by: step, seed: seed)
        let answers = try training.teacherAnswers.ask(
            teachers(previous: teacher), chosen, keepIn: folder)
        let soft = SoftTargets(answers.map(\.rows), teaching)
        let labelled = (0..<settings.labelledTimes).flatMap { _ in texts.train.texts }
        let all = labelled + soft.places.map { chosen.texts[$0] }
        try soft.tell(name, teaching, experiment.data.labels, watch)
        let truths = (0..<settings.labelledTimes).flatMap { _ in texts.train.truths }
        let targets =
            LabelLesson.targets(
                truths: truths, labelCount: labelCount, smoothing: settings.fit.labelSmoothing)
            + soft.rows.flatMap { $0.map { Float($0) } }
        let lesson = LabelLesson(try tokens(all, base), labelCount: labelCount, targets: targets)
        let notes = [
            ("taught", "\(soft.places.count)"), ("unsure", "\(soft.unsure)"),
            ("unanswered", "\(soft.unanswered)"),
        ]
        var (stage, report) = try learn(lesson, settings.fit, base, task, notes: notes)
        report.seconds += answers.reduce(0) { $0 + $1.seconds }
        return (stage, report)
    }

    /// Fits a classifier and writes it.
    private func learn(
        _ lesson: LabelLesson, _ settings: FitSettings, _ base: ModelFolder, _ task: String,
        notes: [(key: String, value: String)]
    ) throws -> (Stage, StepReport) {
        let model = experiment.model
        let student = try training.maker(base, StudentPlan(step, experiment, seed: seed))
        let dev = try tokens(texts.dev.texts, base)
        let held = dev.count > 0 ? (tokens: dev, truths: texts.dev.truths) : nil
        let (state, answers) = try fit(student, lesson, heldOut: held, settings, task)
        let heldOut =
            try answers
            ?? ScoredLogits(
                logits: student.logits(of: dev, partTokens: settings.microTokens),
                truths: texts.dev.truths)
        let writer = writer(base, heldOut, model.pooling)
        if let adapter = settings.adapter {
            try writer.writeAdapters(student.tensors, adapter)
        } else if settings.extent == .head, model.head == .linear {
            try writer.writeHeadAlone(student.tensors)
        } else {
            try writer.writeWhole(student.tensors, head: model.head, as: writtenType)
        }
        return (
            try Stage(path: modelFolder, heldOut: heldOut),
            report(lesson.tokens, state, notes: notes)
        )
    }

    /// Between two steps nothing is rounded.
    private var writtenType: ElementType { isLast ? experiment.model.weights : .float32 }

    private func fit(
        _ student: any Student, _ lesson: any Lesson,
        heldOut: (tokens: TextTokens, truths: [Int])?, _ settings: FitSettings, _ task: String
    ) throws -> (state: FitState, heldOut: ScoredLogits?) {
        let checkpoint = Checkpoint(path: folder + "/" + Self.checkpointFile, task: task)
        let plan = FitPlan(
            name: name, lesson: lesson, heldOut: heldOut, settings: settings, seed: seed,
            checkpoint: checkpoint, checkpointSeconds: experiment.checkpointSeconds)
        let fit = Fit(student, plan, watch: watch)
        return (try fit.run(), fit.keptAnswers)
    }

    private func writer(
        _ base: ModelFolder, _ heldOut: ScoredLogits, _ pooling: ModelSettings.Pooling
    ) -> ModelWriter {
        let temperature = heldOut.temperature
        var settings = settings(temperature)
        settings.pooling = pooling
        if !heldOut.truths.isEmpty {
            settings.provenance.append(("held_out_accuracy", "\(heldOut.accuracy)"))
        }
        // What is promised is the finished model's affair.
        settings.promise = (isLast ? experiment.coverage : nil).map {
            CoveragePromise(
                coverage: $0, heldOut: heldOut.predictions(temperature: temperature))
        }
        return ModelWriter(folder: modelFolder, base: base, settings: settings)
    }

    private func settings(_ temperature: Double) -> ModelWriter.Settings {
        let model = experiment.model
        return ModelWriter.Settings(
            labels: experiment.data.labels, pooling: model.pooling, temperature: temperature,
            truncation: model.truncation, maxTokens: model.maxTokens,
            provenance: [
                ("by", "textflixlab train"), ("data_hash", texts.hash.description),
                ("seed", "\(training.seed)"), ("step", name),
                ("labelled_texts", "\(texts.train.count)"),
                ("held_out_texts", "\(texts.dev.count)"),
            ])
    }

    private func report(
        _ tokens: TextTokens, _ state: FitState?, notes: [(key: String, value: String)]
    ) -> StepReport {
        let fit = step.fit
        return StepReport(
            kind: step.kind, state: state, seconds: 0, texts: tokens.count,
            tokens: state?.tokens ?? tokens.store.tokenCount, truncated: tokens.truncated,
            updatesInEpoch: fit?.updatesInEpoch(texts: tokens.count) ?? 0,
            updates: state?.updates ?? 0, notes: notes)
    }
}

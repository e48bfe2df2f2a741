// Runs a baseline experiment: reads, chooses by cross-validation, fits, calibrates, writes,
// reports.
//
// Invariant: the same file and texts give the same model, bit for bit. The held-out margins that
// Platt's scaling sees come from folds that did not train on them, nor on copies; no text that is
// learned equals one of the test file, of which only hashes are taken before everything is fitted,
// and whether its labels are known ones. Neither a report nor a promise of another model
// stands beside the one that is written; its own report is the caller's to write.

internal import Baselines
package import Insight
internal import Syscalls
internal import Weights

package struct BaselineTraining {
    package struct Outcome: Sendable {
        package var cost: Double
        package var interpolation: Double
        package var trainCount: Int
        /// Of those, with a label from the teacher.
        package var taughtCount: Int
        /// Texts that equal a test text, and were not learned.
        package var droppedCount: Int
        package var featureCount: Int
        package var converged: Bool
        /// Of each tried pair (C, β), in cross-validation, as the model would answer.
        package var trials:
            [(cost: Double, interpolation: Double, accuracy: Double, logLoss: Double)]
        /// Reading the texts, and what becomes of them before the first fit.
        package var readSeconds: Double
        package var featureSeconds: Double
        /// The last fit alone, on all texts.
        package var fitSeconds: Double
        package var totalSeconds: Double
        /// Of the test texts, where there are any.
        package var test: [Prediction]?

        package var testAccuracy: Double? {
            test.map { Double($0.count(where: \.isRight)) / Double(max(1, $0.count)) }
        }
    }

    private let experiment: BaselineExperiment
    private let watch: TrainingWatch

    package init(_ experiment: BaselineExperiment, watch: TrainingWatch) {
        self.experiment = experiment
        self.watch = watch
    }

    package var reportPath: String { experiment.output + "/report.json" }

    package func run() throws -> Outcome {
        let start = MonotonicClock.now
        try refuseOtherModels()
        let lock = try OutputFolder(path: experiment.output).lock(in: experiment.output)
        defer { withExtendedLifetime(lock) {} }
        try refuseWhatCannotBeWritten()
        try checkTest()
        let prepared = try prepare(since: start)
        let (texts, features) = (prepared.texts, prepared.features)
        let (trials, best) = search(
            features, prepared.positive, TextFingerprints.firstPlaces(texts.learned.texts))
        let platt = platt(best)
        let fitStart = MonotonicClock.now
        let fit = self.fit(
            features, prepared.positive, (best.cost, best.interpolation),
            Array(prepared.positive.indices))
        let fitSeconds = Self.seconds(since: fitStart)
        try write(fit, platt, best, prepared)
        return Outcome(
            cost: best.cost, interpolation: best.interpolation, trainCount: texts.learned.count,
            taughtCount: texts.taughtCount, droppedCount: texts.droppedCount,
            featureCount: features.count, converged: fit.converged, trials: trials,
            readSeconds: prepared.readSeconds, featureSeconds: prepared.featureSeconds,
            fitSeconds: fitSeconds, totalSeconds: Self.seconds(since: start), test: try test())
    }

    /// What every fit learns from.
    private struct Prepared {
        let texts: BaselineTexts
        let positive: [Bool]
        let features: BaselineFeatures
        let readSeconds: Double
        let featureSeconds: Double
    }

    private func prepare(since start: MonotonicClock.Instant) throws -> Prepared {
        let texts = try BaselineTexts(experiment, watch)
        let (learned, droppedCount) = (texts.learned, texts.droppedCount)
        let positive = learned.truths.map { $0 == 1 }
        guard positive.contains(true), positive.contains(false) else {
            throw WeightsError(
                .mismatch, experiment.data.train,
                "texts of both labels are needed; \(droppedCount) equal a test text and are left "
                    + "out")
        }
        let readSeconds = Self.seconds(since: start)
        watch.tell("read \(learned.count) texts; left out, equal to a test text: \(droppedCount)")
        let featureStart = MonotonicClock.now
        let features = try self.features(learned.texts)
        let featureSeconds = Self.seconds(since: featureStart)
        watch.tell("\(features.count) features")
        return Prepared(
            texts: texts, positive: positive, features: features, readSeconds: readSeconds,
            featureSeconds: featureSeconds)
    }

    private func platt(_ best: BaselineTrial) -> PlattScaling {
        if let fitted = best.platt { return fitted }
        watch.tell(
            "probabilities are not calibrated: what the folds say of \(best.margins.count) texts "
                + "does not rise with their labels; more labels are needed")
        return .identity
    }

    private func refuseOtherModels() throws {
        let folder = experiment.output
        guard OutputFolder(path: folder).holdsModel, !LinearTextModel.isFolder(folder) else {
            return
        }
        throw TrainingError.unfit("\(folder) holds a model of another kind: name another output")
    }

    /// Before anything is asked or fitted, which may take its time.
    private func refuseWhatCannotBeWritten() throws {
        for path in [experiment.output + "/model.safetensors", experiment.foldAnswers ?? ""]
        where !path.isEmpty {
            // Begun under a temporary name and never finished: it is removed at once.
            try writing(path) { () throws(Errno) in
                let file = try AtomicFile(path)
                try file.write(UnsafeRawBufferPointer(start: nil, count: 0))
            }
        }
        _ = try CoveragePromise.settings(of: experiment.output)
    }

    /// A label of the test file that is none of the experiment's is told before anything is
    /// trained; nothing else of them is known until the model is written.
    private func checkTest() throws(WeightsError) {
        let data = experiment.data
        guard let path = data.test else { return }
        // Read once more for its texts' hashes, and at the end.
        try refusePipes([path])
        try LabelledTexts.check(path: path, fields: data.fields, labels: data.labels)
    }

    private func refuseDiverged(
        _ fit: NaiveBayesSVM.Fit, _ served: [Float], _ platt: PlattScaling, _ margins: [Double]
    ) throws {
        let numbers = margins + [Double(fit.bias), platt.slope, platt.offset]
        guard numbers.allSatisfy(\.isFinite), served.allSatisfy(\.isFinite),
            fit.frequencies.allSatisfy(\.isFinite)
        else {
            throw TrainingError.unfit(
                "the fit diverged (NaN) and is not written: try a smaller cost")
        }
    }

    private func write(
        _ fit: NaiveBayesSVM.Fit, _ platt: PlattScaling, _ best: BaselineTrial,
        _ prepared: Prepared
    ) throws {
        let served = prepared.features.served(fit.coefficients)
        try refuseDiverged(fit, served, platt, best.margins)
        if fileExists(reportPath) {
            try writing(reportPath) { () throws(Errno) in try removeFile(reportPath) }
        }
        try CoveragePromise.put(nil, into: experiment.output)
        try LinearModelWriter(
            labels: experiment.data.labels, recipe: experiment.model.recipe, platt: platt,
            bias: Double(fit.bias)
        ).write(
            experiment.output, names: prepared.features.names, weights: fit.frequencies,
            coefficients: served)
        try write(best.heldOut, of: prepared.texts)
    }

    /// What the folds say of held-out texts: a promise by those that a person labelled, and a file.
    private func write(_ heldOut: [Prediction], of texts: BaselineTexts) throws {
        let labelled = heldOut.dropLast(texts.taughtCount)
        let promise = experiment.coverage.map { coverage in
            if let caution = CoveragePromise.caution(coverage, heldOut: labelled.count) {
                watch.tell(caution)
            }
            return CoveragePromise(coverage: coverage, heldOut: Array(labelled))
        }
        try CoveragePromise.put(promise, into: experiment.output)
        guard let path = experiment.foldAnswers else { return }
        let learned = texts.learned
        let lines = learned.texts.indices.flatMap {
            TeacherAnswers.line(
                learned.ids[$0], learned.texts[$0], heldOut[$0].probabilities,
                experiment.data.labels)
        }
        try writing(path) { () throws(Errno) in try writeFileAtomically(path, bytes: lines) }
    }

    private static func seconds(since start: MonotonicClock.Instant) -> Double {
        Double(MonotonicClock.now.since(start)) / 1e9
    }

    private typealias Pair = (cost: Double, interpolation: Double)

    private func features(_ texts: [[UInt8]]) throws(WeightsError) -> BaselineFeatures {
        guard let path = experiment.model.vectors else {
            return .ngrams(NGramCorpus(recipe: experiment.model.recipe, texts: texts))
        }
        do throws(WordVectorsError) {
            let vectors = try WordVectors(path: path)
            return .vectors(AveragedVectors.rows(texts, vectors), vectors)
        } catch {
            throw WeightsError(error.isUnreadable ? .unreadable : .malformed, path, error.message)
        }
    }

    /// All pairs, and the best on held-out folds, the first of equals.
    private func search(
        _ features: BaselineFeatures, _ positive: [Bool], _ firsts: [Int]
    ) -> (trials: [(Double, Double, Double, Double)], best: BaselineTrial) {
        let folds = Folds(
            positive, firsts: firsts, count: experiment.folds, seed: experiment.seed)
        let model = experiment.model
        let interpolations = model.kind == .ngrams ? model.interpolations : [1]
        var trials: [(Double, Double, Double, Double)] = []
        var best: BaselineTrial?
        for cost in model.costs {
            for interpolation in interpolations {
                let pair = (cost: cost, interpolation: interpolation)
                let margins = folds.margins { texts, held in
                    let fit = fit(features, positive, pair, texts)
                    return features.margins(fit, held)
                }
                let trial = BaselineTrial(
                    cost: cost, interpolation: interpolation, margins: margins, positive: positive)
                trials.append((cost, interpolation, trial.accuracy, trial.logLoss))
                watch.tell("C \(cost), β \(interpolation): \(trial.accuracy) on held-out folds")
                if best.map(trial.isBetter) ?? true { best = trial }
            }
        }
        guard let best else { preconditionFailure("an experiment has at least one pair") }
        return (trials, best)
    }

    private func fit(
        _ features: BaselineFeatures, _ positive: [Bool], _ pair: Pair, _ texts: [Int]
    ) -> NaiveBayesSVM.Fit {
        let model = experiment.model
        let solver = DualCoordinateDescent(
            loss: model.loss, cost: pair.cost, tolerance: model.tolerance, passes: model.passes,
            seed: experiment.seed)
        switch features {
        case .ngrams(let corpus):
            return NaiveBayesSVM(solver: solver, interpolation: pair.interpolation)
                .fit(corpus, positive: positive, texts: texts)
        case .vectors(let rows, let vectors):
            let solution = LogisticRegression(cost: pair.cost)
                .solve(rows.rows(texts), positive: texts.map { positive[$0] })
            return NaiveBayesSVM.Fit(
                coefficients: solution.weights.map(Float.init), bias: Float(solution.bias),
                frequencies: Array(repeating: 1, count: vectors.count), passes: solution.steps,
                converged: solution.converged)
        }
    }

    /// The written model's own answers, through the code that serves it.
    private func test() throws(WeightsError) -> [Prediction]? {
        guard let path = experiment.data.test else { return nil }
        let data = experiment.data
        let texts = try LabelledTexts(path: path, fields: data.fields, labels: data.labels)
        guard texts.count > 0 else {
            watch.tell("there is no text in \(path): nothing is measured")
            return nil
        }
        let model = try LinearTextModel(folder: experiment.output)
        let reader = NGramReader(recipe: model.recipe)
        var names: [UInt64] = []
        return zip(texts.texts, texts.truths).map { text, truth in
            let score = text.withUnsafeBufferPointer { model.score($0, reader, &names) }
            let p = model.probability(score)
            return Prediction(probabilities: [1 - p, p], truth: truth)
        }
    }
}

/// What a baseline is fitted on.
private enum BaselineFeatures {
    case ngrams(NGramCorpus)
    case vectors(SparseRows, WordVectors)

    var count: Int {
        switch self {
        case .ngrams(let corpus): corpus.names.count
        case .vectors(_, let vectors): vectors.dimension
        }
    }

    /// The names that the served table has.
    var names: [UInt64] {
        switch self {
        case .ngrams(let corpus): corpus.names
        case .vectors(_, let vectors): vectors.names
        }
    }

    /// One coefficient a name.
    func served(_ coefficients: [Float]) -> [Float] {
        switch self {
        case .ngrams: coefficients
        case .vectors(_, let vectors): AveragedVectors.coefficients(coefficients, vectors)
        }
    }

    func margins(_ fit: NaiveBayesSVM.Fit, _ texts: [Int]) -> [Double] {
        switch self {
        case .ngrams(let corpus): NaiveBayesSVM.margins(fit, corpus, texts: texts)
        case .vectors(let rows, _): fit.margins(rows.rows(texts))
        }
    }
}

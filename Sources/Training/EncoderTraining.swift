// Runs an encoder's experiment for one seed, from texts to a measured model folder.
//
//     read ──> step 1 ──> ... ──> step n ──> output ──> test, report
//              steps/1-masked     its model is the output itself
//
// Invariant: a run that was stopped, at whatever point, goes on where it was when the same command
// is given again: a finished step is not done again (`step.json` in its folder says so), one in the
// middle goes on from its checkpoint. Before anything is learned the labels of the test file are
// compared with the listed ones, so that a wrong one is told at once, and nothing is kept of them;
// they are read again after the model is written. A finished run is left as it is.

internal import Insight
internal import JSONText
internal import Numerics
internal import Syscalls
package import Weights

package struct EncoderTraining {
    package let experiment: EncoderExperiment
    let seed: UInt64
    package let output: String
    let maker: StudentMaker
    let watch: TrainingWatch

    package init(
        _ experiment: EncoderExperiment, seed: UInt64, watch: TrainingWatch,
        maker: @escaping StudentMaker
    ) {
        self.experiment = experiment
        self.seed = seed
        self.watch = watch
        self.maker = maker
        let named = TrainingTexts.named(experiment.output, seed)
        let isShared =
            experiment.isSeries && named == experiment.output && !Self.isOver(seed, in: named)
        output = isShared ? "\(named)/seed-\(seed)" : named
    }

    package var reportPath: String { Self.reportPath(output) }

    private static func reportPath(_ folder: String) -> String { folder + "/report.json" }

    private static func report(in folder: String) throws(WeightsError) -> JSONNode {
        try JSONSource(reportPath(folder), limit: 1 << 28).root
    }

    private static func seed(_ report: JSONNode) -> UInt64? {
        report["seed"]?.int.flatMap { UInt64(exactly: $0) }
    }

    /// Whether a run of that seed has ended there: of a file that had no other one then.
    private static func isOver(_ seed: UInt64, in folder: String) -> Bool {
        guard fileExists(reportPath(folder)), let report = try? Self.report(in: folder) else {
            return false
        }
        return Self.seed(report) == seed
    }

    /// What this very run came to, if it is over.
    /// - Throws: where the folder holds the report of another one, or a model that does not open.
    package func finished() throws -> RunFigures? {
        guard fileExists(reportPath) else { return nil }
        let needsUnlabelled = experiment.steps.contains(where: \.needsUnlabelled)
        let texts = try TrainingTexts(experiment.data, seed: seed, unlabelled: needsUnlabelled)
        let base = try ModelFolder.open(experiment.model.base)
        let report = try Self.report(in: output)
        let hasSameBase = report["base_revision"]?.string == base.revision.short
        let hasSameTexts = report["data_hash"]?.string == texts.hash.description
        let parts: [(String, Bool)] = [
            ("experiment", saysTheSame(report)), ("seed", Self.seed(report) == seed),
            ("base", hasSameBase), ("texts", hasSameTexts),
            ("test file", try hasSameTest(report)), ("teachers", hasSameTeachers(report)),
        ]
        let others = parts.filter { !$0.1 }.map { $0.0 }
        guard others.isEmpty else {
            throw TrainingError.unfit(
                "\(output) holds the model of another run, or of another version "
                    + "(not the same: \(others.joined(separator: ", "))): name another output, or "
                    + "remove it")
        }
        try checkWritten()
        return RunFigures(report)
    }

    /// A head alone and adapters are read with the base, where that was when they were written.
    private func checkWritten() throws(WeightsError) {
        do throws(WeightsError) {
            _ = try ModelFolder.open(output)
        } catch {
            throw WeightsError(
                error.kind, output,
                "the run is finished, but its model cannot be opened; a file of it is missing or "
                    + "damaged, or of the base that its textflix.json names: \(error)")
        }
    }

    /// Of that very file, or of one that differs in nothing that the model and the figures depend
    /// on: in comments, in seeds, in where files are.
    private func saysTheSame(_ report: JSONNode) -> Bool {
        report["experiment"]?.utf8 == experiment.source
            || report["experiment_hash"]?.string == experiment.hash.description
    }

    /// Reports without a `test_hash` are taken as they are.
    private func hasSameTest(_ report: JSONNode) throws(WeightsError) -> Bool {
        guard let then = report["test_hash"]?.string else { return true }
        return then == (try testHash())
    }

    private func testHash() throws(WeightsError) -> String? {
        try FileHashes().hashes([experiment.data.test]).first.map(Revision.hexadecimal)
    }

    /// A teacher that has been removed since does not count as changed.
    private func hasSameTeachers(_ report: JSONNode) -> Bool {
        let then = report["teachers"]?.array?.map(\.string) ?? []
        let now = teachers
        return then.count == now.count
            && zip(then, now).allSatisfy { $0 == ((try? TeacherAnswers.revision($1))?.short ?? $0) }
    }

    private var teachers: [String] { experiment.teachers(seed: seed) }

    /// - Parameter finish: hands out the report before it is written: with it the run is over.
    package func run(finish: (RunReport) throws -> Void = { _ in }) throws -> RunReport {
        let started = MonotonicClock.now
        let origins = try check()
        let lock = try OutputFolder(path: output).lock(in: output + "/steps")
        defer { withExtendedLifetime(lock) {} }
        let needsUnlabelled = experiment.steps.contains(where: \.needsUnlabelled)
        let texts = try TrainingTexts(experiment.data, seed: seed, unlabelled: needsUnlabelled)
        tell(texts)
        let steps = steps(on: texts)
        for step in steps { try step.check() }
        var model = try Stage(path: experiment.model.base)
        var reports: [StepReport] = []
        for step in steps {
            let (next, report) = try step.run(from: model)
            model = next
            reports.append(report)
        }
        var report = try report(of: reports, texts, origins, heldOut: model.heldOut)
        report.test = try test()
        try finish(report)
        try write(report)
        let whole = Double(MonotonicClock.now.since(started)) / 1e9
        watch.tell("done after \(Int(whole.rounded())) s: \(output)")
        return report
    }

    private func steps(on texts: TrainingTexts) -> [StepWork] {
        experiment.steps.enumerated().map { index, step in
            StepWork(
                training: self, texts: texts, step: step, number: index + 1,
                isLast: index == experiment.steps.count - 1)
        }
    }

    private func report(
        of steps: [StepReport], _ texts: TrainingTexts, _ origins: Origins, heldOut: ScoredLogits?
    ) throws -> RunReport {
        RunReport(
            seed: seed, output: output, labels: experiment.data.labels,
            experimentHash: experiment.hash.description, baseRevision: origins.base,
            dataHash: texts.hash.description, testHash: try testHash(),
            trainCount: texts.train.count, devCount: texts.dev.count,
            unlabelledCount: texts.unlabelled.count, droppedLabelled: texts.droppedLabelled,
            droppedUnlabelled: texts.droppedUnlabelled, teachers: origins.teachers, steps: steps,
            heldOut: heldOut, temperature: heldOut?.temperature ?? 1,
            seconds: steps.reduce(0) { $0 + $1.seconds }, peakBytes: ThisProcess.residentPeak)
    }

    /// Revisions of what a run begins with, which may be gone when it ends.
    private struct Origins {
        let base: String
        let teachers: [String]
    }

    /// What can be refused is refused before hours are spent.
    private func check() throws -> Origins {
        let base = try ModelFolder.open(experiment.model.base)
        try refuseOtherModels(base)
        try refuseAdapters(base)
        try experiment.check(base)
        for teacher in Set(teachers).sorted() { try teacherAnswers.check(teacher) }
        try experiment.data.refusePipes()
        if experiment.makesClassifier, let test = experiment.data.test {
            let data = experiment.data
            try LabelledTexts.check(path: test, fields: data.fields, labels: data.labels)
        }
        tellOfHead(base)
        return Origins(
            base: base.revision.short,
            teachers: try teachers.map { try TeacherAnswers.revision($0).short })
    }

    var teacherAnswers: TeacherAnswers {
        TeacherAnswers(
            labels: experiment.data.labels, precision: experiment.model.answers, watch: watch)
    }

    /// A model trained on top of them would be written with the encoder that lacks them.
    private func refuseAdapters(_ base: ModelFolder) throws {
        guard base.adapter == nil else {
            throw TrainingError.unfit(
                "\(base.path) is a folder of adapters, which training does not start from: name "
                    + "its base, \(base.encoderPath)")
        }
    }

    private func refuseOtherModels(_ base: ModelFolder) throws {
        let own = absolutePath(output)
        guard own != absolutePath(base.encoderPath), own != absolutePath(base.path) else {
            throw TrainingError.unfit("\(output) is the base itself: name another output")
        }
        guard !OutputFolder(path: output).holdsModel || isDirectory(output + "/steps") else {
            throw TrainingError.unfit(
                "\(output) holds a model that no such run wrote: name another output")
        }
    }

    private func tell(_ texts: TrainingTexts) {
        guard experiment.makesClassifier else {
            return watch.tell(
                "\(texts.unlabelled.count) unlabelled texts to learn from; left out, equal to a "
                    + "test text: \(texts.droppedUnlabelled)")
        }
        tellOfLabels(texts)
        watch.tell(
            "\(texts.train.count) labelled texts to learn from, \(texts.dev.count) held out, "
                + "\(texts.unlabelled.count) unlabelled; left out, equal to a test or held-out "
                + "text: \(texts.droppedLabelled) labelled, \(texts.droppedUnlabelled) unlabelled")
        let precision = experiment.model.precision
        if precision.learned(by: .best()) != precision {
            watch.tell("products in f32: this processor has no \(precision) instructions")
        }
        let classifiers = experiment.steps.filter(\.givesClassifier).compactMap(\.fit)
        if let caution = experiment.coverage.flatMap({
            CoveragePromise.caution($0, heldOut: texts.dev.count)
        }) {
            watch.tell(caution)
        }
        if texts.dev.count == 0,
            classifiers.contains(where: { $0.patience != nil || $0.keep == .best })
        {
            watch.tell(
                "nothing is held out: patience and keep: \"best\" have no effect, each step goes "
                    + "to its end and keeps the last weights")
        }
    }

    /// Labels that fit on a screen.
    private static let toldLabels = 20

    /// How many texts each label has: rare labels are learned and measured badly.
    private func tellOfLabels(_ texts: TrainingTexts) {
        let labels = experiment.data.labels
        let counts = labels.indices.map { label in
            let (train, dev) = (texts.train, texts.dev)
            return "\(labels[label]) \(train.truths.count { $0 == label }) + "
                + "\(dev.truths.count { $0 == label })"
        }
        let rest = counts.count > Self.toldLabels ? ", ..." : ""
        let shown = counts.prefix(Self.toldLabels).joined(separator: ", ")
        watch.tell("texts of each label, to learn from and held out: \(shown)\(rest)")
        if texts.conflicting > 0 {
            watch.tell(
                "copies of a text that have another label, and are learned with it: "
                    + "\(texts.conflicting)")
        }
    }

    /// Learning does not begin with a head that answers with other labels, nor with one that
    /// masked words have left behind.
    private func tellOfHead(_ base: ModelFolder) {
        let isOfOurKind =
            switch (base.head, experiment.model.head) {
            case (.pooler, .pooler), (.token, .pooler), (.linear, .linear): true
            default: false
            }
        let beginsThere = experiment.steps.enumerated().contains { index, step in
            step.givesClassifier && step.fit.map { index == 0 || $0.start == .base } ?? false
        }
        guard isOfOurKind else { return }
        let isOfOurLabels = base.labels == experiment.data.labels
        if beginsThere, !isOfOurLabels {
            watch.tell(
                "the base's head is not used, a new one is learned: its labels are "
                    + base.labels.joined(separator: ", ") + ", the experiment's "
                    + experiment.data.labels.joined(separator: ", "))
        }
        if isOfOurLabels, !beginsThere, experiment.steps[0].kind == .masked,
            experiment.makesClassifier
        {
            watch.tell(
                "the base's head is not used, a new one is learned: masked words come first, and "
                    + "keep the encoder alone")
        }
    }

    /// The written folder's answers, by the code that serves it.
    private func test() throws -> [Prediction]? {
        guard experiment.makesClassifier, let path = experiment.data.test else { return nil }
        let data = experiment.data
        let texts = try LabelledTexts(path: path, fields: data.fields, labels: data.labels)
        guard texts.count > 0 else {
            watch.tell("there is no text in \(path): nothing is measured")
            return nil
        }
        watch.tell("measuring on \(texts.count) test texts")
        let classifier = try FolderClassifier(output, precision: experiment.model.answers)
        var predictions: [Prediction] = []
        for start in stride(from: 0, to: texts.count, by: 512) {
            if watch.asksToStop() { throw TrainingInterruption(checkpoint: output) }
            let end = min(texts.count, start + 512)
            let rows = try classifier.probabilities(Array(texts.texts[start..<end]))
            predictions += zip(rows, texts.truths[start..<end]).map {
                Prediction(probabilities: $0, truth: $1)
            }
        }
        return predictions
    }

    /// Checkpoints go, finished steps are known by their records; the report comes last.
    private func write(_ report: RunReport) throws {
        let card = ModelCard(report: report, experiment: experiment).text
        try writeFileAtomically(output + "/MODEL_CARD.md", bytes: Array(card.utf8))
        for (index, step) in experiment.steps.enumerated() {
            let folder = stepFolder(index + 1, step)
            try Checkpoint(path: folder + "/" + StepWork.checkpointFile, task: "").remove()
        }
        try writeFileAtomically(reportPath, bytes: report.json(experiment: experiment.source))
    }

    func stepFolder(_ number: Int, _ step: TrainingStep) -> String {
        "\(output)/steps/\(number)-\(step.kind.rawValue)"
    }
}

extension EncoderExperiment {
    /// What the base cannot do.
    package func check(_ base: ModelFolder) throws {
        let (limit, layers) = (base.configuration.tokenLimit, base.configuration.layerCount)
        for step in steps {
            let wanted = step.maxTokens ?? model.maxTokens
            guard wanted <= limit else {
                throw TrainingError.unfit(
                    "max_tokens is \(wanted), the base reads at most \(limit)")
            }
            guard step.fit?.freshLayers ?? 0 <= layers else {
                throw TrainingError.unfit("more fresh_layers than the base has: \(layers)")
            }
        }
    }
}

/// A model between two steps.
struct Stage {
    /// Of the folder.
    var path: String
    /// Held-out answers; nil before there is a classifier.
    var heldOut: ScoredLogits?

    init(path: String, heldOut: ScoredLogits? = nil) throws {
        self.path = path
        self.heldOut = heldOut
    }
}

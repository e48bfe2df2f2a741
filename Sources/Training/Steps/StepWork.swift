// One step of a run: what it starts from, what it learns, where its model goes, and its record.
//
//     steps/2-tune/checkpoint.safetensors         while it runs
//     steps/2-tune/answers-REVISION-int8.jsonl    of a teacher
//     steps/2-tune/step.json                      once it is done: the record, the task's name and
//                                                 the revision of the model that it wrote
//
// The task's name is a hash of what the step's fit depends on: what the experiment's file says of
// it, the texts that it reads, the seed, the model that it starts from and its teachers. The
// processor is not in it: a run may go on elsewhere, where sums round in another way. A version
// that hashes a file otherwise gives other names, and does not go on. The last step's record adds
// how its model is written: where only that changes, it is written again from the checkpoint.
// Invariant: a step is done where the folder holds the very model that its record names; another
// step may have written there since.

internal import JSONText
internal import Syscalls
internal import Tokenization
internal import Weights

struct StepWork {
    let training: EncoderTraining
    let texts: TrainingTexts
    let step: TrainingStep
    let number: Int
    let isLast: Bool

    static let checkpointFile = "checkpoint.safetensors"

    var experiment: EncoderExperiment { training.experiment }
    var watch: TrainingWatch { training.watch }
    var seed: UInt64 { TrainingStep.seed(number, ofRun: training.seed) }
    var labelCount: Int { experiment.data.labels.count }
    var name: String { "step \(number), \(step.kind.rawValue)" }

    /// Its own files.
    var folder: String { training.stepFolder(number, step) }
    /// Where its model goes.
    var modelFolder: String { isLast ? training.output : folder + "/model" }

    func run(from previous: Stage) throws -> (Stage, StepReport) {
        let start = step.fit?.start == .base ? experiment.model.base : previous.path
        let base = try ModelFolder.open(start)
        let revision = try taskRevision(base, previous: previous.path)
        let (task, record) = (revision.description, recorded(revision).description)
        if let done = finished(record) {
            watch.tell("\(name): done already")
            return done
        }
        try writing(folder) { () throws(Errno) in try makeDirectories(folder) }
        removeHalves()
        let began = MonotonicClock.now
        var (stage, report): (Stage, StepReport)
        switch step {
        case .frozen(let settings): (stage, report) = try frozen(settings, base)
        case .masked(let settings): (stage, report) = try masked(settings, base, task)
        case .tune(let fit): (stage, report) = try tune(fit, base, task)
        case .distil(let settings):
            (stage, report) = try distil(settings, base, teacher: previous.path, task)
        }
        report.seconds +=
            report.state.map { $0.seconds + $0.heldOutSeconds }
            ?? Double(MonotonicClock.now.since(began)) / 1e9
        try write(stage, report, record)
        return (stage, report)
    }

    /// Refuses, before any step learns, a file of answers that could be to either of two texts.
    func check() throws {
        guard case .distil(let settings) = step else { return }
        let asked = texts.drawn(by: step, seed: seed)
        for teacher in settings.teaching.given(seed: training.seed) where !isDirectory(teacher) {
            try training.teacherAnswers.check(teacher, asked)
        }
    }

    /// Files left by a process that was killed while writing.
    private func removeHalves() {
        for folder in [folder, modelFolder] { AtomicFile.removeAbandoned(in: folder) }
    }

    /// For a step that has no checkpoint and begins again.
    func stopIfAsked() throws {
        if watch.asksToStop() { throw TrainingInterruption(checkpoint: folder) }
    }

    private func taskRevision(_ base: ModelFolder, previous: String) throws -> Revision {
        var inputs = textHashes + [base.revision]
        for teacher in teachers(previous: previous) {
            inputs.append(try TeacherAnswers.revision(teacher))
        }
        return Revision(
            pieces: [experiment.hash(ofStep: number - 1), training.seed, UInt64(number)]
                + inputs.flatMap { [$0.high, $0.low] })
    }

    /// Of the texts that the step reads; held-out ones are labelled too.
    private var textHashes: [Revision] {
        switch step.kind {
        case .masked: [texts.unlabelledHash]
        case .frozen, .tune: [texts.labelledHash]
        case .distil: [texts.labelledHash, texts.unlabelledHash]
        }
    }

    /// What the record calls the task, and what is written of it.
    private func recorded(_ task: Revision) -> Revision {
        guard isLast else { return task }
        return Revision(pieces: [
            task.high, task.low, experiment.hashOfWriting, texts.hash.high, texts.hash.low,
        ])
    }

    /// Where this step's teachers are: folders, or files of answers.
    func teachers(previous: String) -> [String] {
        guard case .distil(let settings) = step else { return [] }
        return settings.teaching.teachers.map {
            $0 == TeachingSettings.previous ? previous : TrainingTexts.named($0, training.seed)
        }
    }

    /// Of both parts, as the model reads them.
    func tokens(
        _ texts: [[UInt8]], _ base: ModelFolder, maxTokens: Int? = nil
    ) throws -> TextTokens {
        let tokenizer = try WordPiece(of: base)
        try base.checkVocabulary(count: tokenizer.vocabularyCount)
        return try TextTokens(
            texts, tokenizer, truncation: experiment.model.truncation,
            maxTokens: maxTokens ?? experiment.model.maxTokens)
    }

    // MARK: - Records

    private var recordPath: String { folder + "/step.json" }

    private func write(_ stage: Stage, _ report: StepReport, _ task: String) throws {
        var json = JSONWriter()
        json.beginObject()
        json.member("task", task)
        json.member("revision", try ModelFolder.open(stage.path).revision.description)
        json.key("report")
        report.write(to: &json)
        if let heldOut = stage.heldOut {
            json.key("logits")
            json.array(heldOut.logits) { json, row in json.array(row) { $0.double($1) } }
        }
        json.endObject()
        try writeFileAtomically(recordPath, bytes: json.bytes)
    }

    /// What this very task left when it was finished, if it is there still.
    private func finished(_ task: String) -> (Stage, StepReport)? {
        guard let bytes = try? readFile(recordPath, limit: 1 << 28),
            let node = try? JSONDocument.parse(bytes), node["task"]?.string == task,
            let report = node["report"].flatMap(StepReport.init),
            let revision = node["revision"]?.string,
            (try? ModelFolder.open(modelFolder))?.revision.description == revision
        else { return nil }
        let logits = node["logits"]?.array?.map { $0.array?.compactMap(\.double) ?? [] }
        let heldOut = logits.map { ScoredLogits(logits: $0, truths: texts.dev.truths) }
        return (try? Stage(path: modelFolder, heldOut: heldOut)).map { ($0, report) }
    }
}

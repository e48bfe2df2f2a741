// One step of a run: what it starts from, what it learns, where its model goes, and its record.
//
//     steps/2-tune/checkpoint.safetensors         while it runs
//     steps/2-tune/answers-REVISION-int8.jsonl    of a teacher
//     steps/2-tune/step.json                      once it is done: the record, and the task's name
//
// The task's name is a hash of what the step's outcome depends on: what the experiment's file says
// of it, the texts, the seed, the model that it starts from and its teachers. The processor and the
// release are not in it: a run may go on elsewhere, where sums round in another way.

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
    var seed: UInt64 { mixed(training.seed, UInt64(number)) }
    var labelCount: Int { experiment.data.labels.count }
    var name: String { "step \(number), \(step.kind.rawValue)" }

    /// Its own files.
    var folder: String { training.stepFolder(number, step) }
    /// Where its model goes.
    var modelFolder: String { isLast ? training.output : folder + "/model" }

    func run(from previous: Stage) throws -> (Stage, StepReport) {
        let start = step.fit?.start == .base ? experiment.model.base : previous.path
        let base = try ModelFolder.open(start)
        let task = try taskName(base, previous: previous.path)
        if let done = finished(task) {
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
        try record(stage, report, task)
        return (stage, report)
    }

    /// Files left by a process that was killed while writing.
    private func removeHalves() {
        for folder in [folder, modelFolder] { AtomicFile.removeAbandoned(in: folder) }
    }

    /// For a step that has no checkpoint and begins again.
    func stopIfAsked() throws {
        if watch.asksToStop() { throw TrainingInterruption(checkpoint: folder) }
    }

    private func taskName(_ base: ModelFolder, previous: String) throws -> String {
        var pieces = [experiment.stepHashes[number - 1]]
        pieces += [texts.hash.high, texts.hash.low, training.seed, UInt64(number)]
        pieces += [base.revision.high, base.revision.low]
        for teacher in teachers(previous: previous) {
            let revision = try TeacherAnswers.revision(teacher)
            pieces += [revision.high, revision.low]
        }
        return Revision(pieces: pieces).description
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

    private func record(_ stage: Stage, _ report: StepReport, _ task: String) throws {
        var json = JSONWriter()
        json.beginObject()
        json.member("task", task)
        json.key("report")
        report.write(to: &json)
        if let heldOut = stage.heldOut {
            json.key("logits")
            json.beginArray()
            for row in heldOut.logits {
                json.beginArray()
                for value in row { json.double(value) }
                json.endArray()
            }
            json.endArray()
        }
        json.endObject()
        try writeFileAtomically(recordPath, bytes: json.bytes)
    }

    /// What this very task left when it was finished.
    private func finished(_ task: String) -> (Stage, StepReport)? {
        guard let bytes = try? readFile(recordPath, limit: 1 << 28),
            let node = try? JSONDocument.parse(bytes), node["task"]?.string == task,
            let report = node["report"].flatMap(StepReport.init),
            (try? ModelFolder.open(modelFolder)) != nil
        else { return nil }
        let logits = node["logits"]?.array?.map { $0.array?.compactMap(\.double) ?? [] }
        let heldOut = logits.map { ScoredLogits(logits: $0, truths: texts.dev.truths) }
        return (try? Stage(path: modelFolder, heldOut: heldOut)).map { ($0, report) }
    }
}

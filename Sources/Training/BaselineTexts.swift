// What a baseline learns from: labelled texts, and with a teacher also unlabelled ones, each with
// the label that the teacher believes in most.
//
// Invariant: no text equals one of the test file, of which only hashes are taken; an unlabelled
// text that equals a labelled one is passed over, so a teacher never overrules a person. It fits
// nothing, and never looks at the test file's labels.

internal import Insight
internal import Syscalls
internal import Weights

struct BaselineTexts {
    private(set) var learned: LabelledTexts
    /// Labelled and unlabelled texts that equal a test text.
    private(set) var droppedCount: Int
    /// How many of those that are learned have their label from the teacher; they come last.
    private(set) var taughtCount = 0

    init(_ experiment: BaselineExperiment, _ watch: TrainingWatch) throws {
        let data = experiment.data
        let only = try data.ids.map { path throws(WeightsError) in try readIdentifiers(path) }
        let all = try LabelledTexts(
            path: data.train, fields: data.fields, labels: data.labels, only: only)
        var tests = TextFingerprints()
        if let test = data.test {
            tests = try TextFingerprints(path: test, textField: data.fields.text)
        }
        learned = all.without(tests)
        droppedCount = all.count - learned.count
        if let teaching = experiment.teaching {
            try learn(teaching, experiment, tests, watch)
        }
    }

    private mutating func learn(
        _ teaching: BaselineExperiment.Teaching, _ experiment: BaselineExperiment,
        _ tests: TextFingerprints, _ watch: TrainingWatch
    ) throws {
        let data = experiment.data
        let all = try UnlabelledTexts(
            paths: data.unlabelled, textField: data.fields.text, idField: data.fields.id)
        let free = all.texts.indices.filter { !tests.contains(all.texts[$0]) }
        droppedCount += all.count - free.count
        let known = TextFingerprints(learned.texts)
        let chosen = all.chosen(free.filter { !known.contains(all.texts[$0]) })
            .drawn(teaching.settings.texts, seed: experiment.seed)
        try writing(experiment.output) { () throws(Errno) in try makeDirectories(experiment.output)
        }
        let asked = TeacherAnswers(labels: data.labels, precision: teaching.answers, watch: watch)
        let answers = try asked.ask(
            teaching.settings.teachers, chosen, keepIn: experiment.output)
        let targets = SoftTargets(answers.map(\.rows), teaching.settings)
        try targets.tell("teaching", teaching.settings, data.labels, watch)
        taughtCount = targets.places.count
        for (place, row) in zip(targets.places, targets.rows) {
            learned.add(chosen.ids[place], chosen.texts[place], truth: row.argmax)
        }
    }
}

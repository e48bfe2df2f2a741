// textflixlab curve: accuracy over the number of labels, point by point; what is finished is kept.
//
//     output/points/4a3e273ee5e3-500-s0.json   by what an experiment says, 500 labels, seed 0
//     output/runs/4a3e273ee5e3-500-s0/         while it runs: its checkpoint; then it goes
//     output/curve.json, curve.svg             of all points so far, after each one
//
// A point that `textflixlab train` has run already, with the same file, texts, ids and seed, is
// taken from its report.

import CommandLineTable
import Insight
import JSONText
import Presentation
import Syscalls
import Training
import Weights

enum CurveCommand {
    private static let output = Option(
        "output", .folder("DIR"), "write there, whatever the file says")
    private static let texts = Option(
        "data", .folder("DIR"), "where relative paths of texts are seen from, if not the files'")
    private static let show = Option("show", "run nothing: draw the points that are there")

    static let command = Command(
        "curve", "accuracy over the number of labels",
        details: "The file (JSON5) names experiments, numbers of labels, seeds, and the files of "
            + "ids. A point that is finished is kept, so the command goes on where it was stopped; "
            + "one that train has finished with the same file and ids is taken from its report. It "
            + "writes curve.svg and curve.json, and draws in the terminal.",
        options: [output, texts, show], operands: [Operand("CURVE", "the file")],
        examples: [
            Example("textflixlab curve --data reviews deploy/experiments/curve.json5"),
            Example("textflixlab curve --show --data reviews deploy/experiments/curve.json5"),
        ])

    static func run(_ call: Invocation) throws -> ExitStatus {
        var plan = try CurvePlan(path: call.operands[0], texts: call.text(texts))
        if let folder = call.text(output) { plan.output = folder }
        let run = try CurveRun(plan)
        if !call.has(show) {
            guard try run.finish() else { return .interrupted }
        }
        try run.write()
        let screen = Screen(of: .output)
        let drawing = CurveDrawing(plan: plan, results: run.results)
        printOutput(drawing.lines(on: screen).joined(separator: "\n") + "\n")
        return .success
    }
}

/// What a point came to.
struct CurveResult {
    let point: CurvePlan.Point
    /// Of the texts and models that it came from; nil: they cannot be read.
    let inputs: String?
    let accuracy: Double
    let seconds: Double
}

final class CurveRun {
    private let plan: CurvePlan
    private let files = FileHashes()
    private(set) var results: [CurveResult] = []

    init(_ plan: CurvePlan) throws {
        self.plan = plan
        let folder = plan.output + "/points"
        try writing(folder) { () throws(Errno) in try makeDirectories(folder) }
        results = plan.points.compactMap(finished)
    }

    /// Runs what is missing; false when it was stopped.
    func finish() throws -> Bool {
        let signals = try SignalQueue([.interrupt, .terminate])
        var isStopped = false
        let screen = TrainingScreen()
        for (number, point) in plan.points.enumerated() where finished(point) == nil {
            isStopped = isStopped || signals.next() != nil
            guard !isStopped else { return stopped(screen) }
            screen.tell(
                "point \(number + 1) of \(plan.points.count): \(plan.models[point.model].name), "
                    + "\(point.labels) labels, seed \(point.seed)")
            let watch = TrainingWatch(
                tell: screen.tell, progress: screen.progress,
                asksToStop: {
                    isStopped = isStopped || signals.next() != nil
                    return isStopped
                })
            do { try finish(point, watch) } catch is TrainingInterruption {
                return stopped(screen)
            }
            try write()
        }
        screen.erase()
        return true
    }

    private func finish(_ point: CurvePlan.Point, _ watch: TrainingWatch) throws {
        if let result = trained(point, watch) { return try record(result) }
        try record(run(point, watch))
        try removeDirectoryTree(folder(point))
    }

    private func stopped(_ screen: TrainingScreen) -> Bool {
        screen.erase()
        printError("textflixlab: stopped; the same command goes on\n")
        return false
    }

    private func folder(_ point: CurvePlan.Point) -> String {
        "\(plan.output)/runs/\(name(point))"
    }

    private func name(_ point: CurvePlan.Point) -> String {
        "\(plan.models[point.model].hash)-\(point.labels)-s\(point.seed)"
    }

    private func inputs(_ point: CurvePlan.Point) -> String? {
        (try? plan.models[point.model].experiment.inputs(of: point, files))?.short
    }

    /// Of a run by the experiment's own file, where that asks for the point's very ids and seed.
    private func trained(_ point: CurvePlan.Point, _ watch: TrainingWatch) -> CurveResult? {
        guard case .encoder(let experiment) = plan.models[point.model].experiment,
            experiment.learns(idsOf: point)
        else { return nil }
        let training = EncoderTraining(experiment, seed: UInt64(point.seed), watch: watch) {
            try NetworkStudent($0, $1)
        }
        // The report of another run, or of other texts, is none of this point.
        guard let figures = try? training.finished(), let accuracy = figures.testAccuracy else {
            return nil
        }
        watch.tell("taken from \(training.reportPath)")
        return CurveResult(
            point: point, inputs: inputs(point), accuracy: accuracy, seconds: figures.seconds)
    }

    private func run(_ point: CurvePlan.Point, _ watch: TrainingWatch) throws -> CurveResult {
        let folder = folder(point)
        try writing(folder) { () throws(Errno) in try makeDirectories(folder) }
        let inputs = inputs(point)
        let (accuracy, seconds): (Double?, Double)
        switch plan.models[point.model].experiment.at(point, output: folder) {
        case .baseline(let experiment):
            let outcome = try BaselineTraining(experiment, watch: watch).run()
            (accuracy, seconds) = (outcome.testAccuracy, outcome.totalSeconds)
        case .encoder(let experiment):
            let training = EncoderTraining(experiment, seed: UInt64(point.seed), watch: watch) {
                try NetworkStudent($0, $1)
            }
            let report = try training.run()
            (accuracy, seconds) = (report.testAccuracy, report.seconds)
        }
        guard let accuracy else {
            throw WeightsError(
                .configuration, plan.models[point.model].name,
                "the experiment's test file is not named, or has no text in it")
        }
        return CurveResult(point: point, inputs: inputs, accuracy: accuracy, seconds: seconds)
    }

    // MARK: - Points on disk

    private func path(_ point: CurvePlan.Point) -> String {
        "\(plan.output)/points/\(name(point)).json"
    }

    private func finished(_ point: CurvePlan.Point) -> CurveResult? {
        guard let source = try? JSONSource(path(point)),
            source.root["experiment"]?.string == plan.models[point.model].hash,
            let accuracy = source.root["accuracy"]?.double,
            let seconds = source.root["seconds"]?.double
        else { return nil }
        // Of other texts it is another point; where they are gone it can still be drawn.
        let (then, now) = (source.root["inputs"]?.string, inputs(point))
        guard now == nil || then == now else { return nil }
        return CurveResult(point: point, inputs: then, accuracy: accuracy, seconds: seconds)
    }

    private func record(_ result: CurveResult) throws {
        var json = JSONWriter(pretty: true)
        CurveDrawing.write(result, plan, to: &json)
        try writeFileAtomically(path(result.point), bytes: json.bytes)
        results.append(result)
    }

    /// The picture and the numbers of all points so far.
    func write() throws {
        let drawing = CurveDrawing(plan: plan, results: results)
        try writeFileAtomically(plan.output + "/curve.svg", bytes: Array(drawing.picture.utf8))
        try writeFileAtomically(plan.output + "/curve.json", bytes: drawing.json)
    }
}

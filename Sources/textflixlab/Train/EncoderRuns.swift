// An encoder's experiment, seed by seed: finished ones are passed over, and at the end all of them
// are summed up.

import JSONText
import Syscalls
import Training
import Weights

struct EncoderRuns {
    private let experiment: EncoderExperiment

    init(_ experiment: EncoderExperiment) { self.experiment = experiment }

    func run() throws -> ExitStatus {
        // Before any thread starts, so that all of them leave these signals to us.
        let signals = try SignalQueue([.interrupt, .terminate])
        var isStopped = false
        let screen = TrainingScreen()
        let watch = TrainingWatch(
            tell: screen.tell, progress: screen.progress,
            asksToStop: {
                isStopped = isStopped || signals.next() != nil
                return isStopped
            })
        var reports: [String] = []
        for seed in experiment.seeds {
            let training = EncoderTraining(experiment, seed: seed, watch: watch) {
                try NetworkStudent($0, $1)
            }
            if try training.finished() != nil {
                screen.tell("seed \(seed) is finished: \(training.output)")
            } else {
                do {
                    _ = try training.run { try TrainingPage($0, experiment).write() }
                } catch let error as TrainingInterruption {
                    screen.erase()
                    printError(
                        "textflixlab: stopped; the same command goes on from "
                            + "\(error.checkpoint)\n")
                    return .interrupted
                }
            }
            reports.append(training.reportPath)
        }
        screen.erase()
        try sumUp(reports)
        return .success
    }

    /// One report as it is; of several their accuracies, mean and deviation: of the test file, or
    /// where there is none of the held-out texts.
    private func sumUp(_ paths: [String]) throws {
        guard paths.count > 1 else {
            for path in paths {
                printOutput(String(decoding: try readFile(path, limit: 1 << 28), as: UTF8.self))
            }
            return
        }
        let figures = experiment.data.test == nil ? "held_out" : "test"
        var json = JSONWriter(pretty: true)
        json.beginObject()
        json.member("accuracy_of", figures)
        json.key("seeds")
        json.beginObject()
        var accuracies: [Double] = []
        for (seed, path) in zip(experiment.seeds, paths) {
            let report = try JSONSource(path, limit: 1 << 28)
            guard let accuracy = report.root[figures]?["accuracy"]?.double else { continue }
            accuracies.append(accuracy)
            json.member(String(seed), accuracy)
        }
        json.endObject()
        if !accuracies.isEmpty {
            let spread = Spread(accuracies)
            json.member("mean", spread.mean)
            json.member("deviation", spread.deviation)
        }
        json.endObject()
        printOutput(json.text)
    }
}

/// Mean and sample deviation.
struct Spread {
    let mean: Double
    let deviation: Double

    init(_ values: [Double]) {
        let mean = values.reduce(0, +) / Double(max(1, values.count))
        let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        self.mean = mean
        deviation = values.count > 1 ? (squares / Double(values.count - 1)).squareRoot() : 0
    }
}

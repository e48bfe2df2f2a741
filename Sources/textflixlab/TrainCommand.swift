// textflixlab train: a declarative file in, a model folder out.
//
// Today the file describes a linear baseline (n-grams or averaged word vectors). Progress goes to
// standard error; the report, JSON, to standard output and beside the model.

import CommandLineTable
import Insight
import JSONText
import Syscalls
import Training
import Weights

enum TrainCommand {
    private static let output = Option(
        "output", .text("DIR"), "write the model there, whatever the file says")

    static let command = Command(
        "train", "train a baseline from a declarative file",
        details:
            "The file (JSON5) names the texts, the model and where to write it; where it lists "
            + "several costs or interpolations, cross-validation on the training texts chooses. "
            + "deploy/experiments has examples.",
        options: [output], operands: [Operand("EXPERIMENT", "the file")],
        examples: [Example("textflixlab train deploy/experiments/nbsvm.json5")])

    static func run(_ call: Invocation) throws -> ExitStatus {
        var experiment = try BaselineExperiment(path: call.operands[0])
        if let folder = call.text(output) { experiment.output = folder }
        let started = MonotonicClock.now
        let outcome = try BaselineTraining(experiment) { line in
            let seconds = Double(MonotonicClock.now.since(started)) / 1e9
            printError("\(fixed(seconds, decimals: 1)) s  \(line)\n")
        }.run()
        let report = json(outcome, experiment)
        try writeFileAtomically(experiment.output + "/report.json", bytes: report)
        printOutput(String(decoding: report, as: UTF8.self))
        return .success
    }

    private static func json(
        _ outcome: BaselineTraining.Outcome, _ experiment: BaselineExperiment
    ) -> [UInt8] {
        var json = JSONWriter(pretty: true)
        json.beginObject()
        json.key("output")
        json.string(experiment.output)
        json.key("texts")
        json.int(outcome.trainCount)
        json.key("features")
        json.int(outcome.featureCount)
        json.key("trials")
        json.beginArray()
        for trial in outcome.trials {
            json.beginObject()
            for (key, value) in [
                ("cost", trial.cost), ("interpolation", trial.interpolation),
                ("held_out_accuracy", trial.accuracy),
            ] {
                json.key(key)
                json.double(value)
            }
            json.endObject()
        }
        json.endArray()
        for (key, value) in [
            ("cost", outcome.cost), ("interpolation", outcome.interpolation),
            ("read_seconds", outcome.readSeconds), ("feature_seconds", outcome.featureSeconds),
            ("fit_seconds", outcome.fitSeconds), ("total_seconds", outcome.totalSeconds),
        ] {
            json.key(key)
            json.double(value)
        }
        json.key("converged")
        json.bool(outcome.converged)
        if let test = outcome.test { write(test, to: &json) }
        json.endObject()
        return json.bytes
    }

    private static func write(_ test: [Prediction], to json: inout JSONWriter) {
        let right = test.filter(\.isRight).count
        let interval = wilsonInterval(successes: right, of: test.count)
        json.key("test")
        json.beginObject()
        json.key("texts")
        json.int(test.count)
        for (key, value) in [
            ("accuracy", Double(right) / Double(max(1, test.count))),
            ("accuracy_low", interval.lowerBound), ("accuracy_high", interval.upperBound),
            ("calibration_error", Calibration.expectedError(of: Calibration.bins(test))),
            ("brier", Calibration.brier(test)),
        ] {
            json.key(key)
            json.double(value)
        }
        json.endObject()
    }
}

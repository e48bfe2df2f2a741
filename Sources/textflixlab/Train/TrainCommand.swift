// textflixlab train: a declarative file in, a model folder out.
//
// The file describes a linear baseline or an encoder. Progress goes to standard error; the report,
// JSON, to standard output and beside the model. Ctrl-C writes a checkpoint; the same command goes
// on from it.

import CommandLineTable
import Syscalls
import Training

enum TrainCommand {
    private static let output = Option(
        "output", .folder("DIR"), "write the model there, whatever the file says")
    private static let texts = Option(
        "data", .folder("DIR"), "where relative paths of texts are seen from, if not the file's")
    private static let seeds = Option(
        "seeds", .list("N,M"), "run an encoder with these seeds, whatever the file says")
    private static let base = Option(
        "base", .folder("DIR"), "the pretrained encoder, whatever the file says")

    static let command = Command(
        "train", "train a model from a declarative file",
        details:
            "The file (JSON5) names the texts, the model, the steps and where to write it; "
            + "deploy/experiments has examples, textflixlab(1) all keys. Ctrl-C writes a "
            + "checkpoint (status 130), and the same command goes on from it.",
        options: [output, texts, base, seeds], operands: [Operand("EXPERIMENT", "the file")],
        examples: [
            Example("textflixlab train --data reviews deploy/experiments/500-minilm-full.json5"),
            Example("textflixlab train deploy/experiments/nbsvm.json5"),
        ])

    static func run(_ call: Invocation) throws -> ExitStatus {
        var experiment = try Experiment(path: call.operands[0], texts: call.text(texts))
        if let folder = call.text(output) { experiment.output = folder }
        switch experiment {
        case .baseline(let baseline):
            guard !call.has(seeds), call.text(base) == nil else {
                throw call.complaint("--seeds and --base go with an encoder; this is a baseline")
            }
            return try run(baseline)
        case .encoder(var encoder):
            if let folder = call.text(base) { encoder.model.base = folder }
            if call.has(seeds) {
                let named = call.list(seeds)
                // As of the file's: a report has them as whole numbers of JSON.
                encoder.seeds = named.compactMap { Int($0) }.filter { $0 >= 0 }.map { UInt64($0) }
                guard Set(encoder.seeds).count == named.count, !named.isEmpty else {
                    throw call.complaint("--seeds takes different whole numbers, parted by commas")
                }
            }
            return try EncoderRuns(encoder).run()
        }
    }

    private static func run(_ experiment: BaselineExperiment) throws -> ExitStatus {
        let screen = TrainingScreen()
        let training = BaselineTraining(experiment, watch: TrainingWatch(tell: screen.tell))
        let report = BaselineReport.json(try training.run(), experiment)
        try writeFileAtomically(training.reportPath, bytes: report)
        printOutput(String(decoding: report, as: UTF8.self))
        return .success
    }
}

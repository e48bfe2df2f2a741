// The command line of textflixlab, as one table: parser, help and completions read it.

import CommandLineTable
import Syscalls
import Weights

extension Program {
    static let textflixlab = Program(
        "textflixlab", "make, inspect, train and test models",
        commands: [
            SynthCommand.command, InspectCommand.command, PackCommand.command,
            ForwardCommand.command, TrainCommand.command, CurveCommand.command,
            CostCommand.command, AuditCommand.command, FaithfulnessCommand.command,
            SentencesCommand.command, SiteCommand.command,
        ],
        examples: [
            Example("textflixlab inspect ~/.cache/textflix/models/sentiment"),
            Example("textflixlab pack --precision int8 --check reviews.jsonl DIR"),
            Example("textflixlab synth --arch bert-large /tmp/bert-large"),
        ])
}

extension WeightsError {
    var exitStatus: ExitStatus {
        switch kind {
        case .unreadable: .noInput
        case .unwritable: .cannotCreate
        case .configuration: .configuration
        case .malformed, .unsupported, .mismatch, .notFinite: .data
        }
    }
}

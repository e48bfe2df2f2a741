// textflixlab: makes, inspects, packs and trains models.
//
// Options and wiring only: one file a command. It exits with the status that <sysexits.h> has for
// what happened.

import CommandLineTable
import Encoder
import Numerics
import Syscalls
import TextRuns
import TextflixClient
import Training
import Weights

func perform(_ call: Invocation) throws -> ExitStatus {
    switch call.command?.name {
    case SynthCommand.command.name: try SynthCommand.run(call)
    case InspectCommand.command.name: try InspectCommand.run(call)
    case PackCommand.command.name: try PackCommand.run(call)
    case ForwardCommand.command.name: try ForwardCommand.run(call)
    case TrainCommand.command.name: try TrainCommand.run(call)
    case CurveCommand.command.name: try CurveCommand.run(call)
    case CostCommand.command.name: try CostCommand.run(call)
    case AuditCommand.command.name: try AuditCommand.run(call)
    case FaithfulnessCommand.command.name: try FaithfulnessCommand.run(call)
    case SentencesCommand.command.name: try SentencesCommand.run(call)
    case SiteCommand.command.name: try SiteCommand.run(call)
    default: preconditionFailure("a command of the table without an action")
    }
}

func fail(_ status: ExitStatus, _ message: String) -> Never {
    printMessage("textflixlab: \(message)\n")
    ThisProcess.exit(status.rawValue)
}

private let call = Program.textflixlab.invocation()
if let complaint = Kernels.complaint() { fail(.configuration, complaint) }
do {
    ThisProcess.exit(try perform(call).rawValue)
} catch let error as UsageError {
    error.report()
} catch let error as Failure {
    printMessage("\(error.text(of: Program.textflixlab.name))\n")
    ThisProcess.exit(error.status.rawValue)
} catch let error as WeightsError {
    fail(error.exitStatus, error.description)
} catch let error as EncoderError {
    fail(.software, error.description)
} catch let error as ClientError {
    fail(error.exitStatus, error.description)
} catch let error as TrainingError {
    fail(.data, error.description)
} catch let error as Errno {
    fail(.inputOutput, error.description)
} catch {
    fail(.software, "\(error)")
}

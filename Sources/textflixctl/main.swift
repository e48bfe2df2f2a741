// textflixctl: asks the Textflix daemon, on its Unix socket, and shows what it answers.
//
//     textflixctl [--socket PATH] [--timeout 10s] COMMAND ...
//
// Options and wiring only. It exits with the status that <sysexits.h> has for what happened.

import CommandLineTable
import Syscalls
import TextRuns

func completions(_ call: Invocation) -> ExitStatus {
    if let shell = call.operands.first.flatMap(Shell.init) {
        printOutput(call.program.completions(for: shell))
    }
    return .success
}

func perform(_ call: Invocation) throws(Failure) -> ExitStatus {
    switch call.command?.name {
    case Commands.classify.name: try TextCommands.classify(call)
    case Commands.embed.name: try TextCommands.embed(call)
    case Commands.tag.name: try TextCommands.tag(call)
    case Commands.tokenize.name: try TextCommands.tokenize(call)
    case ReportOptions.evaluate.name: try EvaluateCommand.run(call)
    case ReportOptions.compare.name: try CompareCommand.run(call)
    case ReportOptions.explain.name: try ExplainCommand.run(call)
    case ReportOptions.summarize.name: try SummarizeCommand.run(call)
    case Commands.status.name: try StatusCommand.run(call)
    case Commands.models.name: try ModelCommands.models(call)
    case Commands.reload.name: try ModelCommands.reload(call)
    case Commands.bench.name: try BenchCommand.run(call)
    case Commands.benchCompare.name: try BenchCommand.compare(call)
    case Commands.doctor.name: DoctorCommand.run(call)
    case Commands.completions.name: completions(call)
    default: preconditionFailure("a command of the table without an action")
    }
}

private let call = Program.textflixctl.invocation()
do throws(Failure) {
    ThisProcess.exit(try perform(call).rawValue)
} catch {
    let text = error.text(of: Program.textflixctl.name)
    if !text.isEmpty { printMessage("\(text)\n") }
    ThisProcess.exit(error.status.rawValue)
}

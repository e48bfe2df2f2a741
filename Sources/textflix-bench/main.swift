// textflix-bench: measures single modules by themselves.

import CommandLineTable
import Numerics
import Syscalls

private let program = Program(
    "textflix-bench", "measures parts of Textflix",
    commands: [
        KernelBench.command, EncoderBench.command, TrainingBench.command, TokenizerBench.command,
    ])
private let line = program.invocation()
if let complaint = Kernels.complaint() {
    printError("textflix-bench: \(complaint)\n")
    ThisProcess.exit(ExitStatus.configuration.rawValue)
}

do {
    let status =
        switch line.command?.name {
        case "kernels": try KernelBench.run(line)
        case "encoder": try EncoderBench.run(line)
        case "training": try TrainingBench.run(line)
        default: try TokenizerBench.run(line)
        }
    ThisProcess.exit(status.rawValue)
} catch let error as UsageError {
    error.report()
} catch {
    printError("textflix-bench: \(error)\n")
    ThisProcess.exit(ExitStatus.data.rawValue)
}

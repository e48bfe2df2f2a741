// textflixd: the daemon's command line. Options and wiring only.
//
// Before anything else it starts itself again without the variables that tell OpenBLAS what to do:
// the library reads them when it is loaded, and a stray one halves the speed or starts threads of
// its own.

import CommandLineTable
import Service
import Syscalls

private enum Options {
    static let config = Option("config", .file("FILE"), "read this configuration file")
    static let socket = Option("socket", .file("PATH"), "listen on this socket")
    static let model = Option(
        "model", .assignment("NAME=DIR"), repeats: true, "serve the model in DIR as NAME")
    static let precision = Option(
        "precision", .choice(PrecisionChoice.self), "how weights are computed with")
    static let threads = Option(
        "threads", .integer(DaemonConfiguration.Ranges.threads), "threads of the engine")
    static let batchTokens = Option(
        "max-batch-tokens", .integer(DaemonConfiguration.Ranges.batchTokens),
        "tokens computed together at most")
    static let queue = Option(
        "max-queue", .integer(DaemonConfiguration.Ranges.queueTexts), "texts waiting at most")
    static let cache = Option("cache-dir", .folder("DIR"), "where packed weights are kept")
    static let lock = Option("lock", "pin the mapped weights in memory")
    static let check = Option("check-config", "check the configuration and stop")
}

private let program = Program(
    "textflixd", "classify texts for the programs of this machine, over a Unix socket",
    options: [
        Options.config, Options.socket, Options.model, Options.precision, Options.threads,
        Options.batchTokens, Options.queue, Options.cache, Options.lock, Options.check,
    ],
    examples: [
        Example("textflixd --model reviews=models/reviews", "serve one model"),
        Example("textflixd --config /etc/textflix/textflixd.json --check-config"),
    ])

/// The process image is replaced; returns only when there is nothing to remove.
private func shedHostileEnvironment() {
    let hostile = environmentNames().filter {
        $0.hasPrefix("OPENBLAS_") || $0.hasPrefix("GOTO_") || $0.hasPrefix("OMP_")
    }
    guard !hostile.isEmpty else { return }
    for name in hostile { removeEnvironment(name) }
    do throws(Errno) {
        try ThisProcess.executeAgain()
    } catch {
        printMessage("textflixd: cannot start again without \(hostile): \(error)\n")
    }
}

private func flags(_ invocation: Invocation) -> DaemonConfiguration.Flags {
    var flags = DaemonConfiguration.Flags()
    flags.file = invocation.text(Options.config)
    flags.socketPath = invocation.text(Options.socket)
    flags.models = invocation.assignments(Options.model).map { ($0.name, $0.value) }
    flags.precision = invocation.choice(Options.precision)
    flags.threads = invocation.integer(Options.threads)
    flags.batchTokens = invocation.integer(Options.batchTokens)
    flags.queueTexts = invocation.integer(Options.queue)
    flags.cacheDirectory = invocation.text(Options.cache)
    flags.lock = invocation.has(Options.lock)
    return flags
}

private func check(_ configuration: DaemonConfiguration) -> Int32 {
    let faults = Daemon.check(configuration)
    for fault in faults { printMessage("textflixd: \(fault)\n") }
    guard faults.isEmpty else { return ExitStatus.configuration.rawValue }
    printOutput("the configuration is good\n")
    return ExitStatus.success.rawValue
}

private func run() -> Int32 {
    StandardStream.holdClosed()
    shedHostileEnvironment()
    do {
        switch try program.parse(Arguments.words(of: program.name)) {
        case .run(let invocation):
            let flags = flags(invocation)
            let isCheck = invocation.has(Options.check)
            let configuration: DaemonConfiguration
            do throws(ConfigurationError) {
                configuration = try DaemonConfiguration.resolve(flags)
            } catch {
                guard isCheck else { return Daemon.refuse(error) }
                throw error
            }
            if isCheck { return check(configuration) }
            return Daemon(configuration, flags: flags, version: program.version).run()
        case .show(let text):
            printOutput(text)
            return ExitStatus.success.rawValue
        }
    } catch let error as UsageError {
        printMessage("\(error)\n")
        return ExitStatus.usage.rawValue
    } catch {
        printMessage("textflixd: \(error)\n")
        return ExitStatus.configuration.rawValue
    }
}

ThisProcess.exit(run())

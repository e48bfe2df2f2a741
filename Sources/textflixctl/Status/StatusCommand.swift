// `status`: once, or again and again.
//
// The daemon answers it from its I/O thread, also under overload; so a status that does not come is
// news in itself, and is reported as what it is instead of being retried for long.

import CommandLineTable
import Presentation
import Syscalls
import TextRuns
import TextflixClient
import TextflixProtocol

enum StatusCommand {
    static func run(_ call: Invocation) throws(Failure) -> ExitStatus {
        let client = try connect(call)
        let timeout = call.duration(Options.timeout) ?? .seconds(10)
        let format = call.choice(Options.statusFormat, StatusFormat.self) ?? .table
        if call.has(Options.watch) {
            guard format == .table else {
                throw Failure(
                    call.complaint("--watch is for eyes; ask again for \(format.rawValue)"))
            }
            let interval = call.duration(Options.interval) ?? .seconds(1)
            return try StatusWatch.run(client, every: interval)
        }
        do throws(ClientError) {
            let status = try client.call(.status, StatusRequest(), timeout: timeout)
            printOutput(text(status, client.path, format))
        } catch { throw Failure(error) }
        return .success
    }

    private static func text(
        _ status: StatusResponse, _ path: String, _ format: StatusFormat
    ) -> String {
        switch format {
        case .json: StatusJSON.text(status)
        case .prometheus: PrometheusPage.text(status)
        case .table:
            StatusPage(status: status, path: path, screen: Screen(of: .output)).lines
                .map { "\($0)\n" }.joined()
        }
    }
}

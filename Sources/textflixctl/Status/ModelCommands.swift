// `models` and `reload`: what the daemon serves, as a table, JSON, or names for a script.

import CommandLineTable
import JSONText
import Presentation
import Syscalls
import TextRuns
import TextflixClient
import TextflixProtocol

enum ModelCommands {
    static func models(_ call: Invocation) throws(Failure) -> ExitStatus {
        let client = try connect(call)
        let timeout = call.duration(Options.timeout) ?? .seconds(10)
        do throws(ClientError) {
            let status = try client.call(.status, StatusRequest(), timeout: timeout)
            show(status.models, as: call)
        } catch { throw Failure(error) }
        return .success
    }

    static func reload(_ call: Invocation) throws(Failure) -> ExitStatus {
        let client = try connect(call)
        do throws(ClientError) {
            // Loading a large model takes its time, so by default there is no limit.
            let answer = try client.call(
                .reload, ReloadRequest(), timeout: call.duration(Options.timeout))
            show(answer.models, as: call)
            return answer.models.allSatisfy { $0.error.isEmpty } ? .success : .someFailed
        } catch {
            // The daemon found its configuration broken, and goes on with what it had.
            if case .failed(let status) = error, status.code == .failedPrecondition {
                throw Failure(.configuration, error.description)
            }
            throw Failure(error)
        }
    }

    private static func show(_ models: [ModelStatus], as call: Invocation) {
        switch call.choice(Options.modelFormat, ListFormat.self) ?? .table {
        case .names: printLines(models.map(\.name))
        case .json:
            var writer = JSONWriter(pretty: true)
            StatusJSON.write(models, to: &writer)
            printOutput(writer.text)
        case .table:
            let lines = ModelTable.lines(models, on: Screen(of: .output))
            printLines(lines)
        }
    }
}

/// One line a model, then why each has its precision, and why any could not be loaded.
enum ModelTable {
    static func lines(_ models: [ModelStatus], on screen: Screen, indent: String = "") -> [String] {
        guard !models.isEmpty else { return ["\(indent)no models"] }
        var table = TextTable([
            .init(title: "MODEL"), .init(title: "STATE"), .init(title: "PRECISION"),
            .init(title: "LABELS", most: 28),
            .init(title: "LAYERS", isNumber: true), .init(title: "TOKENS", isNumber: true),
            .init(title: "MAPPED", isNumber: true), .init(title: "REVISION", most: 12),
        ])
        for model in models {
            let shape = model.layers > 0 ? "\(model.layers) × \(model.hiddenSize)" : ""
            table.append([
                DisplayWidth.oneLine(model.name), model.state.word,
                DisplayWidth.oneLine(model.precision), labels(model), shape,
                model.maxTokens > 0 ? "\(model.maxTokens)" : "",
                model.mappedBytes > 0 ? byteText(model.mappedBytes) : "",
                DisplayWidth.oneLine(model.revision),
            ])
        }
        let reasons = models.filter { !$0.precisionReason.isEmpty }.map {
            "\(indent)\(DisplayWidth.oneLine($0.name)): \(DisplayWidth.oneLine($0.precision)) "
                + DisplayWidth.oneLine($0.precisionReason)
        }
        let faults = models.filter { !$0.error.isEmpty }.map {
            let fault = DisplayWidth.oneLine("\($0.name): \($0.error)")
            return screen.paint(indent + fault, .red)
        }
        return table.lines(on: screen, indent: indent) + reasons + faults
    }

    /// All of them where they are few, else how many.
    private static func labels(_ model: ModelStatus) -> String {
        if !model.error.isEmpty { return "" }
        if model.labels.isEmpty { return "none: embeddings" }
        if model.labels.count > 5 { return "\(model.labels.count) labels" }
        return model.labels.map { DisplayWidth.oneLine($0) }.joined(separator: ", ")
    }
}

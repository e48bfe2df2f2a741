// A model as the daemon serves it, asked many texts at a time.
//
// Audits and faithfulness go through the daemon, not the encoder: so what is measured is what users
// get, with its precision, temperature and truncation, for every kind of model, and the daemon's
// batching is the fast path already. The price is one copy of each text through a socket.
//
// Invariant: answers are in the order of the texts; a text that fails is an error, never a gap.

import CommandLineTable
import Syscalls
import TextRuns
import TextflixClient
import TextflixProtocol

final class ServedClassifier {
    static let socket = Option("socket", .file("PATH"), "the daemon's socket")
    static let model = Option("model", short: "m", .model, "which model, else the daemon's first")

    private static let groupTexts = 64
    private static let groupBytes = 128 << 10
    private static let underWay = 8
    /// Studies run for long, often beside other work: what takes its time is not broken.
    private static let timeout: Duration = .seconds(3600)

    private let served: ServedModel
    private let client: Client
    /// Texts that were sent so far.
    private(set) var asked = 0

    /// Connects, and waits while the model is loading.
    init(_ call: Invocation) throws {
        client = try Client(path: call.text(Self.socket))
        served = try ServedModel.find(call.text(Self.model) ?? "", client, timeout: nil)
    }

    var name: String { served.name }
    var revision: String { served.revision }
    var labels: [String] { served.labels }
    var title: String { served.title }

    /// Where a label stands among the model's.
    func label(_ name: String) throws -> Int {
        guard let index = labels.firstIndex(of: name) else {
            throw Failure(
                .usage, "the model has no label '\(name)', but \(labels.joined(separator: ", "))")
        }
        return index
    }

    /// - Returns: [texts][labels]
    func probabilities(_ texts: [[UInt8]]) throws -> [[Double]] {
        asked += texts.count
        var tickets: [Ticket<ClassifyResponse>] = []
        var answers: [[Double]] = []
        answers.reserveCapacity(texts.count)
        for group in Self.groups(texts) {
            if tickets.count == Self.underWay { answers += try take(tickets.removeFirst()) }
            let request = ClassifyRequest(
                model: name, texts: group.map { Text(utf8: $0) }, priority: .bulk)
            tickets.append(client.start(.classify, request, timeout: Self.timeout))
        }
        for ticket in tickets { answers += try take(ticket) }
        guard answers.count == texts.count else {
            throw Failure(.software, "\(answers.count) answers to \(texts.count) texts")
        }
        return answers
    }

    private func take(_ ticket: Ticket<ClassifyResponse>) throws -> [[Double]] {
        let response = try client.answer(to: ticket)
        guard response.revision == revision else {
            throw Failure(
                .tryAgain, "the model '\(name)' was replaced meanwhile; run this again")
        }
        return try response.results.map { answer in
            guard answer.code == 0 else { throw Failure(.data, answer.error) }
            return answer.scores.map { Double($0.probability) }
        }
    }

    private static func groups(_ texts: [[UInt8]]) -> [ArraySlice<[UInt8]>] {
        var groups: [ArraySlice<[UInt8]>] = []
        var start = 0
        var bytes = 0
        for (index, text) in texts.enumerated() {
            if index > start, index - start == groupTexts || bytes + text.count > groupBytes {
                groups.append(texts[start..<index])
                (start, bytes) = (index, 0)
            }
            bytes += text.count
        }
        return start < texts.count ? groups + [texts[start...]] : groups
    }
}

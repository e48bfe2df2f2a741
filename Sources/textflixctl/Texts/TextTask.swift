// What a command does with texts: the request for some of them, and how an answer is shown.

import TextflixClient
import TextflixProtocol

protocol TextTask {
    associatedtype Request: Message
    associatedtype Response: Message
    associatedtype Answer: TextAnswer

    var procedure: Procedure<Request, Response> { get }
    func request(_ texts: [Text]) -> Request
    /// As many as texts, in their order.
    func answers(of response: Response) -> [Answer]
    /// Appends whole lines.
    mutating func show(
        _ answer: Answer, of item: TextItem, to lines: inout [UInt8]
    ) throws(Failure)
    /// An answer from an earlier run, so that the daemon need not be asked.
    func known(_ item: TextItem) -> Answer?
    /// How many texts may share a request.
    var mostTogether: Int { get }
    /// Where a request has one text: the answer that stands for a refusal of that text.
    func failure(_ error: ClientError) -> Answer?
    /// Whether the answer is what the input said it should be; nil: it did not say.
    func agrees(_ answer: Answer, with item: TextItem) -> Bool?
}

extension TextTask {
    func agrees(_ answer: Answer, with item: TextItem) -> Bool? { nil }
    func known(_ item: TextItem) -> Answer? { nil }
    var mostTogether: Int { .max }
    func failure(_ error: ClientError) -> Answer? { nil }
}

/// What the answers to all commands have in common.
protocol TextAnswer {
    /// Not 0: this text alone failed, with a gRPC code.
    var code: Int32 { get }
    var error: String { get }
    var tokenCount: Int { get }
    var truncated: Bool { get }
}

extension Classification: TextAnswer { var tokenCount: Int { Int(tokens) } }
extension Embedding: TextAnswer { var tokenCount: Int { Int(tokens) } }
extension Tags: TextAnswer { var tokenCount: Int { Int(tokens) } }
extension Tokens: TextAnswer {
    var tokenCount: Int { ids.count }
    var truncated: Bool { false }
}

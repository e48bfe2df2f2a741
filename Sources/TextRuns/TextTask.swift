// What a command does with texts: the request for some of them, and how an answer is shown.

package import TextflixClient
package import TextflixProtocol

package protocol TextTask {
    associatedtype Request: Message
    associatedtype Response: Message
    associatedtype Answer: TextAnswer

    var procedure: Procedure<Request, Response> { get }
    /// All of a request but its texts.
    var template: Request { get }
    func request(_ texts: [Text]) -> Request
    /// As many as texts, in their order.
    /// - Throws: where they are not what was asked for, and the run is over.
    func answers(of response: Response) throws(Failure) -> [Answer]
    /// Appends whole lines.
    mutating func show(
        _ answer: Answer, of item: TextItem, to lines: inout [UInt8]
    ) throws(Failure)
    /// An answer from an earlier run, so that the daemon need not be asked.
    func known(_ item: TextItem) -> Answer?
    /// How many texts may share a request; where it is one, a refused request is a refused text.
    var mostTogether: Int { get }
    /// How many texts may be under way: one whose answer takes all of the daemon's time, and is
    /// better the more it has of it, is asked for alone.
    var mostUnderWay: Int { get }
    /// Whether the answer is what the input said it should be; nil: it did not say.
    func agrees(_ answer: Answer, with item: TextItem) -> Bool?
}

extension TextTask {
    package func agrees(_ answer: Answer, with item: TextItem) -> Bool? { nil }
    package func known(_ item: TextItem) -> Answer? { nil }
    package var mostTogether: Int { .max }
    package var mostUnderWay: Int { .max }
}

/// A request that takes many texts.
package protocol TextsRequest: Message {
    var texts: [Text] { get set }
}

extension ClassifyRequest: TextsRequest {}
extension EmbedRequest: TextsRequest {}
extension TagRequest: TextsRequest {}
extension TokenizeRequest: TextsRequest {}

extension TextTask where Request: TextsRequest {
    package func request(_ texts: [Text]) -> Request {
        var request = template
        request.texts = texts
        return request
    }
}

/// What the answers to all commands have in common.
package protocol TextAnswer {
    /// Not 0: this text alone failed, with a gRPC code.
    var code: Int32 { get }
    var error: String { get }
    var tokenCount: Int { get }
    var truncated: Bool { get }
}

extension Classification: TextAnswer { package var tokenCount: Int { Int(tokens) } }
extension Embedding: TextAnswer { package var tokenCount: Int { Int(tokens) } }
extension Tags: TextAnswer { package var tokenCount: Int { Int(tokens) } }
extension Tokens: TextAnswer {
    package var tokenCount: Int { ids.count }
    package var truncated: Bool { false }
}

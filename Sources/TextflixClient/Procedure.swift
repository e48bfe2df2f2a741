// The daemon's methods with their types: what goes in, what comes out, and whether sending it twice
// does harm.

public import TextflixProtocol

public struct Procedure<Request: Message, Response: Message>: Sendable {
    public let name: MethodName

    init(_ name: MethodName) { self.name = name }
}

extension Procedure where Request == ClassifyRequest, Response == ClassifyResponse {
    public static var classify: Self { Procedure(.classify) }
}

extension Procedure where Request == ExplainRequest, Response == ExplainResponse {
    public static var explain: Self { Procedure(.explain) }
}

extension Procedure where Request == EmbedRequest, Response == EmbedResponse {
    public static var embed: Self { Procedure(.embed) }
}

extension Procedure where Request == TagRequest, Response == TagResponse {
    public static var tag: Self { Procedure(.tag) }
}

extension Procedure where Request == TokenizeRequest, Response == TokenizeResponse {
    public static var tokenize: Self { Procedure(.tokenize) }
}

extension Procedure where Request == StatusRequest, Response == StatusResponse {
    public static var status: Self { Procedure(.status) }
}

extension Procedure where Request == ReloadRequest, Response == ReloadResponse {
    public static var reload: Self { Procedure(.reload) }
}

extension MethodName {
    /// Whether a request may be sent again when nobody knows if the first one arrived. A second
    /// reload would be harmless but slow; a second Cancel would name streams of a new connection.
    var isRepeatable: Bool { self != .reload && self != .cancel }
}

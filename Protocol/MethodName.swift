// The service and its methods, as they are spelled in a request's envelope.

/// The one service; a request for another is answered UNIMPLEMENTED.
public let serviceName = "textflix.v1.Textflix"

public enum MethodName: String, Sendable, CaseIterable {
    case classify = "Classify"
    case classifyStream = "ClassifyStream"
    case explain = "Explain"
    case embed = "Embed"
    case tag = "Tag"
    case tokenize = "Tokenize"
    case status = "Status"
    case cancel = "Cancel"
    case reload = "Reload"

    /// Many messages each way on one stream, not one and one.
    public var isStreaming: Bool { self == .classifyStream }
}

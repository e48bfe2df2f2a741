// A request that wants texts read or computed, whatever its method: decoded and judged before it is
// queued.
//
// The methods differ in their messages and hardly in anything else; here they become one thing
// before the queue, and come apart again in `PendingRequest`, after it.

internal import TextflixProtocol
internal import Weights

struct WorkOrder: Sendable {
    enum Kind: Sendable, Equatable {
        case classify
        case embed(ModelSettings.Pooling?, normalize: Bool)
        case tag
        case tokenize(specialTokens: Bool)
        case explain(ExplainOrder)

        var isExplanation: Bool {
            if case .explain = self { true } else { false }
        }
    }

    let kind: Kind
    let modelName: String
    let texts: [Text]
    let workClass: WorkClass
    /// nil: the model's own.
    let truncation: ModelSettings.Truncation?

    var isForLinearModels: Bool {
        switch kind {
        case .classify, .explain: true
        case .embed, .tag, .tokenize: false
        }
    }

    var byteCount: Int { texts.reduce(0) { $0 + $1.utf8.count } }
    /// What keeping it costs: its texts, and an array for each.
    var heldBytes: Int { byteCount + 64 * texts.count }

    /// What the queue computes for it.
    var output: OutputKind {
        switch kind {
        case .classify, .explain: .logits
        case .embed(let pooling, _): .embedding(pooling)
        case .tag: .tokenLogits
        case .tokenize: .tokens
        }
    }

    init(
        _ kind: Kind, model: String, texts: [Text], priority: Priority, truncation: Truncation
    ) throws(Status) {
        self.kind = kind
        modelName = model
        self.texts = texts
        workClass = try Self.workClass(priority)
        self.truncation = try Self.truncation(truncation)
        guard !texts.isEmpty else { throw .invalid("there are no texts in the request") }
        guard byteCount <= Limits.textBytes else {
            throw .invalid("the texts of one request have at most \(Limits.textBytes) bytes")
        }
        guard modelName.utf8.count <= Limits.nameBytes else {
            throw .invalid("a model's name has at most \(Limits.nameBytes) bytes")
        }
    }

    private static func workClass(_ priority: Priority) throws(Status) -> WorkClass {
        switch priority {
        case .interactive: .interactive
        case .bulk: .bulk
        case .unrecognized(let number): throw .invalid("there is no priority \(number)")
        }
    }

    private static func truncation(
        _ truncation: Truncation
    ) throws(Status) -> ModelSettings.Truncation? {
        switch truncation {
        case .modelDefault: nil
        case .head: .head
        case .headAndTail: .headAndTail
        case .refuse: .refuse
        case .windows: .windows
        case .unrecognized(let number): throw .invalid("there is no truncation \(number)")
        }
    }

    /// - Returns: nil: the model's own.
    static func pooling(_ pooling: Pooling) throws(Status) -> ModelSettings.Pooling? {
        switch pooling {
        case .model: nil
        case .cls: .cls
        case .mean: .mean
        case .unrecognized(let number): throw .invalid("there is no pooling \(number)")
        }
    }
}

extension WorkOrder {
    /// Reads the payload of a unary method, or one message of ClassifyStream.
    /// - Throws: the status to answer with.
    init(_ method: MethodName, _ payload: ArraySlice<UInt8>) throws(Status) {
        switch method {
        case .classify, .classifyStream:
            let request = try ClassifyRequest(reading: payload)
            try self.init(
                .classify, model: request.model, texts: request.texts,
                priority: request.priority, truncation: request.truncation)
        case .embed:
            let request = try EmbedRequest(reading: payload)
            try self.init(
                .embed(Self.pooling(request.pooling), normalize: request.normalize),
                model: request.model, texts: request.texts, priority: request.priority,
                truncation: request.truncation)
        case .tag:
            let request = try TagRequest(reading: payload)
            try self.init(
                .tag, model: request.model, texts: request.texts, priority: request.priority,
                truncation: request.truncation)
        case .tokenize:
            let request = try TokenizeRequest(reading: payload)
            try self.init(
                .tokenize(specialTokens: request.specialTokens), model: request.model,
                texts: request.texts, priority: .interactive, truncation: .modelDefault)
        case .explain: self = try ExplainOrder.order(payload)
        case .status, .cancel, .reload:
            preconditionFailure("\(method.rawValue) is no work for the queue")
        }
    }
}

extension Message {
    /// Decodes a payload; what is wrong with it becomes a status.
    init(reading payload: ArraySlice<UInt8>) throws(Status) {
        do throws(WireError) {
            try self.init(decoding: payload)
        } catch {
            throw .invalid(error.description)
        }
    }
}

extension Status {
    static func invalid(_ message: String) -> Status {
        Status(code: .invalidArgument, message: message)
    }

    /// The answer to a claim that the batcher refused.
    init(_ refusal: Refusal, _ limits: ServiceLimits) {
        switch refusal {
        case .queueFull(let wait):
            self.init(
                code: .resourceExhausted,
                message:
                    "the queue is full (\(limits.queueTexts) texts, \(limits.queueBytes) bytes)",
                retryAfter: .nanoseconds(Int64(wait)))
        case .userShareFull(let wait):
            self.init(
                code: .resourceExhausted,
                message:
                    "your share of the queue is full (\(limits.queueTextsPerUser) texts,"
                    + " and no more than are left free for other users)",
                retryAfter: .nanoseconds(Int64(wait)))
        case .connectionShareFull(let wait):
            self.init(
                code: .resourceExhausted,
                message: "this connection holds as much of your share of the queue as is left"
                    + " for your others",
                retryAfter: .nanoseconds(Int64(wait)))
        case .neverFits:
            self.init(
                code: .resourceExhausted,
                message: "more than the queue ever holds (\(limits.queueTextsPerUser) texts of one"
                    + " user, \(limits.queueBytes) bytes); send fewer texts at once")
        case .tooLate(let late, let needed):
            self.init(
                code: .deadlineExceeded,
                message: "it would take about \(needed / 1_000_000) ms, longer than its deadline",
                retryAfter: .nanoseconds(Int64(clamping: late)))
        case .expired:
            self.init(code: .deadlineExceeded, message: "the deadline passed before it arrived")
        }
    }
}

extension Refusal {
    /// There is no room now, and there will be.
    var isWorthWaiting: Bool {
        switch self {
        case .queueFull, .userShareFull, .connectionShareFull: true
        case .neverFits, .tooLate, .expired: false
        }
    }

    /// Other connections of the user find no room either.
    var isWholeUsers: Bool {
        switch self {
        case .queueFull, .userShareFull: true
        case .connectionShareFull, .neverFits, .tooLate, .expired: false
        }
    }

    /// As it is called in figures.
    var name: String {
        switch self {
        case .queueFull: "queue_full"
        case .userShareFull: "user_share"
        case .connectionShareFull: "connection_share"
        case .neverFits: "too_large"
        case .tooLate: "too_late"
        case .expired: "expired"
        }
    }
}

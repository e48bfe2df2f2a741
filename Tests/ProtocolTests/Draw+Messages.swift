// How each message is drawn: its fields in the order of their numbers.

import TextflixProtocol

extension ClassifyRequest: Drawn {
    init(_ d: inout Draw) {
        self.init(
            model: d.string(), texts: d.list { $0.text() }, priority: d.choice(),
            truncation: d.choice()
        )
    }
}

extension ClassifyResponse: Drawn {
    init(_ d: inout Draw) {
        self.init(
            results: d.messages(), model: d.string(), revision: d.string(), timing: d.message()
        )
    }
}

extension Classification: Drawn {
    init(_ d: inout Draw) {
        self.init(
            label: d.string(), probability: d.float(), scores: d.messages(), tokens: d.uint32(),
            truncated: d.bool(), abstained: d.bool(), tokensTotal: d.uint32(), code: d.int32(),
            error: d.string(), labelSet: d.list { $0.string() }, windows: d.uint32()
        )
    }
}

extension Score: Drawn {
    init(_ d: inout Draw) {
        self.init(label: d.string(), probability: d.float(), logit: d.float())
    }
}

extension Timing: Drawn {
    init(_ d: inout Draw) {
        self.init(
            queuedNs: d.uint64(), computeNs: d.uint64(), batchTexts: d.uint32(),
            batchTokens: d.uint32()
        )
    }
}

extension ExplainRequest: Drawn {
    init(_ d: inout Draw) {
        self.init(
            model: d.string(), text: d.text(), unit: d.choice(), samples: d.uint32(),
            label: d.string(), seed: d.uint64(), priority: d.choice(), method: d.choice(),
            truncation: d.choice()
        )
    }
}

extension ExplainResponse: Drawn {
    init(_ d: inout Draw) {
        self.init(
            classification: d.message(), features: d.messages(), intercept: d.float(),
            fidelityR2: d.float(), evaluations: d.uint32(), method: d.choice(), timing: d.message(),
            label: d.string(), model: d.string(), revision: d.string(), samples: d.uint32(),
            windows: d.uint32()
        )
    }
}

extension Feature: Drawn {
    init(_ d: inout Draw) {
        self.init(
            start: d.uint32(), end: d.uint32(), text: d.text(), weight: d.float(),
            furtherStarts: d.list { $0.uint32() }, furtherEnds: d.list { $0.uint32() })
    }
}

extension EmbedRequest: Drawn {
    init(_ d: inout Draw) {
        self.init(
            model: d.string(), texts: d.list { $0.text() }, pooling: d.choice(),
            normalize: d.bool(), priority: d.choice(), truncation: d.choice()
        )
    }
}

extension EmbedResponse: Drawn {
    init(_ d: inout Draw) {
        self.init(
            embeddings: d.messages(), model: d.string(), revision: d.string(), timing: d.message()
        )
    }
}

extension Embedding: Drawn {
    init(_ d: inout Draw) {
        self.init(
            values: d.list { $0.float() }, tokens: d.uint32(), truncated: d.bool(),
            tokensTotal: d.uint32(), code: d.int32(), error: d.string()
        )
    }
}

extension TagRequest: Drawn {
    init(_ d: inout Draw) {
        self.init(
            model: d.string(), texts: d.list { $0.text() }, priority: d.choice(),
            truncation: d.choice()
        )
    }
}

extension TagResponse: Drawn {
    init(_ d: inout Draw) {
        self.init(
            results: d.messages(), model: d.string(), revision: d.string(), timing: d.message()
        )
    }
}

extension Tags: Drawn {
    init(_ d: inout Draw) {
        self.init(
            spans: d.messages(), code: d.int32(), error: d.string(), tokens: d.uint32(),
            truncated: d.bool(), tokensTotal: d.uint32()
        )
    }
}

extension Tags.Span: Drawn {
    init(_ d: inout Draw) {
        self.init(
            start: d.uint32(), end: d.uint32(), text: d.text(), label: d.string(),
            probability: d.float()
        )
    }
}

extension TokenizeRequest: Drawn {
    init(_ d: inout Draw) {
        self.init(model: d.string(), texts: d.list { $0.text() }, specialTokens: d.bool())
    }
}

extension TokenizeResponse: Drawn {
    init(_ d: inout Draw) {
        self.init(results: d.messages(), model: d.string(), revision: d.string())
    }
}

extension Tokens: Drawn {
    init(_ d: inout Draw) {
        self.init(
            ids: d.list { $0.uint32() }, starts: d.list { $0.uint32() },
            ends: d.list { $0.uint32() }, code: d.int32(), error: d.string()
        )
    }
}

extension StatusRequest: Drawn {
    init(_ d: inout Draw) { self.init() }
}

extension StatusResponse: Drawn {
    init(_ d: inout Draw) {
        self.init(
            version: d.string(), state: d.choice(), uptimeNs: d.uint64(), processId: d.uint32(),
            models: d.messages(), queue: d.message(), limits: d.message(), counters: d.messages(),
            histograms: d.messages(), engine: d.message(), detail: d.string()
        )
    }
}

extension ModelStatus: Drawn {
    init(_ d: inout Draw) {
        self.init(
            name: d.string(), architecture: d.string(), precision: d.string(),
            labels: d.list { $0.string() }, revision: d.string(), mappedBytes: d.uint64(),
            maxTokens: d.uint32(), hiddenSize: d.uint32(), layers: d.uint32(),
            precisionReason: d.string(), state: d.choice(), error: d.string(),
            temperature: d.float(), abstainBelow: d.float()
        )
    }
}

extension QueueStatus: Drawn {
    init(_ d: inout Draw) {
        self.init(
            texts: d.uint32(), bytes: d.uint64(), tokens: d.uint64(), runningTexts: d.uint32(),
            connections: d.uint32()
        )
    }
}

extension LimitsStatus: Drawn {
    init(_ d: inout Draw) {
        self.init(
            bodyBytes: d.uint32(), textsPerRequest: d.uint32(), textBytes: d.uint32(),
            queueTexts: d.uint32(), queueBytes: d.uint64(), queueTextsPerUser: d.uint32(),
            batchTokens: d.uint32(), connections: d.uint32(), streamsPerConnection: d.uint32(),
            streamWindow: d.uint32(), connectionsPerUser: d.uint32(), configured: d.messages()
        )
    }
}

extension NamedLimit: Drawn {
    init(_ d: inout Draw) { self.init(name: d.string(), value: d.double()) }
}

extension EngineStatus: Drawn {
    init(_ d: inout Draw) {
        self.init(
            threads: d.uint32(), instructionSet: d.string(), tokensPerSecond: d.double(),
            privateBytes: d.uint64()
        )
    }
}

extension Counter: Drawn {
    init(_ d: inout Draw) {
        self.init(name: d.string(), labels: d.messages(), value: d.uint64())
    }
}

extension Label: Drawn {
    init(_ d: inout Draw) {
        self.init(name: d.string(), value: d.string())
    }
}

extension Histogram: Drawn {
    init(_ d: inout Draw) {
        self.init(
            name: d.string(), labels: d.messages(), bounds: d.list { $0.double() },
            counts: d.list { $0.uint64() }, sum: d.double()
        )
    }
}

extension CancelRequest: Drawn {
    init(_ d: inout Draw) {
        self.init(streams: d.list { $0.uint32() })
    }
}

extension CancelResponse: Drawn {
    init(_ d: inout Draw) {
        self.init(cancelled: d.uint32())
    }
}

extension ReloadRequest: Drawn {
    init(_ d: inout Draw) { self.init() }
}

extension ReloadResponse: Drawn {
    init(_ d: inout Draw) {
        self.init(models: d.messages())
    }
}

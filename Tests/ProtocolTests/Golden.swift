// Where the golden vectors are, and how the tests read them.
//
// Protocol/Vectors and Tests/Golden/protocol are made by Tests/Golden/protocol/make_vectors.py with
// protobuf's own Python implementation; a test that fails on them names the vector.

import JSONText
import Syscalls
import TestSupport
import Testing
import TextflixProtocol

enum Golden {
    static let maker = "Tests/Golden/protocol/make_vectors.py"

    static func bytes(_ path: String) throws -> [UInt8] {
        try readFile(path.hasPrefix("/") ? path : "\(Checkout.root)/\(path)", limit: 64 << 20)
    }

    static func cases(_ path: String) throws -> [JSONNode] {
        try #require(try JSONDocument.parse(try bytes(path), dialect: .json).array)
    }

    static let messageTypes: [String: any Message.Type] = {
        let types: [any Message.Type] = [
            ClassifyRequest.self, ClassifyResponse.self, Classification.self, Score.self,
            Timing.self, ExplainRequest.self, ExplainResponse.self, Feature.self,
            EmbedRequest.self, EmbedResponse.self, Embedding.self, TagRequest.self,
            TagResponse.self, Tags.self, Tags.Span.self, TokenizeRequest.self,
            TokenizeResponse.self, Tokens.self, StatusRequest.self, StatusResponse.self,
            ModelStatus.self, QueueStatus.self, LimitsStatus.self, NamedLimit.self,
            EngineStatus.self, Counter.self, Label.self, Histogram.self, CancelRequest.self,
            CancelResponse.self,
            ReloadRequest.self, ReloadResponse.self,
        ]
        return Dictionary(uniqueKeysWithValues: types.map { ("\($0)", $0) })
    }()
}

extension JSONNode {
    func text(_ name: String) throws -> String { try #require(self[name]?.string, "\(name)") }

    func hex(_ name: String) throws -> [UInt8] {
        let digits = Array(try text(name).utf8)
        return try stride(from: 0, to: digits.count, by: 2).map {
            try #require(UInt8(String(decoding: digits[$0..<($0 + 2)], as: UTF8.self), radix: 16))
        }
    }

    func messageType() throws -> any Message.Type {
        try #require(Golden.messageTypes[try text("type")])
    }
}

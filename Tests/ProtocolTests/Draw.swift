// Random messages of every type, from a seed: each field a default, small, or at an edge.
//
// NaN is never drawn, so that messages compare as equal; a test of its own has it.

import Randomness
import TextflixProtocol

struct Draw {
    private var generator: RandomSource

    init(seed: UInt64) { generator = RandomSource(seed: seed) }

    private mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[Int.random(in: elements.indices, using: &generator)]
    }

    mutating func bool() -> Bool { pick([false, true]) }

    mutating func uint64() -> UInt64 {
        pick([0, 1, 127, 128, 16383, 16384, 1 << 32, 1 << 63, .max, generator.next()])
    }

    mutating func uint32() -> UInt32 { UInt32(truncatingIfNeeded: uint64()) }
    mutating func int32() -> Int32 { Int32(bitPattern: uint32()) }

    mutating func double() -> Double {
        pick([0, -0.0, 1, 0.1, -2.5, .infinity, -.infinity, .leastNonzeroMagnitude, 1e300])
    }

    mutating func float() -> Float { Float(double()) }

    mutating func string() -> String {
        pick(["", "a", "Grüße", "映画", "🎬 \u{0}", "e\u{301}", String(repeating: "x", count: 128)])
    }

    /// One in four is not UTF-8.
    mutating func text() -> Text {
        bool() || bool()
            ? Text(string()) : Text(utf8: [0x61, 0xFF, UInt8(truncatingIfNeeded: uint64())])
    }

    mutating func choice<E: OpenEnumeration>() -> E {
        E(rawValue: pick([0, 1, 2, 3, 4, 5, -1, .max, .min]))
    }

    mutating func list<Element>(_ element: (inout Draw) -> Element) -> [Element] {
        (0..<pick([0, 0, 1, 2, 40])).map { _ in element(&self) }
    }

    /// Messages nest: fewer of them.
    mutating func messages<M: Drawn>() -> [M] { (0..<pick([0, 1, 2])).map { _ in M(&self) } }

    mutating func message<M: Drawn>() -> M? { bool() ? M(&self) : nil }
}

protocol Drawn: Message {
    init(_ draw: inout Draw)
}

extension Draw {
    static let types: [any Drawn.Type] = [
        ClassifyRequest.self, ClassifyResponse.self, Classification.self, Score.self, Timing.self,
        ExplainRequest.self, ExplainResponse.self, Feature.self, EmbedRequest.self,
        EmbedResponse.self, Embedding.self, TagRequest.self, TagResponse.self, Tags.self,
        Tags.Span.self, TokenizeRequest.self, TokenizeResponse.self, Tokens.self,
        StatusRequest.self, StatusResponse.self, ModelStatus.self, QueueStatus.self,
        LimitsStatus.self, NamedLimit.self, EngineStatus.self, Counter.self, Label.self,
        Histogram.self,
        CancelRequest.self, CancelResponse.self, ReloadRequest.self, ReloadResponse.self,
    ]
}

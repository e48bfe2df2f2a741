// Requests ready to send: whole frames, one after another in one array, lacking only their stream
// number. So sending one is a copy and four bytes.

import Randomness
import Syscalls
import TextRuns
import TextflixProtocol

struct RequestPool: Sendable {
    static let streamOffset = 4
    /// Frames in a pool: enough that no daemon could have seen them all, few enough to hold.
    static let mostFrames = 20_000
    static let mostBytes = 256 << 20

    private(set) var bytes: [UInt8] = []
    private var ends: [Int] = []
    let textsPerRequest: Int

    /// - Throws: `Failure` when a text does not fit into a frame.
    init(
        texts: [[UInt8]], lane: Lane, plan: BenchPlan
    ) throws(Failure) {
        textsPerRequest = lane.textsPerRequest
        var random = RandomSource(seed: plan.seed ^ 0x9001)
        let frames = min(Self.mostFrames, max(texts.count, 1))
        for index in 0..<frames where bytes.count < Self.mostBytes {
            let group = (0..<lane.textsPerRequest).map { place -> Text in
                // Each text stands first in some request; the others are drawn.
                Text(utf8: texts[place == 0 ? index : random.below(texts.count)])
            }
            try append(
                ClassifyRequest(model: plan.model, texts: group, priority: lane.priority),
                timeout: plan.timeout)
        }
    }

    var count: Int { ends.count }

    func range(_ index: Int) -> Range<Int> { (index > 0 ? ends[index - 1] : 0)..<ends[index] }

    private mutating func append(
        _ request: ClassifyRequest, timeout: Duration
    ) throws(Failure) {
        let envelope = RequestEnvelope(
            method: MethodName.classify.rawValue, payload: request.encoded[...],
            timeoutNanoseconds: timeout.inNanoseconds)
        let body = envelope.encoded
        guard body.count <= Limits.bodyBytes else {
            throw Failure(
                .data, "a request of \(body.count) bytes; a frame holds \(Limits.bodyBytes)")
        }
        FrameHeader(length: UInt32(body.count), stream: 0, kind: .request).encode(into: &bytes)
        bytes.append(contentsOf: body)
        ends.append(bytes.count)
    }
}

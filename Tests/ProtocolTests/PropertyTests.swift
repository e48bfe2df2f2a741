// What we write we read: decode(encode(m)) == m, for random messages of every type.
//
// With TEXTFLIX_VECTORS_OUT naming a file, the messages are written there as lines "Type hex", for
// Tests/Interop/protobuf_cross_check.py to read with protobuf's own implementation.

import Syscalls
import Testing
import TextflixProtocol

@Suite struct PropertyTests {
    @Test func whatIsWrittenIsReadBack() throws {
        var draw = Draw(seed: 11)
        var lines: [UInt8] = []
        for _ in 0..<100 {
            for type in Draw.types { try check(type, &draw, &lines) }
        }
        if let path = environment("TEXTFLIX_VECTORS_OUT") {
            try writeFileAtomically(path, bytes: lines)
        }
    }

    private func check<M: Drawn>(
        _ type: M.Type, _ draw: inout Draw, _ lines: inout [UInt8]
    ) throws {
        let message = M(&draw)
        let bytes = message.encoded
        #expect(try M(decoding: bytes) == message)
        lines += Array("\(type) \(hexDigits(bytes))\n".utf8)
    }

    @Test func everyTypeIsDrawn() {
        #expect(Set(Draw.types.map { "\($0)" }) == Set(Golden.messageTypes.keys))
    }

    @Test(arguments: [UInt32(0x7FC0_0001), 0xFFC0_0000, 0x7F80_0001])
    func floatsKeepTheirBits(pattern: UInt32) throws {
        let score = Score(probability: Float(bitPattern: pattern))
        #expect(try Score(decoding: score.encoded).probability.bitPattern == pattern)
        let embedding = Embedding(values: [Float(bitPattern: pattern), -0.0, 0])
        let values = try Embedding(decoding: embedding.encoded).values
        #expect(values.map(\.bitPattern) == [pattern, 0x8000_0000, 0])
    }

    @Test(arguments: [
        Duration.zero, .nanoseconds(1), .milliseconds(250), .seconds(86400), .nanoseconds(-1),
    ])
    func aStatusKeepsWhenToComeBack(delay: Duration) throws {
        let status = Status(code: .unavailable, message: "loading", retryAfter: delay)
        #expect(try Status(decoding: status.encoded) == status)
    }

    @Test func unknownDetailsAndCodesAreNoHindrance() throws {
        // code 99, details { type_url "x" }
        let status = try Status(decoding: [0x08, 99, 0x1A, 3, 0x0A, 1, 0x78])
        #expect(status == Status(code: .unknown))
    }

    @Test(arguments: [Int64.max, .min])
    func anAbsurdDelayIsBroughtToAnEdge(seconds: Int64) throws {
        // { 1 code 14, 3 details { 1 type_url, 2 value { 1 { 1 seconds } } } }
        let info = bytesField(1, varintField(1, UInt64(bitPattern: seconds)))
        let url = Array("type.googleapis.com/google.rpc.RetryInfo".utf8)
        let detail = bytesField(3, bytesField(1, url) + bytesField(2, info))
        let edge = Duration.seconds(seconds < 0 ? -315_576_000_000 : 315_576_000_000)
        #expect(try Status(decoding: [0x08, 14] + detail).retryAfter == edge)
    }

    private func varintField(_ number: UInt8, _ value: UInt64) -> [UInt8] {
        var bytes = [number << 3]
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(rest & 0x7F) | 0x80)
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }

    private func bytesField(_ number: UInt8, _ value: [UInt8]) -> [UInt8] {
        [number << 3 | 2, UInt8(value.count)] + value
    }

    @Test func envelopesAreReadBack() throws {
        let request = RequestEnvelope(
            method: "Classify", payload: [1, 2, 3], timeoutNanoseconds: -5,
            metadata: [MetadataEntry(key: "k", value: ""), MetadataEntry()])
        #expect(try RequestEnvelope(decoding: request.encoded) == request)
        let response = ResponseEnvelope(status: Status(code: .ok), payload: [0])
        #expect(try ResponseEnvelope(decoding: response.encoded) == response)
        #expect(response.failure == nil)
    }
}
